"""The dual memory: Algorithm 1 against a plain NumPy reading of it, every switch, streaming, gradients, isolation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from memories import DIM, HEADS, OURS, PAPER, PATCHES, make, placed, run, step, video

from vlm2.core import DualMemory, DualState

# Algorithm 1 once more, from the paper's text, in float64 NumPy, with nothing shared with the implementation.


def numpy_attention(weights: dict, name: str, frame: np.ndarray, entries: list[np.ndarray]) -> np.ndarray:
    def linear(part: str, x: np.ndarray) -> np.ndarray:
        return x @ weights[f"{name}.{part}.weight"].T + weights[f"{name}.{part}.bias"]

    tokens = np.concatenate(entries)
    queries, keys, values = linear("query", frame), linear("key", tokens), linear("value", tokens)
    width = DIM // HEADS
    heads = []
    for head in range(HEADS):
        part = slice(head * width, (head + 1) * width)
        scores = queries[:, part] @ keys[:, part].T / np.sqrt(width)
        scores = np.exp(scores - scores.max(1, keepdims=True))
        heads.append(scores / scores.sum(1, keepdims=True) @ values[:, part])
    return linear("out", np.concatenate(heads, axis=1))


def numpy_algorithm_1(
    weights: dict, video_tokens: np.ndarray, window: int, capacity: int
) -> tuple[list[np.ndarray], list[int]]:
    from math import erf

    working: list[np.ndarray] = []
    episodic: list[tuple[int, np.ndarray]] = []
    outputs = []
    for t, h in enumerate(video_tokens):
        if not working:
            m = h
        else:
            m_w = numpy_attention(weights, "working_attention", h, working)
            m_e = numpy_attention(weights, "episodic_attention", h, [entry for _, entry in episodic])
            hidden = np.concatenate([m_w, m_e], axis=1) @ weights["gate.0.weight"].T + weights["gate.0.bias"]
            hidden = hidden * 0.5 * (1 + np.vectorize(erf)(hidden / np.sqrt(2)))
            gamma = 1 / (1 + np.exp(-(hidden @ weights["gate.2.weight"].T + weights["gate.2.bias"])))
            m = gamma * m_w + (1 - gamma) * m_e
        if len(working) == window:
            working.pop(0)
        working.append(h)
        if len(episodic) == capacity:
            cosines = [(e * m).sum() / np.linalg.norm(e) / np.linalg.norm(m) for _, e in episodic]
            episodic.pop(int(np.argmax(cosines)))
        episodic.append((t, m))
        outputs.append(m)
    return outputs, [t for t, _ in episodic]


def test_paper_preset_is_algorithm_1() -> None:
    memory, tokens = make(PAPER), video()
    with torch.no_grad():
        ours, state, _ = run(memory, tokens)
    weights = {name: value.double().numpy() for name, value in memory.state_dict().items()}
    theirs, frames = numpy_algorithm_1(weights, tokens.double().numpy(), PAPER.window, PAPER.capacity)
    assert (len(state.working), len(state.episodic)) == (8, 32)
    assert np.abs(ours.numpy() - np.stack(theirs)).max() < 1e-5
    assert sorted(state.episodic.frames[0].tolist()) == frames
    assert sorted(state.working.frames[0].tolist()) == list(range(92, 100))


def test_nearest_gives_up_the_oldest_of_equals() -> None:
    memory = DualMemory(replace(OURS, capacity=3, episodic_write="nearest"))  # residual gate 0: M = H
    _, state, events = run(memory, video(1).expand(4, -1, -1))
    assert [event.deleted_frame.item() for event in events] == [-1, -1, -1, 0]
    assert sorted(state.episodic.frames[0].tolist()) == [1, 2, 3]


def test_pair_gives_up_the_older_of_the_most_similar_pair() -> None:
    memory = DualMemory(replace(OURS, capacity=3))  # residual gate 0: M = H
    basis = torch.eye(4)[:, :, None].expand(4, 4, DIM).reshape(4, 4, DIM)
    near_first = basis[0] + 0.1 * basis[1]
    tokens = torch.stack([basis[2], basis[0], near_first, basis[3]])
    _, state, events = run(memory, tokens)
    assert events[3].deleted_frame.item() == 1  # not its own nearest: frames 1 and 2 are alike
    assert sorted(state.episodic.frames[0].tolist()) == [0, 2, 3]


def test_pair_similarity_is_kept_up_to_date() -> None:
    memory = make(OURS)
    _, state, _ = run(memory, video(40))
    flat = torch.nn.functional.normalize(state.episodic.tokens[0].flatten(1), dim=1)
    torch.testing.assert_close(state.episodic.similarity[0], flat @ flat.T, atol=1e-5, rtol=0)


def test_successive_gives_up_the_slot_whose_other_neighbour_is_nearer_in_time() -> None:
    noise = torch.randn(4 * DIM, 5, generator=torch.Generator().manual_seed(3))
    rows = torch.linalg.qr(noise).Q.T.reshape(5, 4, DIM)  # five entries that are nothing alike

    def deleted(similar: tuple[int, int], times: list[float]) -> int:
        tokens = rows.clone()
        tokens[similar[1]] = tokens[similar[0]] + 0.1 * tokens[similar[1]]
        memory = DualMemory(replace(OURS, capacity=4, episodic_write="successive"))
        return int(run(memory, tokens, times)[2][4].deleted_frame)

    assert deleted((1, 2), [0, 1, 5, 6.5, 9]) == 1  # 1 s before it, 1.5 s after the other
    assert deleted((1, 2), [0, 2, 5, 6.5, 9]) == 2
    assert deleted((0, 1), [0, 1, 5, 6.5, 9]) == 1  # the oldest stays
    assert deleted((3, 4), [0, 1, 5, 6.5, 9]) == 3  # and so does the newcomer


def test_merge_keeps_the_mean_with_its_keys_and_its_similarities() -> None:
    memory = DualMemory(replace(OURS, capacity=3, episodic_write="merge"))
    tokens = video(9)
    _, state, _ = run(memory, tokens)
    bank = state.episodic
    assert bank.weights.sum().item() == 9  # no frame is lost
    torch.testing.assert_close(
        (bank.tokens[0] * bank.weights[0, :, None, None]).sum(0), tokens.sum(0), atol=1e-4, rtol=0
    )
    torch.testing.assert_close(bank.keys, memory.episodic_attention.key(bank.tokens), atol=1e-5, rtol=0)
    flat = torch.nn.functional.normalize(bank.tokens[0].flatten(1), dim=1)
    torch.testing.assert_close(bank.similarity[0], flat @ flat.T, atol=1e-5, rtol=0)


@pytest.mark.parametrize("rule", ["nearest", "pair", "merge", "successive"])
def test_stepping_equals_forward(rule: str) -> None:
    memory, tokens = make(replace(OURS, episodic_write=rule)), video(20)
    together, final, _ = run(memory, tokens, times=[0.5 * t for t in range(20)])
    state, outputs = DualState.empty(tokens[None]), []
    for frame, frame_tokens in enumerate(tokens):
        output, state, _ = step(memory, frame_tokens, state, frame, 0.5 * frame)
        outputs.append(output)
    torch.testing.assert_close(torch.stack(outputs), together, atol=0, rtol=0)
    for name, tensor in state.to_tensors().items():
        torch.testing.assert_close(tensor, final.to_tensors()[name], atol=0, rtol=0)
    resumed, _, _ = run(memory, tokens[12:], state=run(memory, tokens[:12])[1], first_frame=12)
    torch.testing.assert_close(resumed, together[12:], atol=0, rtol=0)


@pytest.mark.parametrize("rule", ["nearest", "successive"])
def test_a_state_goes_on_at_its_next_frame_by_itself(rule: str) -> None:
    memory, tokens = make(replace(OURS, episodic_write=rule)), video(20)[None]
    together, final, _ = memory(tokens)
    _, state, _ = memory(tokens[:, :12])
    resumed, end, _ = memory(tokens[:, 12:], state=state)
    torch.testing.assert_close(resumed, together[:, 12:], atol=0, rtol=0)
    assert torch.equal(end.episodic.frames, final.episodic.frames)
    for past in (0, 11):
        with pytest.raises(ValueError, match=f"goes on at frame 12, not {past};"):
            memory(tokens[:, 12:], state=state, first_frame=past)


def test_first_frame_is_h_and_frame_t_never_reads_itself() -> None:
    memory, tokens = make(PAPER), video(3)
    output, _, _ = run(memory, tokens)
    torch.testing.assert_close(output[0], tokens[0], atol=0, rtol=0)
    first, second = tokens[:1], tokens[1:2]  # a batch of one video
    working_read, episodic_read = (
        attention(second, *(x[:, None] for x in attention.project(first)))
        for attention in (memory.working_attention, memory.episodic_attention)
    )
    gate = memory.gate(torch.cat([working_read, episodic_read], -1)).sigmoid()
    torch.testing.assert_close(output[1:2], gate * working_read + (1 - gate) * episodic_read)


def test_without_episodic_m_is_the_working_read() -> None:
    memory, tokens = make(replace(PAPER, episodic=False)), video(5)
    output, state, events = run(memory, tokens)
    keys, values = memory.working_attention.project(tokens[:4])
    expected = memory.working_attention(tokens[4:], keys[None], values[None])
    torch.testing.assert_close(output[4:], expected)
    assert len(state.episodic) == 0
    assert events[4].memory_gate is None
    assert not any("episodic" in name or "gate" in name for name, _ in memory.named_parameters())
    assert state.context_slots().frames.tolist() == [0, 1, 2, 3, 4]


def test_without_working_m_is_the_episodic_read() -> None:
    memory, tokens = make(replace(PAPER, working=False)), video(5)
    output, state, _ = run(memory, tokens)
    keys, values = memory.episodic_attention.project(output[:4])
    expected = memory.episodic_attention(tokens[4:], keys[None], values[None])
    torch.testing.assert_close(output[4:], expected)
    assert len(state.working) == 0


@pytest.mark.parametrize("residual", [False, True])
def test_without_both_m_is_h(residual: bool) -> None:
    memory, tokens = make(replace(OURS, working=False, episodic=False, memory_residual=residual)), video(5)
    torch.testing.assert_close(run(memory, tokens)[0], tokens, atol=0, rtol=0)
    assert not list(memory.parameters())


def test_the_residual_starts_at_h_and_then_adds_what_was_read() -> None:
    tokens = video(5)
    torch.testing.assert_close(run(DualMemory(OURS), tokens)[0], tokens, atol=0, rtol=0)
    memory = DualMemory(OURS)
    plain = DualMemory(replace(OURS, memory_residual=False))
    plain.load_state_dict({k: v for k, v in memory.state_dict().items() if k != "residual_gate"})
    torch.nn.init.constant_(memory.residual_gate, 0.5)
    torch.testing.assert_close(run(memory, tokens[:2])[0][1], tokens[1] + 0.5 * run(plain, tokens[:2])[0][1])


def test_gradients_flow_through_stored_entries_and_reach_every_weight() -> None:
    memory, tokens = make(OURS), video(12).requires_grad_()
    output, _, _ = run(memory, tokens)
    output[-1].square().sum().backward()
    for name, parameter in memory.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name
    assert (tokens.grad.abs().sum(dim=(1, 2)) > 0).all()


def test_a_new_residual_gate_gets_a_gradient() -> None:
    memory = DualMemory(OURS)
    run(memory, video(4))[0].square().sum().backward()
    assert (memory.residual_gate.grad != 0).all()


def test_states_do_not_leak_into_each_other() -> None:
    memory, first, second = make(OURS), video(12, seed=2), video(12, seed=3)
    alone, _, _ = run(memory, second)
    run(memory, first)
    torch.testing.assert_close(run(memory, second)[0], alone, atol=0, rtol=0)
    state = run(memory, first[:9])[1]
    before = state.to_tensors()
    run(memory, second, state=state, first_frame=9)  # a fork
    for name, tensor in state.to_tensors().items():
        torch.testing.assert_close(tensor, before[name], atol=0, rtol=0)


def test_context_slots_hold_the_bank_and_the_last_frames_once_each_in_time_order() -> None:
    memory, tokens = make(replace(OURS, capacity=4)), video(30)
    output, state, _ = run(memory, tokens, times=[0.1 * t for t in range(30)])
    slots = state.context_slots()
    frames = slots.frames
    expected = sorted({*state.episodic.frames[0].tolist(), 27, 28, 29})
    assert frames.tolist() == expected
    torch.testing.assert_close(slots.tokens, output[expected])
    torch.testing.assert_close(slots.times, 0.1 * frames.float())
    for found, known in zip((slots.coordinates, slots.world_from_camera), placed(frames), strict=True):
        torch.testing.assert_close(found, known, atol=0, rtol=0)
    short = run(memory, tokens[:4])[1].context_slots()
    assert short.frames.tolist() == [0, 1, 2, 3]  # up to L_e frames: the same as context="frames"
    torch.testing.assert_close(short.tokens, output[:4])


def test_keys_are_projected_once_an_entry() -> None:
    memory, seen = make(OURS), []
    memory.episodic_attention.key.register_forward_hook(lambda _, args, __: seen.append(args[0].shape[1]))
    run(memory, video(20))
    assert seen == [PATCHES] * 20


def test_bfloat16_autocast_trains() -> None:
    memory = make(OURS)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output, _, _ = run(memory, video(10))
    output.float().square().sum().backward()
    assert torch.isfinite(memory.residual_gate.grad).all()
    with torch.autocast("cpu", dtype=torch.bfloat16), torch.no_grad():
        torch.testing.assert_close(run(memory, video(3))[0].float(), output[:3].detach().float(), atol=0.1, rtol=0.1)


def test_a_state_survives_a_file() -> None:
    memory, tokens = make(OURS), video(10)
    state = run(memory, tokens[:7])[1]
    restored = DualState.from_tensors(state.to_tensors())
    expected = run(memory, tokens[7:], state=state, first_frame=7)[0]
    torch.testing.assert_close(run(memory, tokens[7:], state=restored, first_frame=7)[0], expected, atol=0, rtol=0)


@pytest.mark.parametrize("rule", ["nearest", "pair", "merge", "successive"])
@pytest.mark.parametrize("trained", [False, True])
def test_a_batch_equals_its_videos_alone(rule: str, trained: bool) -> None:
    memory = make(replace(OURS, episodic_write=rule))
    videos, times = torch.stack([video(30, seed=5), video(30, seed=6)]), torch.rand(2, 30).cumsum(1)
    with torch.set_grad_enabled(trained):
        together, state, _ = memory(videos, times)
        for row in range(2):
            alone, own, _ = memory(videos[row : row + 1], times[row : row + 1])
            torch.testing.assert_close(together[row], alone[0], atol=1e-5, rtol=0)
            for found, expected in zip(state.context_slots(row), own.context_slots(), strict=True):
                torch.testing.assert_close(found, expected, atol=1e-5, rtol=0, equal_nan=True)
    assert state.episodic.frames[0].tolist() != state.episodic.frames[1].tolist()  # each row deletes its own


def test_a_closed_loop_moves_places_and_nothing_else() -> None:
    _, state, _ = run(make(OURS), video(12))
    turn = torch.tensor([[0.0, -1, 0, 3], [1, 0, 0, 0], [0, 0, 1, -2], [0, 0, 0, 1]])
    moved = state.moved(lambda frames: torch.where((frames < 9)[:, None, None], turn, torch.eye(4)))
    before, after = state.context_slots(), moved.context_slots()
    for slot, frame in enumerate(before.frames.tolist()):
        motion = turn if frame < 9 else torch.eye(4)
        expected = before.coordinates[slot] @ motion[:3, :3].T + motion[:3, 3]
        torch.testing.assert_close(after.coordinates[slot], expected)
        torch.testing.assert_close(after.world_from_camera[slot], motion @ before.world_from_camera[slot])
    assert torch.equal(before.tokens, after.tokens) and torch.equal(before.frames, after.frames)
    assert torch.equal(state.working.keys, moved.working.keys)


def test_a_merged_entry_stays_where_its_newer_frame_was_seen() -> None:
    _, state, _ = run(DualMemory(replace(OURS, capacity=3, episodic_write="merge")), video(9))
    bank = state.episodic
    assert bank.weights.max() > 1
    torch.testing.assert_close(bank.coordinates[0], placed(bank.frames[0])[0], atol=0, rtol=0)


def test_another_frame_size_is_refused() -> None:
    memory = make(OURS)
    state = run(memory, video(2))[1]
    with pytest.raises(ValueError, match="6 patches and was given one of 9"):
        step(memory, torch.zeros(9, DIM), state, 2, 2.0)


@pytest.mark.parametrize("change", [{"heads": 3}, {"window": 0}, {"capacity": 0}, {"recent": 2}])
def test_impossible_configurations_are_refused(change: dict) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        replace(OURS, **change)
