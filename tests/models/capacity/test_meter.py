"""Costs counted on the meta device agree with runs on the CPU."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from counted import operations, working
from torch.nn import functional
from transformers import SiglipVisionConfig, SiglipVisionModel

from vlm2.encoders.geometry.pi3 import DecoderSize, Pi3, Pi3Config
from vlm2.encoders.vision.efficientnet_lite0 import EfficientNetLite0
from vlm2.encoders.vision.siglip import SigLIP
from vlm2.models.capacity.meter import measure

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


def siglip() -> SigLIP:
    config = SiglipVisionConfig(
        hidden_size=144,
        intermediate_size=538,
        num_hidden_layers=3,
        num_attention_heads=4,
        image_size=112,
        patch_size=14,
        vision_use_head=False,
    )
    return SigLIP(SiglipVisionModel(config))


def check(module: torch.nn.Module, *shape: int, **options) -> None:
    shapes = deepcopy(module).to("meta")
    cost, _ = measure(lambda: shapes(torch.empty(shape), **options))
    assert operations(lambda: module(torch.rand(shape), **options)) == cost.operations
    assert working(lambda: module(torch.rand(shape), **options)) == pytest.approx(cost.working / 4, rel=0.1)


@pytest.mark.parametrize(("build", "size"), [(siglip, (112, 112)), (EfficientNetLite0, (192, 256))])
def test_vision_encoders(build, size):
    check(build(), 2, 3, *size)


@pytest.mark.parametrize("config", [IMAGES, replace(Pi3Config.compact(), depth=2), Pi3Config.compact()])
@pytest.mark.parametrize("frames", [1, 5, 18])
def test_geometry_encoders(config, frames):
    shape = (3, 56, 84) if config.input == "images" else (24, config.visual_dim)
    check(Pi3(config).eval(), 1, frames, *shape, grid=(4, 6))


def test_attention_is_counted_whole_and_keeps_no_scores():
    def attend():
        query, key = torch.empty(1, 4, 100, 8), torch.empty(1, 2, 300, 8)
        return functional.scaled_dot_product_attention(query, key, key, enable_gqa=True)

    cost, found = measure(attend)
    assert cost.operations == 2 * 4 * 100 * 300 * (8 + 8)
    assert cost.working == 4 * (2 * 4 * 100 * 8 + 2 * 300 * 8)
    assert found.shape == (1, 4, 100, 8)


def test_released_tensors_are_not_counted():
    cost, _ = measure(lambda: [torch.empty(1000).add(1).sum() for _ in range(3)])
    assert 8000 <= cost.working <= 8100
