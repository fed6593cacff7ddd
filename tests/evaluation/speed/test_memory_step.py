"""What the memory's speed is measured against does what it says."""

from __future__ import annotations

import pytest
import torch
from memories import DIM, EIGHT, HEADS, PATCHES, make, run, step, video
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from vlm2.core import MemoryConfig
from vlm2.evaluation.speed import memory_step as speed
from vlm2.evaluation.speed.plain_memory import MatrixProducts, operations, plain_memory, plain_state


@pytest.mark.parametrize("rule", ["nearest", "pair", "merge", "successive"])
def test_the_plain_memory_gives_the_same_by_projecting_all_entries(rule: str) -> None:
    memory = make(MemoryConfig(dim=DIM, heads=HEADS, window=3, capacity=5, episodic_write=rule))
    projected: list[int] = []
    with torch.no_grad():
        _, state, _ = run(memory, video(9))
        plain = plain_memory(memory)
        plain.episodic_attention.key.register_forward_hook(lambda _, args, __: projected.append(args[0].shape[:-1]))
        expected, ours, _ = run(memory, video(20, seed=2), state=state, first_frame=9)
        found, theirs, _ = run(plain, video(20, seed=2), state=plain_state(state), first_frame=9)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    assert theirs.episodic.frames.tolist() == ours.episodic.frames.tolist()
    assert projected == [(1, 5, PATCHES)] * 20


@pytest.mark.parametrize("projected", [2, 40])
def test_operations_are_those_of_the_products(projected: int) -> None:
    memory = make(EIGHT)
    with torch.no_grad():
        _, state, _ = run(memory, video(40))
        memory, state = (memory, state) if projected == 2 else (plain_memory(memory), plain_state(state))
        state = state.writable(memory.config)
        # The plain memory's attention is counted only where it is made of products that can be seen.
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counted:
            step(memory, video(1)[0], state, 40, 40.0)
    assert counted.get_total_flops() == 2 * operations(EIGHT, PATCHES, projected)


def test_the_floor_does_our_products() -> None:
    floor = MatrixProducts(EIGHT, PATCHES, torch.device("cpu"), torch.float32)
    with torch.no_grad(), FlopCounterMode(display=False) as counted:
        floor()
    assert counted.get_total_flops() == 2 * operations(EIGHT, PATCHES, 2)


@pytest.mark.parametrize("fast", [True, False])
def test_shapes_are_compared_on_full_memories(monkeypatch: pytest.MonkeyPatch, fast: bool) -> None:
    monkeypatch.setattr(speed, "multiplies_bfloat16", lambda device: fast)
    monkeypatch.setattr(speed, "SHAPES", {"toy": speed.Shape(PATCHES, DIM, HEADS)})
    rows = speed.compare("toy", 3, torch.device("cpu"))
    assert [row.dtype for row in rows] == (["fp32", "bf16"] if fast else ["fp32"])
    assert rows[0].faster_than_fp32 == 1.0
    assert all(row.difference < 0.05 and min(row.ours_ms, row.plain_ms, row.floor_ms) > 0 for row in rows)
    assert rows[0].allowed == operations(EIGHT, PATCHES, 40) / operations(EIGHT, PATCHES, 2)
