"""The diary against the memory itself: slots, log, sources."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sessions import observe

from vlm2.streaming.evidence import SourceFrame
from vlm2.streaming.memory_log import HeldFrame, MemoryLog, ReadRecord

WINDOW = 2


def mixing(session):
    """A session whose memory writes what it read."""
    torch.manual_seed(5)
    torch.nn.init.uniform_(session.model.memory.residual_gate, -1, 1)
    return session


def kept(frame: int, slot: int = -1, weight: int = 1, **sources: float) -> HeldFrame:
    found = tuple(SourceFrame(int(name[1:]), int(name[1:]) / 2, value) for name, value in sources.items())
    return HeldFrame(frame, frame / 2, slot, weight, found)


@pytest.mark.parametrize("rule", ["nearest", "pair", "merge", "successive"])
def test_the_diary_follows_the_bank(make_session, images, rule):
    session = mixing(make_session(memory_config={"window": WINDOW, "capacity": 3, "episodic_write": rule}))
    held: dict[int, int] = {}
    for index, image in enumerate(images):
        session.observe(image, index / 2)
    for write in session.log:
        if write.evicted is not None:
            assert held.pop(write.slot) == write.evicted
            assert write.evicted_time == write.evicted / 2
            assert write.similar in (*held.values(), write.frame)
            assert -1 <= write.similarity <= 1
        held[write.slot] = write.frame
        assert (write.gate is None) == (write.frame == 0)
        assert 0 <= write.read_share <= 1
    assert [write.frame for write in session.log] == list(range(23))
    bank = session._stream.memory.episodic
    assert sorted(held.values()) == sorted(bank.frames[0].tolist())
    diary = {k.frame: k for k in session._stream.log.held}
    assert {frame: slot for slot, frame in held.items()} == {f: k.slot for f, k in diary.items() if k.slot >= 0}
    assert [diary[frame].weight for frame in bank.frames[0].tolist()] == bank.weights[0].tolist()
    assert set(diary) == {*held.values(), 21, 22}
    for entry in diary.values():
        assert sum(source.weight for source in entry.sources) == pytest.approx(1)
        assert all(source.frame <= entry.frame and source.time == source.frame / 2 for source in entry.sources)


@pytest.mark.parametrize(
    ("switches", "bank"), [({"episodic": False}, 0), ({"working": False}, 3), ({"memory_residual": False}, 3)]
)
def test_memories_that_are_off(make_session, images, switches, bank):
    session = observe(make_session(memory_config={"window": WINDOW, "capacity": 3, **switches}), images[:10])
    found = session._stream.log.held
    assert sum(k.slot >= 0 for k in found) == bank
    assert session.ask("How many?").evidence
    gates = {write.gate for write in session.log[1:]}
    if "memory_residual" in switches:
        assert {write.read_share for write in session.log[1:]} == {1.0}
        later = [k for k in found if k.frame]
        assert all(source.frame < k.frame for k in later for source in k.sources)  # M carries nothing of its own frame
    else:
        assert gates == {0.0 if bank else 1.0}


def test_sources_mix_what_was_read():
    before = MemoryLog(held=(kept(0, 0, f0=1.0), kept(1, 1, f0=0.5, f1=0.5)))
    read = ReadRecord(2, 1.0, ((1, 1.0),), ((0, 0.25), (1, 0.75)), gate=0.6, read_share=0.5)
    after = before.then(read, HeldFrame(2, 1.0), WINDOW, has_bank=True, merges=False)
    newest = {source.frame: source.weight for source in after.held[-1].sources}
    # half is its own; of the other half 0.6 is frame 1, and 0.4 the bank: ¼ of frame 0, ¾ half frame 0 and half frame 1
    assert newest == pytest.approx({2: 0.5, 1: 0.3 + 0.2 * 0.375, 0: 0.2 * (0.25 + 0.375)})
    assert after.sources(2, 1.0) == after.held[-1].sources
    assert after.sources(9, 4.5) == (SourceFrame(9, 4.5, 1.0),)


def test_merging_adds_sources_by_the_frames_they_stand_for():
    before = MemoryLog(held=(kept(0, 0, weight=3, f0=1.0), kept(1, 1, f1=1.0)))
    read = ReadRecord(5, 2.5, deleted=0, similar=1, similarity=0.9)
    after = before.then(read, HeldFrame(5, 2.5), WINDOW, has_bank=True, merges=True)
    assert [(k.frame, k.slot, k.weight) for k in after.held] == [(1, 1, 4), (5, 0, 1)]
    assert after.held[0].sources == (SourceFrame(0, 0.0, 0.75), SourceFrame(1, 0.5, 0.25))


def test_kept_frames_carry_what_they_show(make_session, images):
    session = observe(make_session(), images[:10])
    stream = session._stream
    for entry in stream.log.held:
        assert entry.confidence.shape == (24,)
        assert entry.thumbnail.numpy().tobytes()[:2] == b"\xff\xd8"  # a JPEG
    path = session.trajectory
    assert path.frames.tolist() == list(range(10))
    assert path.times.tolist() == [index / 2 for index in range(10)]
    torch.testing.assert_close(path.world_from_camera[0, :3, 3], torch.zeros(3), atol=0.2, rtol=0)
    by_frame = dict(zip(path.frames.tolist(), path.world_from_camera, strict=True))
    slots = stream.memory.context_slots()
    assert slots.frames.tolist() == [entry.frame for entry in stream.log.held]
    for frame, pose in zip(slots.frames.tolist(), slots.world_from_camera, strict=True):
        assert torch.equal(pose, by_frame[frame])
    plain = observe(type(session)(session.halves, thumbnails=False), images[:10])
    assert all(entry.thumbnail is None for entry in plain._stream.log.held)


def test_shares_of_a_read_are_its_attention(make_session, images):
    """Against the attention that the plain formula gives, over all tokens of a frame."""
    session = mixing(make_session())
    memory, state = session.model.memory, observe(session, images[:8])._stream.memory
    tokens = torch.randn(24, 16, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        working, episodic = (share[0] for share in memory.read_shares(tokens[None], state))
    for found, attention, slots in (
        (working, memory.working_attention, state.working),
        (episodic, memory.episodic_attention, state.episodic),
    ):
        queries, keys = attention.query(tokens).detach(), slots.keys[0].flatten(0, 1)
        heads = [slice(0, 8), slice(8, 16)]
        shares = np.mean([(queries[:, h] @ keys[:, h].T / 8**0.5).softmax(-1).mean(0).numpy() for h in heads], axis=0)
        assert found.numpy() == pytest.approx(shares.reshape(len(slots), -1).sum(1), abs=1e-5)
