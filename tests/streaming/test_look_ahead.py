"""Frames that are looked at ahead: what a session remembers is the same."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info
from toyeyes import ToyDetector, toy_eyes
from toys import ToyVision, toy_model, toy_processor

from vlm2.models.halves import ModelHalves
from vlm2.streaming import Session
from vlm2.streaming.look_ahead import looked_at
from vlm2.video import Frame

FIRST, LATER = 4, 1  # frames of the first and of a later portion: the toy's windows of 4 overlap by 3
COUNT = FIRST + 4 * LATER


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def frames() -> list[Frame]:
    images = np.random.default_rng(0).integers(0, 255, (COUNT, 48, 64, 3), dtype=np.uint8)
    return [Frame(index / 2, image) for index, image in enumerate(images)]


def new_session(detector: ToyDetector | None = None) -> Session:
    processor = toy_processor()
    processor.video_processor.max_pixels = ToyVision.max_pixels
    return Session(ModelHalves.of(toy_model().eval(), processor), eyes=toy_eyes(detector))


def looks_at(session: Session, frames: list[Frame], ahead: bool = True) -> dict:
    """Return the looks by the number of the frame that they come with."""
    found = list(looked_at(session._encoder, session.stream, frames, ahead))
    assert all(np.array_equal(one.image, frame.image) for (one, _), frame in zip(found, frames, strict=True))
    return {index: look for index, (_, look) in enumerate(found) if look is not None}


def assert_same_memory(one: Session, other: Session) -> None:
    ours, theirs = (session.completed.memory.to_tensors() for session in (one, other))
    assert ours.keys() == theirs.keys() and one.frames == other.frames > 0
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, theirs[name])
    assert one.objects == other.objects and one.objects.path


def test_the_frame_that_fills_a_window_comes_with_a_look_at_its_portion(frames) -> None:
    looks, ends = looks_at(new_session(), frames), list(range(FIRST, COUNT + 1, LATER))
    assert list(looks) == [end - 1 for end in ends]
    for look, start, end in zip(looks.values(), [0, *ends[:-1]], ends, strict=True):
        pictures, times = np.stack([frame.image for frame in frames[start:end]]), [f.time for f in frames[start:end]]
        assert look.is_of(pictures, times)
        assert not look.is_of(255 - pictures, times) and not look.is_of(pictures, times[1:])


def test_a_portion_that_has_begun_is_filled(frames) -> None:
    session = new_session()
    for frame in frames[:3]:
        session.observe(frame.image, frame.time)
    ((number, look), *_) = looks_at(session, frames[3:]).items()
    assert number == FIRST - 3 - 1 and len(look.pictures) == FIRST


def test_one_thread_does_not_look_ahead(frames) -> None:
    assert not looks_at(new_session(), frames, ahead=False)
    torch.set_num_threads(1)
    assert not looks_at(new_session(), frames)


def test_pictures_of_another_resolution_are_looked_at_as_they_are_kept(frames) -> None:
    session, other = new_session(), new_session()
    frames[2] = Frame(frames[2].time, np.repeat(np.repeat(frames[2].image, 2, 0), 2, 1))
    found = list(looked_at(session._encoder, session.stream, frames))
    torch.set_num_threads(1)  # as the other thread had: then even the last bits are the same
    assert {frame.image.shape for frame, _ in found} == {(48, 64, 3)}
    assert [index for index, (_, look) in enumerate(found) if look] == list(range(FIRST - 1, COUNT, LATER))
    for frame in frames[:FIRST]:
        other.observe(frame.image, frame.time)
    look = found[FIRST - 1][1]
    assert look is not None and np.array_equal(look.pictures[2], found[2][0].image)
    for frame, look in found[:FIRST]:
        session._stream = session._encoder.observe(session.stream, frame.image, frame.time, look)
    assert_same_memory(session, other)


def test_another_shape_is_left_to_the_session_to_refuse(frames) -> None:
    frames[2] = Frame(frames[2].time, frames[2].image[:, :16])
    session = new_session()
    found = list(looked_at(session._encoder, session.stream, frames))
    assert found[2][0] is frames[2] and found[FIRST - 1][1] is None and found[-1][1] is not None


def test_an_error_comes_behind_the_frames_before_it(frames) -> None:
    def broken() -> Iterator[Frame]:
        yield from frames[:6]
        raise OSError("the disk is gone")

    session, seen = new_session(), list[Frame]()
    looked = (seen.append(frame) for frame, _ in looked_at(session._encoder, session.stream, broken()))
    with pytest.raises(OSError, match="the disk is gone"):
        list(looked)
    assert [frame.time for frame in seen] == [frame.time for frame in frames[:6]]
    assert torch.get_num_threads() == 2


def numpy_threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_the_threads_are_as_before_when_nobody_wants_more_frames(frames) -> None:
    session, before = new_session(), numpy_threads()
    looked = looked_at(session._encoder, session.stream, frames)
    next(looked)
    assert numpy_threads() <= {1}
    with ThreadPoolExecutor(1) as executor:  # a thread of somebody else, which starts meanwhile
        assert (torch.get_num_threads(), executor.submit(torch.get_num_threads).result()) == (1, 2)
    looked.close()
    assert torch.get_num_threads() == 2 and numpy_threads() == before


def test_a_session_remembers_the_same(frames, write_video) -> None:
    video, detector = write_video([frame.image for frame in frames]), ToyDetector()
    ahead, alone = new_session(detector), new_session()
    ahead.watch(video, 10.0)
    torch.set_num_threads(1)  # as each of both threads had
    alone.watch(video, 10.0, ahead=False)
    assert detector.calls[:2] == [FIRST, LATER] and sum(detector.calls) <= ahead.frames
    assert_same_memory(ahead, alone)


def test_a_window_is_encoded_once_by_either_thread(frames, write_video, monkeypatch) -> None:
    video, session, calls = write_video([frame.image for frame in frames]), new_session(), []
    geometry = session.model.geometry
    encode = geometry.encode
    monkeypatch.setattr(geometry, "encode", lambda *inputs: calls.append(len(inputs[1])) or encode(*inputs))
    session.watch(video, 10.0)
    assert calls == [FIRST] * len(range(FIRST, COUNT + 1, LATER))


def test_windows_follow_each_other_and_looks_do_not_keep_those_before(frames) -> None:
    session = new_session()
    looks = list(looks_at(session, frames).values())
    for look, numbers in zip(looks, np.lib.stride_tricks.sliding_window_view(np.arange(COUNT), FIRST), strict=True):
        for part in look.parts:
            part()
        expected = session._encoder.look(np.stack([frames[i].image for i in numbers]), numbers.tolist()).inputs()
        window = look.window()
        assert window is not None
        torch.testing.assert_close(window.inputs.visual_tokens, expected.visual_tokens)
    first = weakref.ref(looks.pop(0))
    del look
    gc.collect()
    assert first() is None


def test_a_look_at_other_frames_is_not_used(frames) -> None:
    session, other = new_session(), new_session()
    look = session._encoder.look(np.stack([frame.image for frame in frames[-FIRST:]]), [f.time for f in frames[:FIRST]])
    for frame in frames[:FIRST]:
        other.observe(frame.image, frame.time)
        session._stream = session._encoder.observe(session.stream, frame.image, frame.time, look)
    assert_same_memory(session, other)


def test_an_error_of_a_look_is_raised_where_it_is_needed(frames, write_video) -> None:
    class Broken(ToyDetector):
        def detect(self, frames):
            raise ValueError("no detections today")

    session = new_session(Broken())
    with pytest.raises(ValueError, match="no detections today"):
        session.watch(write_video([frame.image for frame in frames]), 10.0)
    assert session.frames == FIRST - 1 and torch.get_num_threads() == 2
