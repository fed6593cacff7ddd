"""The cost of each component of a model, compared with runs of the real model."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import pytest
import torch
from counted import operations, parameters, working
from toys import GRID, STRIDE, toy_config, toy_features, toy_model
from transformers import AutoModelForCausalLM, DynamicCache

from vlm2.core.projector import ProjectorConfig
from vlm2.encoders.vision.efficientnet_lite0 import EfficientNetLite0
from vlm2.models import VLM2ForConditionalGeneration, preset
from vlm2.models.capacity import Components
from vlm2.models.presets import LINEAR_LAYERS, QWEN2_7B

PATCHES = GRID[0] * GRID[1]
QWEN2 = QWEN2_7B | {
    "hidden_size": 48,
    "intermediate_size": 160,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 300,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 2,
}
LORA = {"r": 4, "alpha": 8, "dropout": 0.0, "targets": LINEAR_LAYERS}


@pytest.mark.parametrize("changes", [{}, {"slot_time": True}, {"lora": None}, {"representation": "visual"}])
def test_parameters_are_those_of_the_model(changes, toy_encoder):
    model, components = toy_model(**changes), Components(toy_config(**changes))
    assert components.parameters == {name: parameters(part) for name, part in model.named_children()}
    assert components.adapters == sum(p.numel() for name, p in model.named_parameters() if "lora_" in name)


def test_parameters_of_the_7b(shared):
    found = Components(preset("7b"))
    tensors = json.loads((shared / "pi3" / "state_dict.json").read_text())
    buffers = 6  # mean and deviation of the pixels
    assert found.parameters["geometry"] == sum(math.prod(shape) for shape, _ in tensors.values()) - buffers
    assert found.parameters["language_model"] - found.adapters == 7_615_616_512
    assert found.parameters["vision"] == 397_745_440
    assert found.cache_bytes() == 4 * 2 * 28 * 4 * 128  # 56 KiB a token in bfloat16


def test_the_encoders_cost_as_much_a_frame_and_a_window(toy_encoder):
    model, components = toy_model().eval(), Components(toy_config())
    images = torch.rand(1, 3, GRID[0] * STRIDE, GRID[1] * STRIDE)
    assert components.vision(GRID).operations == operations(lambda: model.vision(images))
    tokens = torch.rand(3, PATCHES, model.vision.dim)
    cost, size = components.geometry(3, GRID, GRID)
    found = model.geometry.encode(None, tokens, GRID)
    assert cost.operations == operations(lambda: model.geometry.encode(None, tokens, GRID))
    assert size == sum(value.nbytes for value in vars(found).values() if isinstance(value, torch.Tensor))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"vision_projection": False, "dim": 12},
        {"position_features": "raw", "position_confidence": False, "fusion_residual": False},
        {"representation": "visual"},
    ],
)
def test_representation(changes, toy_encoder):
    model, cost = toy_model(**changes), Components(toy_config(**changes)).representation(GRID, GRID)
    features = toy_features(5)
    assert operations(lambda: model.represent(features)) == 5 * cost.operations
    given = sum(value.numel() for value in vars(features).values() if isinstance(value, torch.Tensor))
    assert working(lambda: model.represent(features)) + given == pytest.approx(5 * cost.working / 4, rel=0.1)


@pytest.mark.parametrize(
    "memory",
    [
        {},
        {"episodic": False},
        {"working": False},
        {"working": False, "episodic": False},
        {"memory_residual": False, "episodic_write": "nearest"},
        {"recent": 4},
    ],
)
def test_memory_after_any_number_of_frames(memory, toy_encoder):
    changes = {"memory_config": {"window": 2, "capacity": 3, **memory}}
    model, components = toy_model(**changes), Components(toy_config(**changes))
    tokens = torch.randn(7, PATCHES, 16)
    for frames in range(1, 8):
        counted, _, size = components.memory(PATCHES, frames)
        assert counted == pytest.approx(operations(lambda frames=frames: model.memory(tokens[None, :frames])), rel=0.02)
        with torch.no_grad():
            _, state, _ = model.memory(tokens[None, :frames])
        assert size == sum(tensor.nbytes for tensor in state.to_tensors().values())
    step = working(lambda: model.memory(tokens[None, -1:], state=state, first_frame=7))
    assert components.memory(PATCHES, 10**6)[1:] == (pytest.approx(4 * step, rel=0.3), size)


@pytest.mark.parametrize(
    ("grid", "switches"),
    [
        ((4, 6), ProjectorConfig()),
        ((5, 7), ProjectorConfig()),
        ((5, 7), ProjectorConfig.llava_video()),
        ((5, 7), ProjectorConfig.llava_video("bilinear")),
    ],
)
def test_projector(grid, switches, toy_encoder):
    changes = {"projector_config": asdict(switches)}
    model, components = toy_model(**changes), Components(toy_config(**changes))
    tokens, cost = torch.randn(7, grid[0] * grid[1], 16), components.projection(grid)
    assert operations(lambda: model.projector(tokens, grid)) == 7 * cost.operations
    measured = working(lambda: model.projector(tokens, grid)) + tokens.numel()
    assert measured == pytest.approx(7 * cost.working / 4, rel=0.1)
    assert components.projector().tokens(grid) == model.projector(tokens, grid).shape[1]
    assert components.projector(4).tokens((8, 8)) == 2 * (2 + switches.newline)


@pytest.mark.parametrize(
    "changes",
    [{}, {"lora": None}, {"text_config": QWEN2, "lora": LORA}],
    ids=["llama+lora", "llama", "qwen2+lora"],
)
def test_language_model(changes, toy_encoder):
    config = toy_config(**changes)
    language = AutoModelForCausalLM.from_config(config.text_config)
    backbone = VLM2ForConditionalGeneration(config, toy_model().vision, language).eval().language_backbone
    components, cache = Components(config), DynamicCache()

    def read(tokens: int) -> object:
        given = torch.randn(1, tokens, language.config.hidden_size)
        return backbone(inputs_embeds=given, past_key_values=cache, use_cache=True)

    prefill = components.language(600, 0)
    assert operations(lambda: read(600)) == pytest.approx(prefill.operations)
    assert operations(lambda: read(7)) == pytest.approx(components.language(7, 600).operations)
    kept = sum(layer.keys.nbytes + layer.values.nbytes for layer in cache.layers)
    assert components.cache_bytes() * 607 == kept
    cache = DynamicCache()
    measured = 4 * working(lambda: read(600))
    assert measured - components.cache_bytes() * 600 == pytest.approx(prefill.working, rel=0.15)


def test_linear_layers_without_adapters(toy_encoder):
    found = [Components(toy_config(lora=lora)).matrices() for lora in (None, LORA)]
    assert found[0] == found[1]
    assert sum(found[0]) == 2 * (24 * (24 + 2 * 12 + 24) + 3 * 24 * 32)


def test_grids_are_those_that_the_encoders_choose():
    mini, large = Components(preset("mini")), Components(preset("7b"))
    for height, width in ((720, 1280), (480, 640), (1920, 1080)):
        grid, same = mini.grids(height, width)
        encoder = EfficientNetLite0()
        assert grid == same == encoder.grid(*encoder.frame_size(height, width))
    square, wide = large.grids(720, 1280)
    assert square == (27, 27)
    assert 0.5 * 255_000 <= wide[0] * wide[1] * 196 <= 255_000
    assert wide[1] / wide[0] == pytest.approx(16 / 9, rel=0.05)
    _, fewer = large.grids(720, 1280, pixels=100_000)
    assert 50_000 <= fewer[0] * fewer[1] * 196 <= 100_000
