"""The formulas of representation, memory and projector, held against the modules."""

from __future__ import annotations

from dataclasses import asdict

import pytest
import torch
from counted import operations, parameters, working
from toys import toy_config, toy_features, toy_model

from vlm2.core import DualMemory, MemoryConfig
from vlm2.core.projector import ProjectorConfig
from vlm2.models.capacity import Memory, ProjectorSize, RepresentationSize, geometry
from vlm2.models.representation import Representation as RealRepresentation

PATCHES = 40


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"vision_projection": False, "dim": 12},
        {"position_features": "raw", "position_confidence": False, "fusion_residual": False},
    ],
)
def test_representation(switches):
    config = toy_config(**switches)
    module, formula = RealRepresentation(config, 16, 8), RepresentationSize.of(config, geometry(config))
    features = toy_features(5)
    assert parameters(module) == formula.parameters
    assert operations(lambda: module(features)) == formula.operations(5, 24, 24)
    assert working(lambda: module(features)) == pytest.approx(formula.working(5, 24, 24), rel=0.15)


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"episodic": False},
        {"working": False},
        {"working": False, "episodic": False},
        {"memory_residual": False, "episodic_write": "nearest"},
    ],
)
def test_memory_state_and_operations_are_exact_at_every_frame(switches):
    config = MemoryConfig(dim=32, heads=2, window=2, capacity=3, **switches)
    memory, formula = DualMemory(config), Memory(config)
    frames = torch.randn(7, PATCHES, 32)
    assert parameters(memory) == formula.parameters
    state = memory.empty(frames)
    for seen, tokens in enumerate(frames):
        held = sum(tensor.nbytes for tensor in state.to_tensors().values())
        assert held == formula.state_bytes(PATCHES, seen)

        def step(tokens=tokens, state=state, seen=seen) -> None:
            memory.read_shares(tokens, state)
            memory.step(tokens, state, seen, float(seen))

        assert operations(step) == formula.operations(PATCHES, seen)
        with torch.no_grad():
            _, state, _ = memory.step(tokens, state, seen, float(seen))
    assert formula.state_bytes(PATCHES, 7) == formula.state_bytes(PATCHES, 10**6)  # flat


def test_working_memory_of_a_step():
    config = MemoryConfig(dim=32, heads=2, window=2, capacity=3)
    memory = DualMemory(config)
    frames = torch.randn(8, PATCHES, 32)
    with torch.no_grad():
        _, state, _ = memory(frames[:7])
    measured = working(lambda: memory(frames[7:], [7.0], state, 7))
    assert measured == pytest.approx(Memory(config).working(PATCHES), rel=0.25)


@pytest.mark.parametrize(
    ("grid", "clock", "switches"),
    [
        ((4, 6), False, ProjectorConfig()),
        ((5, 7), True, ProjectorConfig()),
        ((5, 7), False, ProjectorConfig.llava_video()),
        ((5, 7), False, ProjectorConfig.llava_video("bilinear")),
    ],
)
def test_projector(grid, clock, switches):
    config = toy_config(slot_times=clock, projector=asdict(switches))
    model = toy_model(slot_times=clock, projector=asdict(switches))
    formula = ProjectorSize.of(config, 24)
    memory_tokens, times = torch.randn(7, grid[0] * grid[1], 16), torch.arange(7.0)
    clocked = parameters(model.clock) if model.clock is not None else 0
    assert parameters(model.projector) + clocked == formula.parameters
    assert model.say(memory_tokens, times, grid).shape[1] == formula.tokens(grid)
    assert operations(lambda: model.say(memory_tokens, times, grid)) == formula.operations(7, grid)
    measured = working(lambda: model.projector(memory_tokens, grid)) + memory_tokens.numel()
    assert measured == pytest.approx(formula.working(7, grid), rel=0.2)
