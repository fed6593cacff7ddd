"""Saved sessions: bit for bit the same, refused when damaged or another model's."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from sessions import contents, observe, told

from vlm2.streaming import LoadedModel, Session
from vlm2.streaming import memory_file as file

MUTATIONS = 500


def loaded(session: Session) -> LoadedModel:
    return LoadedModel("toy", Path(), session.halves)


@pytest.fixture
def room(make_session, images, tmp_path) -> tuple[Session, Path]:
    session = observe(make_session(), images[:10])
    path = tmp_path / "room.vlm2mem"
    session.save(path)
    return session, path


@pytest.mark.parametrize("frames", [2, 7, 13])
def test_a_saved_session_goes_on_where_it_was(make_session, images, tmp_path, frames):
    session = observe(make_session(), images[:frames])
    path = tmp_path / "room.vlm2mem"
    session.save(path)
    again = Session.open(path, loaded(session))
    assert contents(again) == contents(session)
    assert told(again) == told(session)
    again.save(tmp_path / "again.vlm2mem")
    assert (tmp_path / "again.vlm2mem").read_bytes() == path.read_bytes()
    for one in (session, again):
        observe(one, images[frames : frames + 6], start=frames)
    assert again.frames == frames + 6
    assert contents(again) == contents(session)
    assert told(again) == told(session)


@pytest.mark.parametrize("seen", [1, 6])  # before the first window is full, and after
def test_a_file_without_thumbnails_stays_so(make_session, images, tmp_path, seen):
    first = make_session()
    session = observe(Session(first.halves, thumbnails=False), images[:seen])
    session.save(tmp_path / "room.vlm2mem")
    again = observe(Session.open(tmp_path / "room.vlm2mem", loaded(session)), images[seen:12], start=seen)
    assert again._stream.log.held
    assert all(kept.thumbnail is None for kept in again._stream.log.held)


def test_the_file_does_not_grow(make_session, images, tmp_path, monkeypatch):
    monkeypatch.setattr("vlm2.streaming.keyframe.MOST", 8)  # so that this bound is reached here too
    session = make_session()
    sizes = []
    for index in range(23):
        observe(session, images[index : index + 1], start=index)
        session.save(tmp_path / "room.vlm2mem")
        sizes.append((tmp_path / "room.vlm2mem").stat().st_size)
    assert sizes[-1] - sizes[10] < 13 * 700  # log and path, which have bounds of their own


def test_another_model_is_refused_and_why(make_session, room):
    session, path = room
    narrow = make_session(dim=8)
    trained = make_session()
    with torch.no_grad():
        trained.model.projector.norm.bias[0] += 0.1
    with pytest.raises(ValueError, match="another model .* .not the same: the configuration, the trained weights"):
        Session.open(path, loaded(narrow))
    with pytest.raises(ValueError, match="another model than this one .not the same: the trained weights"):
        Session.open(path, loaded(trained))
    with torch.no_grad():
        session.model.memory.residual_gate += 1.0  # the same object, trained further since
    with pytest.raises(ValueError, match="the trained weights"):
        Session.open(path, loaded(session))


def test_other_frozen_parts_are_refused(room, monkeypatch):
    session, path = room
    monkeypatch.setattr("vlm2.streaming.model_identity.frozen_checksums", lambda _: {"efficientnet-lite0": "1234"})
    with pytest.raises(ValueError, match="same: the frozen efficientnet-lite0"):
        Session.open(path, loaded(session))


def test_the_language_models_dtype_does_not_matter(make_session, room):
    session, path = room
    other = make_session()
    torch.nn.Module.to(other.model.language_model, torch.bfloat16)
    assert contents(Session.open(path, loaded(other))) == contents(session)


def test_nothing_seen_is_nothing_to_save(make_session, tmp_path):
    with pytest.raises(ValueError, match="nothing to save"):
        make_session().save(tmp_path / "room.vlm2mem")
    assert not list(tmp_path.iterdir())


def mutated(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """Flip some bits, cut somewhere, drop, double or overwrite a piece, or splice with another memory."""
    changed = bytearray(data)
    kind, place = chance.randrange(6), chance.randrange(len(data))
    length = chance.randrange(1, 400)
    if kind == 0:
        for _ in range(chance.randrange(1, 4)):
            changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif kind == 1:
        place = chance.randrange(min(3000, len(data)))  # in the header
        changed[place] ^= 1 << chance.randrange(8)
    elif kind == 2:
        del changed[place:]
    elif kind == 3:
        del changed[place : place + length]
    elif kind == 4:
        changed[place:place] = data[:length] if chance.random() < 0.5 else chance.randbytes(length)
    else:
        changed[place:] = other[place:]
    return bytes(changed)


def test_damage_is_always_seen(make_session, images, room, tmp_path):
    session, path = room
    other = observe(make_session(), images[5:15])
    other.save(tmp_path / "other.vlm2mem")
    data, spare = path.read_bytes(), (tmp_path / "other.vlm2mem").read_bytes()
    chance, broken, model = random.Random(0), tmp_path / "broken.vlm2mem", loaded(session)
    tried = 0
    while tried < MUTATIONS:
        changed = mutated(data, spare, chance)
        if changed in (data, spare):
            continue
        tried += 1
        broken.write_bytes(changed)
        with pytest.raises(ValueError, match=r"is damaged|no memory of vlm2|no whole safetensors|with another model"):
            Session.open(broken, model)
        with pytest.raises(ValueError):  # noqa: PT011
            file.read(broken)


def test_waiting_frames_of_earlier_files_are_read(make_session, images, tmp_path):
    """Files before 29 November 2026 hold what the vision encoder sees of them, in [0, 1]."""
    session = observe(make_session(), images[:2])
    tensors, record = file.pack(session._stream)
    waiting = tensors.pop("waiting.pictures")
    seen = session.processor.video_processor.resize(waiting.numpy())
    stream = file.unpack(tensors | {"waiting.images": seen}, record)
    assert len(stream.pictures) == len(waiting) and stream.size == tuple(seen.shape[-2:])
    assert np.allclose(np.stack(stream.pictures), 255 * seen.permute(0, 2, 3, 1).numpy(), atol=0.5)
    session._stream = stream
    assert observe(session, images[2:6], start=2).frames == 6
