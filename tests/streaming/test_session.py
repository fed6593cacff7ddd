"""Sessions: the same as the whole video at once, untouched by questions, of fixed size."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from places import WanderingTracker, turned, worst
from sessions import QUESTION, contents, observe, told

from vlm2.encoders.geometry.cameras import invert, transform
from vlm2.models import windows
from vlm2.questions.question import WORD_REQUEST
from vlm2.streaming import Evidence, Session, keyframe, memory_log, trajectory
from vlm2.streaming.load import LoadedModel
from vlm2.streaming.stream import Stream
from vlm2.video import PictureFolder, VideoError


def offline(session: Session, images: np.ndarray):
    """The features of all frames at once."""
    return session.model.encode(session.processor.video_processor.resize(images), torch.arange(len(images)) / 2)


@pytest.mark.parametrize("frames", [1, 4, 5, 13])
def test_a_stream_sees_what_the_whole_video_shows(make_session, images, frames):
    """One by one, in two pieces, as a file, with questions between, or all at once: the same slots.

    They may differ in one place only, by more than rounding: the frames after the last full window. While they wait, a
    question sees them in a window that is not full (as the end of a video is seen offline); once their window is full,
    π³ sees them with the frames that came after, and gives them other geometry. So a stream that was asked early is
    compared at its end, where both have the same windows: asking must not have left the early geometry behind.
    """
    expected = make_session()
    tokens, indices = expected.model.frame_tokens(offline(expected, images[:frames]))
    one_by_one = observe(make_session(), images[:frames])
    pieces = observe(make_session(), images[: frames // 2])
    pieces = observe(pieces.fork(), images[frames // 2 : frames], start=frames // 2)
    asked = make_session()
    for index in range(frames):
        observe(asked, images[index : index + 1], start=index).ask(QUESTION)
    for session in (one_by_one, pieces, asked):
        stream = session._complete(session._stream)
        slots = stream.memory.context_slots()
        seen = session.model.slot_tokens(slots.tokens, slots.times, stream.grid)
        assert slots.frames.tolist() == indices.tolist()
        assert slots.times.tolist() == [index / 2 for index in indices.tolist()]
        torch.testing.assert_close(seen, tokens, atol=1e-5, rtol=1e-5)


def test_a_session_without_a_bank_shows_as_many_recent_frames_as_are_wanted(make_session, images):
    memory = {"window": 2, "capacity": 3, "episodic": False, "recent": 9}
    session = observe(make_session(memory_config=memory), images[:12])
    stream = session._complete(session._stream)
    assert stream.memory.context_slots().frames.tolist() == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert len(session.ask(QUESTION).evidence) and [k.frame for k in stream.log.held] == list(range(3, 12))


def test_a_file_is_watched_as_its_frames_are_observed(make_session, images, write_video):
    """The codec loses nothing here, so that the frames are the same; and 2 frames a second are taken of 2."""
    path = write_video(list(images), "all.mkv", [500 * i for i in range(23)], codec="ffv1", pixels="bgr0")
    cuts = [
        write_video(list(part), f"{part.shape[0]}.mkv", [500 * i for i in range(len(part))], "ffv1", "bgr0")
        for part in (images[:9], images[9:])
    ]
    watched, in_parts = make_session(), make_session()
    watched.watch(path)
    for cut in cuts:
        in_parts.watch(cut, continues=True)
    expected = contents(observe(make_session(), images))
    assert contents(watched) == expected
    assert contents(in_parts) == expected


@pytest.mark.parametrize("seed", range(2))
def test_answers_are_what_generate_gives(make_session, images, seed):
    session = observe(make_session(seed), images[:9])
    for question in (QUESTION, "Which is nearer?\nOptions:\nA. chair\nB. table"):
        prompt = question if "\n" in question else f"{question}\n{WORD_REQUEST}"
        inputs, features = session.processor.encode_questions(prompt), offline(session, images[:9])
        ids = session.model.generate(**inputs, features=features, max_new_tokens=16, do_sample=False)
        words = session.processor.decode(ids[0, inputs["input_ids"].shape[1] :])
        assert session.ask(question, tools=False).text == words


def test_evidence_names_source_frames_heaviest_first(make_session, images):
    session = observe(make_session(), images[:9])
    torch.nn.init.constant_(session.model.memory.residual_gate, 0.5)  # so that slots are mixed from several frames
    session = observe(Session(session.halves), images[:9])
    answer = session.ask(QUESTION)
    weights = [seen.weight for seen in answer.evidence]
    assert sum(weights) == pytest.approx(1, abs=1e-5)
    assert weights == sorted(weights, reverse=True)
    slots = session._complete(session._stream).memory.context_slots().times.tolist()
    times = {seen.time for seen in answer.evidence}
    assert times <= {index / 2 for index in range(9)}
    assert times - set(slots), "a frame that the memory no longer holds still counts through what read it"
    assert answer.seconds > 0


def test_questions_leave_no_trace(make_session, images):
    quiet, asked = make_session(), make_session()
    observe(quiet, images[:6])
    for index, image in enumerate(images[:6]):
        asked.observe(image, index / 2)
        asked.ask(QUESTION)
    assert asked.ask(QUESTION).text == quiet.ask(QUESTION).text
    assert asked.ask(QUESTION).evidence == quiet.ask(QUESTION).evidence == quiet.ask(QUESTION).evidence


def test_new_frames_change_what_is_read(make_session, images):
    session = observe(make_session(), images[:5])
    before = session.ask(QUESTION)
    observe(session, images[5:9], start=5)
    after = session.ask(QUESTION)
    assert {seen.time for seen in before.evidence} != {seen.time for seen in after.evidence}


def test_what_is_kept_does_not_grow(make_session, images, monkeypatch):
    def size(value) -> int:
        if isinstance(value, torch.Tensor):
            return value.numel()
        if isinstance(value, tuple | list):
            return sum(map(size, value))
        return sum(size(part) for part in vars(value).values()) if hasattr(value, "__dict__") else 0

    monkeypatch.setattr(memory_log, "LONGEST", 6)
    monkeypatch.setattr(trajectory, "MOST", 8)
    monkeypatch.setattr(keyframe, "MOST", 6)
    session = observe(make_session(), images[:12])
    kept = size(replace(session._stream, log=memory_log.MemoryLog()))
    assert kept > 0
    observe(session, images[12:], start=12)
    assert session.frames == 23
    assert size(replace(session._stream, log=memory_log.MemoryLog())) == kept
    assert [write.frame for write in session.log] == [17, 18, 19, 20, 21, 22]
    assert session.trajectory.frames.tolist() == [0, 4, 8, 12, 16, 20]
    assert len(session._stream.log.held) <= 3 + 2  # capacity and window of the toy


def test_interleaved_sessions_give_what_each_gives_alone(make_session, images):
    first = make_session()
    second = Session(first.halves)
    for index in range(9):
        first.observe(images[index], index / 2)
        second.observe(images[22 - index], index / 2)
        if index in (3, 6):
            first.ask(QUESTION)
            second.ask("How large is it?")
    for session, seen in ((first, images[:9]), (second, images[:-10:-1])):
        alone = observe(make_session(), seen)
        assert contents(session) == contents(alone)
        assert told(session) == told(alone)


def test_a_fork_goes_its_own_way(make_session, images):
    parent = observe(make_session(), images[:7])
    before, answer = contents(parent), told(parent)
    child = parent.fork()
    assert contents(child) == before
    assert told(child) == answer
    observe(child, images[12:20], start=7)
    child.ask(QUESTION)
    assert contents(parent) == before
    assert told(parent) == answer
    other = observe(parent.fork(), images[7:9], start=7)
    assert contents(other) == contents(observe(make_session(), images[:9]))


def test_many_threads_share_a_model(make_session, images):
    """Sessions that watch and ask in three threads at once, one more that is asked while it watches."""
    base = make_session()
    shared = Session(base.halves)

    def run(number: int) -> tuple:
        session = Session(base.halves)
        replies = []
        for index in range(5):
            session.observe(images[(index + number) % 23], index / 2)
            replies.append(told(session))
            if number == 0:
                shared.observe(images[index], index / 2)
            elif shared.frames:
                shared.ask(QUESTION)
        return replies, contents(session)

    alone = [run(number) for number in range(3)]
    shared_alone, shared = told(shared), Session(base.halves)
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(run, range(3)))
    assert together == alone
    assert told(shared) == shared_alone
    assert base.model.language_backbone.config._attn_implementation == "sdpa"


def test_watch_reads_a_file(make_session, write_video, images):
    path = write_video(list(np.repeat(images[:6], 5, axis=0)))
    session, told = make_session(), []
    session.watch(path, progress=told.append)
    assert told == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    assert session.frames == 6
    assert session.ask(QUESTION).evidence
    assert set(session.spent) == {"decode", "encode", "memory", "objects"}
    assert all((seconds > 0) == (name != "objects") for name, seconds in session.spent.items()), "it has no eyes"
    with pytest.raises(ValueError, match="start a new one"):
        session.watch(path)
    session.watch(path, fps=5, continues=True)
    assert session.frames == 6 + 15
    assert session._stream.last_time == pytest.approx(2.5 + 0.2 + 2.8)
    faster = make_session()
    faster.watch(path, fps=5)
    assert faster.frames == 15


def test_watch_takes_only_what_is_new(make_session, write_video, images):
    path = write_video(list(np.repeat(images[:3], [3, 8, 5], axis=0)))
    session, told = make_session(), []
    session.watch(path, progress=told.append, only_new=True)
    assert told == pytest.approx([0.0, 0.3, 1.1, 1.5]), "the last one, too"
    session.watch(path, fps=5, continues=True, only_new=True)
    assert session.frames == 8 and session._stream.last_time == pytest.approx(1.5 + 0.2 + 1.4)


def test_a_folder_keeps_its_own_rate(make_session, tmp_path, images):
    for index, image in enumerate(images[:4]):
        Image.fromarray(image).save(tmp_path / f"{index}.png")
    for only_new in (False, True):
        told: list[float] = []
        make_session().watch(PictureFolder(tmp_path, 1.0), progress=told.append, only_new=only_new)
        assert told == [0.0, 1.0, 2.0, 3.0]
    session = observe(make_session(), images[:1])
    with pytest.raises(ValueError, match="above 0"):
        session.watch(tmp_path, fps=0.0, continues=True)


def test_misuse_is_refused(make_session, images, tmp_path):
    session = make_session()
    with pytest.raises(VideoError, match="no file"):
        session.watch(tmp_path / "none.mp4")
    session.observe(images[0], 1.0)
    with pytest.raises(ValueError, match="order of time"):
        session.observe(images[1], 0.5)
    with pytest.raises(ValueError, match="another shape"):
        session.observe(images[1].swapaxes(0, 1), 2.0)
    for wrong in (images[1] / 255, images[1][..., 0], np.dstack([images[1], images[1][..., :1]])):
        with pytest.raises(ValueError, match="RGB picture, uint8, height × width × 3; this is"):
            session.observe(wrong, 2.0)
    for never in (-1.0, 1.7e9, float("inf"), float("nan")):
        with pytest.raises(ValueError, match=f"cannot be at {never} s; give its seconds since the first"):
            session.observe(images[1], never)
    with pytest.raises(ValueError, match="most_tokens=0"):
        session.ask("How many?", most_tokens=0)
    for empty in ("", "  \n"):
        with pytest.raises(ValueError, match="question is empty"):
            session.ask(empty)
    assert session.frames == 1


def test_a_question_that_waits_is_about_what_was_seen_when_it_was_asked(make_session, images):
    session, asked = make_session(), make_session()
    for one in (session, asked):
        observe(one, images[:9])

    class Busy:
        def __enter__(self):
            observe(asked, images[9:14], start=9)

        def __exit__(self, *_):
            pass

    asked._asking = Busy()
    answer, expected = asked.ask("How many?"), session.ask("How many?")
    assert asked.frames == 14 and answer.evidence == expected.evidence and answer.text == expected.text


def test_a_picture_of_pillow_is_a_frame(make_session, images):
    session = make_session()
    session.observe(Image.fromarray(images[0]), 0.0)
    assert session.frames == 1


TRUE = [turned(24.0 * index, 0.01 * index) for index in range(30)]
LOST = 6  # the step after it goes wrong


@pytest.fixture
def wandering(make_session, monkeypatch) -> Session:
    """A session whose camera turns on the spot, twice, and is recognised where it was before."""
    monkeypatch.setattr(windows, "track", WanderingTracker(TRUE, LOST))
    session = make_session(memory_config={"window": 2, "capacity": 20})
    session.model.config.geometry_config.tracked = True
    return session


NUMBERED = np.stack([np.full((32, 48, 3), number, np.uint8) for number in range(len(TRUE))])


def test_a_place_seen_again_moves_all_that_was_placed_wrongly(wandering):
    lost = observe(wandering, NUMBERED[:13])
    before = _placed(lost)
    seen = lost.trajectory.frames.tolist()
    assert worst(lost.trajectory.world_from_camera.numpy()[-3:], [TRUE[frame] for frame in seen[-3:]]) > 39
    session = observe(lost, NUMBERED[13:], start=13)
    frames = session.trajectory.frames.numpy()
    right = frames != LOST
    found = session.trajectory.world_from_camera.numpy()[right]
    assert worst(found, [TRUE[frame] for frame in frames[right]]) < 3
    poses = dict(zip(frames.tolist(), session.trajectory.world_from_camera, strict=True))
    after = _placed(session)
    moved = [frame for frame in before.keys() & after if LOST < frame]
    assert moved
    for frame in moved:
        torch.testing.assert_close(after[frame][0][:3, :3], poses[frame][:3, :3], atol=1e-5, rtol=0)
        local = [transform(invert(pose), points[None])[0] for pose, points in (before[frame], after[frame])]
        torch.testing.assert_close(*local, atol=1e-4, rtol=0)


def _placed(session: Session) -> dict[int, tuple[torch.Tensor, torch.Tensor]]:
    """The pose and the coordinates of each frame in the memory."""
    slots = session._stream.memory.context_slots()
    return dict(zip(slots.frames.tolist(), zip(slots.world_from_camera, slots.coordinates, strict=True), strict=True))


@pytest.mark.parametrize("frames", [11, 22])
def test_a_saved_session_recognises_what_it_saw_before(wandering, tmp_path, frames):
    session = observe(wandering, NUMBERED[:frames])
    session.save(tmp_path / "room.vlm2mem")
    again = Session.open(tmp_path / "room.vlm2mem", LoadedModel("toy", tmp_path, session.halves))
    for one in (session, again):
        observe(one, NUMBERED[frames:], start=frames)
    assert contents(again) == contents(session)
    assert again._stream.windows.graph.edges


def test_a_stale_answer_is_that_of_the_last_whole_window(make_session, images, monkeypatch):
    """Without `fresh`, frames that wait for their window are not encoded; before the first window they are."""
    monkeypatch.setattr(windows.WindowState, "overlap", 1)
    session, whole = observe(make_session(), images[:1]), 0
    assert session.ask(QUESTION, fresh=False).evidence == (Evidence(0.0, 1.0),)
    for index in range(1, 12):
        observe(session, images[index : index + 1], start=index)
        if not session.stream.pictures:
            whole = index + 1
    assert 0 < whole < session.frames
    fresh, expected = session.ask(QUESTION), observe(make_session(), images[:whole]).ask(QUESTION)
    monkeypatch.setattr(session._encoder, "complete", lambda _: pytest.fail("encoded"))
    session._completed = Stream(), Stream()
    stale = session.ask(QUESTION, fresh=False)
    assert (stale.text, stale.evidence) == (expected.text, expected.evidence)
    assert (stale.seen_until, fresh.seen_until) == ((whole - 1) / 2, (session.frames - 1) / 2)
    kept = [shown.frame for shown in session.whole_windows.keyframes]
    assert session.whole_windows.frames == whole and max(kept) < whole
    assert session.whole_windows is session.whole_windows
