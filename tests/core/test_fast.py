"""Frames written in place: equal to the path that is trained through, of one size for ever, never waiting."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from memories import DIM, EIGHT, HEADS, OURS, PATCHES, make, run, step, video

from vlm2.core import DualMemory, DualState, fast

RULES = ("nearest", "pair", "merge", "successive")


def buffers(state: DualState) -> dict[str, torch.Tensor]:
    """Every buffer of a writable state."""
    parts = {"working": state.working, "episodic": state.episodic, "recent": state.recent}
    return {
        f"{part}.{name}": rows for part, slots in parts.items() for name, rows in slots.storage.buffers.columns.items()
    }


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("residual", [False, True])
def test_in_place_equals_what_is_trained_through(rule: str, residual: bool) -> None:
    memory = make(replace(EIGHT, episodic_write=rule, memory_residual=residual))
    tokens = video(120)  # past both capacities
    trained, expected, happened = run(memory, tokens)
    with torch.no_grad():
        found, state, events = run(memory, tokens)
    assert trained.requires_grad and not found.requires_grad
    torch.testing.assert_close(found, trained.detach(), atol=1e-5, rtol=0)
    assert [int(e.deleted_frame) for e in events] == [int(e.deleted_frame) for e in happened]
    assert (len(state.working), len(state.episodic), len(state.recent)) == (8, 32, 8)
    for name, tensor in expected.to_tensors().items():
        torch.testing.assert_close(state.to_tensors()[name], tensor.detach(), atol=1e-5, rtol=0)
    for one, other in zip(state.context_slots(), expected.context_slots(), strict=True):
        torch.testing.assert_close(one, other.detach(), atol=1e-5, rtol=0)


@pytest.mark.parametrize("off", ["working", "episodic"])
def test_in_place_with_one_memory_off(off: str) -> None:
    memory, tokens = make(replace(OURS, **{off: False})), video(20)
    trained, expected, _ = run(memory, tokens)
    with torch.no_grad():
        found, state, _ = run(memory, tokens)
    torch.testing.assert_close(found, trained.detach(), atol=1e-5, rtol=0)
    assert state.context_slots().frames.tolist() == expected.context_slots().frames.tolist()


@pytest.mark.parametrize("rule", RULES)
def test_buffers_stay_where_and_as_large_as_they_are(rule: str) -> None:
    memory, tokens = make(replace(OURS, episodic_write=rule)), video(40)
    with torch.no_grad():
        state = DualState.empty(tokens[None]).writable(memory.config)
        made = {name: (rows.data_ptr(), rows.shape) for name, rows in buffers(state).items()}
        for frame, tokens_3d in enumerate(tokens):
            _, state, _ = step(memory, tokens_3d, state, frame, float(frame))
    assert {name: (rows.data_ptr(), rows.shape) for name, rows in buffers(state).items()} == made
    assert made["episodic.keys"][1] == (1, OURS.capacity, PATCHES, DIM)
    assert made["working.keys"][1] == made["recent.tokens"][1] == (1, OURS.window, PATCHES, DIM)
    assert state.episodic.keys.data_ptr() == made["episodic.keys"][0]  # a view, not a copy
    assert state.episodic.similarity.shape == (1, OURS.capacity, OURS.capacity)


@pytest.mark.parametrize("rule", RULES)
def test_no_step_fetches_a_number_from_the_device(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    memory, tokens = make(replace(OURS, episodic_write=rule)), video(12)

    def fetched(*_: object, **__: object) -> None:
        raise AssertionError("A step fetched a number from the device.")

    with torch.no_grad():
        state = DualState.empty(tokens[None]).writable(memory.config)
        for name in ("item", "tolist", "nonzero", "__bool__", "__int__", "__index__", "__float__"):
            monkeypatch.setattr(torch.Tensor, name, fetched)
        for frame, tokens_3d in enumerate(tokens):
            output, state, _ = step(memory, tokens_3d, state, frame, float(frame))
        monkeypatch.undo()
    assert torch.isfinite(output).all() and len(state.episodic) == OURS.capacity


@pytest.mark.parametrize("trained", [False, True])
def test_a_step_on_a_device_without_values(trained: bool) -> None:
    memory = DualMemory(OURS).to("meta")  # any choice by a value, such as a boolean index, fails there
    tokens = torch.empty(12, PATCHES, DIM, device="meta")
    for rule in RULES:
        memory.config = replace(OURS, episodic_write=rule)
        with torch.set_grad_enabled(trained):
            output, state, _ = run(memory, tokens)
        assert (output.shape, len(state.episodic)) == (tokens.shape, 5)


def test_the_state_that_goes_in_stays_as_it_was() -> None:
    memory, tokens = make(OURS), video(30)
    with torch.no_grad():
        _, state, _ = run(memory, tokens[:9])
        before = state.to_tensors()
        first, _, _ = run(memory, tokens[9:], state=state, first_frame=9)
        step(memory, tokens[9], state, 9, 9.0)
        again, _, _ = run(memory, tokens[9:], state=state, first_frame=9)
    for name, tensor in state.to_tensors().items():
        torch.testing.assert_close(tensor, before[name], atol=0, rtol=0)
    torch.testing.assert_close(again, first, atol=0, rtol=0)


@pytest.mark.parametrize("rule", RULES)
def test_however_the_frames_are_portioned(rule: str) -> None:
    memory, tokens = make(replace(OURS, episodic_write=rule)), video(30)
    with torch.no_grad():
        together, final, _ = run(memory, tokens)
        state, outputs = None, []
        for first, part in enumerate(tokens.split(7)):
            output, state, _ = run(memory, part, state=state, first_frame=7 * first)
            outputs.append(output)
    torch.testing.assert_close(torch.cat(outputs), together, atol=0, rtol=0)
    for name, tensor in final.to_tensors().items():
        if not name.endswith("times"):
            torch.testing.assert_close(state.to_tensors()[name], tensor, atol=0, rtol=0)


def test_stepping_two_ways_from_one_writable_state_is_refused() -> None:
    memory, tokens = make(OURS), video(9)
    with torch.no_grad():
        state = run(memory, tokens[:8])[1].writable(memory.config)
        copy = state.writable(memory.config)
        expected = step(memory, tokens[8], state, 8, 8.0)[0]
        with pytest.raises(ValueError, match="used up by a later step"):
            step(memory, tokens[8], state, 8, 8.0)
        torch.testing.assert_close(step(memory, tokens[8], copy, 8, 8.0)[0], expected, atol=0, rtol=0)


def test_training_through_a_writable_state_is_refused() -> None:
    memory, tokens = make(OURS), video(1)
    with pytest.raises(ValueError, match="carries no gradients"):
        step(memory, tokens[0], DualState.empty(tokens[None]).writable(memory.config), 0, 0.0)


@pytest.mark.parametrize("rule", ["nearest", "pair"])
def test_equals_up_to_rounding_give_up_the_oldest(rule: str) -> None:
    memory = DualMemory(replace(OURS, capacity=3, episodic_write=rule))  # residual gate 0: M = H
    still = video(1).expand(9, -1, -1) * (1 + 1e-7 * torch.arange(9)[:, None, None])
    with torch.no_grad():
        _, state, events = run(memory, still)
    assert [event.deleted_frame.item() for event in events] == [-1, -1, -1, 0, 1, 2, 3, 4, 5]
    assert sorted(state.episodic.frames[0].tolist()) == [6, 7, 8]


def test_bfloat16_compares_in_single_precision() -> None:
    memory = make(OURS).to(torch.bfloat16)
    with torch.no_grad():
        output, state, _ = run(memory, video(20).to(torch.bfloat16))
    assert output.dtype == state.episodic.keys.dtype == torch.bfloat16
    flat = torch.nn.functional.normalize(state.episodic.tokens[0].float().flatten(1), dim=1)
    torch.testing.assert_close(state.episodic.similarity[0], flat @ flat.T, atol=1e-5, rtol=0)


@pytest.mark.parametrize("heads", [1, 2, 3, 4, 8])  # at a time
def test_both_ways_to_attend_are_one(heads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "CACHED", heads * PATCHES * 40)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    queries, keys, values = torch.randn(3, 2, HEADS, 40, 4, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = fast.attend_by_heads(queries[:, :, :PATCHES], keys, values)
    expected = torch.nn.functional.scaled_dot_product_attention(queries[:, :, :PATCHES], keys, values)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_dot_products_are_those_of_single_precision(dtype: torch.dtype) -> None:
    slots, entry = video(11).flatten(1).to(dtype), video(1, seed=3).flatten()
    torch.testing.assert_close(fast.dot_products(slots, entry), slots.float() @ entry, atol=1e-4, rtol=0)
