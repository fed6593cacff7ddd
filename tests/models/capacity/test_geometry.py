"""The formulas of π³, held against it."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
import torch
from counted import operations, parameters, working

from vlm2.encoders.geometry.pi3 import DecoderSize, Pi3, Pi3Config
from vlm2.models import VLM2Config, preset
from vlm2.models.capacity import GeometrySize, geometry

SMALL = DecoderSize(width=128, depth=2, heads=4, out=128)
IMAGES = Pi3Config(
    width=128,
    depth=4,
    heads=4,
    points=SMALL,
    confidence=SMALL,
    camera=replace(SMALL, out=64),
    backbone_depth=2,
    backbone_positions=5,
)


@pytest.mark.parametrize("config", [IMAGES, replace(Pi3Config.compact(), depth=2), Pi3Config.compact()])
@pytest.mark.parametrize("frames", [1, 5, 18])
def test_parameters_and_operations_are_exact_and_working_memory_is_near(config, frames):
    grid = (4, 6)
    encoder, formula = Pi3(config).eval(), GeometrySize(config)
    images = config.input == "images"
    source = torch.rand(1, frames, 3, 56, 84) if images else torch.rand(1, frames, 24, config.visual_dim)
    assert parameters(encoder) == formula.parameters
    assert operations(lambda: encoder(source, grid)) == formula.operations(frames, grid)
    given = source.numel() if images else 0
    assert working(lambda: encoder(source, grid)) + given == pytest.approx(formula.working(frames, grid), rel=0.2)


def test_what_a_window_leaves_is_counted():
    config = Pi3Config.compact()
    found = Pi3(config).eval().encode(None, torch.rand(3, 24, config.visual_dim), (4, 6))
    tensors = (found.local_points, found.confidence, found.geometry_tokens, found.view_tokens)
    assert sum(tensor.numel() for tensor in tensors) == GeometrySize(config).kept(3, (4, 6))


def test_the_published_model_has_its_parameters(shared):
    tensors = json.loads((shared / "pi3" / "state_dict.json").read_text())
    buffers = 6  # mean and deviation of the pixels
    published = sum(math.prod(shape) for shape, _ in tensors.values()) - buffers
    assert geometry(preset("7b")).parameters == published == 958_696_732


def test_an_encoder_without_a_formula_is_refused_by_name():
    with pytest.raises(ValueError, match="geometry encoder 'other', only for pi3"):
        geometry(VLM2Config(geometry={"name": "other", "config": {}}))
