"""Sessions with eyes: the same map however frames come, no leaks, saved and opened, and answers from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from places import WanderingTracker, turned, worst
from rooms_of_boxes import around, empty, seen, watched
from sessions import contents, observe
from toyeyes import ToyDetector, toy_eyes
from toyhome import ROOM

from vlm2.models import windows
from vlm2.objects import ObjectMap
from vlm2.questions.question import LETTER_REQUEST
from vlm2.slam.loop_closure import PoseCorrection
from vlm2.streaming import LoadedModel, Session, container, object_frames
from vlm2.streaming import memory_file as file
from vlm2.streaming.load import open_eyes
from vlm2.streaming.stream import _moved

NONSENSE = "Why is the sky so far from Tuesday?"


@pytest.fixture
def make_seeing(make_session):
    """Return a function that makes a session on the toy model with toy eyes."""

    def make(seed: int = 0, detector: ToyDetector | None = None) -> Session:
        plain = make_session(seed)
        return Session(plain.halves, eyes=toy_eyes(detector))

    return make


@pytest.fixture
def at_home(make_seeing, images) -> Session:
    """A session that remembers a made-up room."""
    session = observe(make_seeing(), images[:4])
    session._stream = replace(session._stream, objects=watched(ROOM, around(2.5, 2.0, 16)))
    return session


def loaded(session: Session) -> LoadedModel:
    return LoadedModel("toy", Path(), session.halves, session.eyes)


@pytest.mark.parametrize("frames", [3, 8, 13])
def test_the_map_does_not_depend_on_portions(make_seeing, images, frames, tmp_path) -> None:
    straight = observe(make_seeing(), images[:frames])
    pieces = observe(make_seeing(), images[: frames // 2])
    pieces = observe(pieces.fork(), images[frames // 2 : frames], start=frames // 2)
    asked = make_seeing()
    for index in range(frames):
        assert observe(asked, images[index : index + 1], start=index).objects is not None
    stored = observe(make_seeing(), images[: frames - 1])
    stored.save(tmp_path / "room.vlm2mem")
    stored = Session.open(tmp_path / "room.vlm2mem", loaded(stored))
    observe(stored, images[frames - 1 : frames], start=frames - 1)
    assert straight.objects.path
    for other in (pieces, asked, stored):
        assert other.objects == straight.objects
        assert contents(other) == contents(straight)


@pytest.mark.parametrize("frames", [8, 13])
def test_streaming_equals_offline(make_seeing, images, frames) -> None:
    session = observe(make_seeing(), images[:frames])
    streamed = session._complete(session._stream).objects
    encoder, pixels = session.model.frame_encoder, session.processor.video_processor.resize(images[:frames])
    geometry = encoder.windows.encode(encoder.inputs(pixels))
    eyes = session.eyes
    times = [index / 2 for index in range(frames)]
    found = eyes.detect(images[:frames], times)
    offline = eyes.observe(eyes.start(), found, images[:frames], geometry, times, 0)
    assert len(streamed.tracks) == len(offline.tracks) > 1
    for one, other in zip(streamed.tracks, offline.tracks, strict=True):
        assert (one.id, one.sightings, one.missed, dict(one.apart)) == (
            other.id,
            other.sightings,
            other.missed,
            dict(other.apart),
        )
        assert np.allclose(one.centre, other.centre, atol=1e-3)


def test_a_fork_goes_its_own_way(make_seeing, images) -> None:
    session = observe(make_seeing(), images[:8])
    before, fork = session.objects, session.fork()
    assert fork.objects == before
    observe(fork, images[8:16], start=8)
    assert fork.objects != before and session.objects == before
    observe(session, images[16:20], start=8)
    assert fork.objects == observe(make_seeing(), images[:16]).objects


def test_two_sessions_of_one_model_do_not_leak(make_seeing, images) -> None:
    first = make_seeing()
    second = Session(first.halves, eyes=first.eyes)
    for index in range(9):  # in turn
        observe(first, images[index : index + 1], start=index)
        observe(second, images[index + 10 : index + 11], start=index)
    assert first.objects == observe(make_seeing(), images[:9]).objects
    assert second.objects == observe(make_seeing(), images[10:19]).objects
    assert first.objects != second.objects


def test_a_closed_loop_moves_the_tracks_of_a_session_and_merges_what_became_one(at_home) -> None:
    """Two rounds of a room, the second one believed 1.5 m aside: its things are doubled until the loop is closed."""
    walk, memory = around(2.5, 2.0, 16) * 2, empty()
    aside = np.eye(4)
    aside[:2, 3] = 1.5, 0.5
    for frame, pose in enumerate(walk):
        memory = memory.observe(seen(ROOM, pose, frame, believed=aside @ pose if frame >= 16 else pose))
    stream = replace(at_home._stream, objects=memory)
    motion = np.stack([np.eye(4)] * 16 + [np.linalg.inv(aside)] * 16)
    closed = _moved(stream, PoseCorrection(np.arange(32), motion), 1.0)
    assert len(stream.object_map().tracks) > len(ROOM.boxes)
    assert closed.objects is not None and stream.objects is memory, "the stream before stays as it was"
    assert all(np.allclose(pose, walk[frame]) for frame, pose in closed.objects.poses.items())
    assert sorted(t.label for t in closed.object_map().tracks) == sorted(box.label for box in ROOM.boxes)


def test_the_keyframes_of_tracks_are_where_a_recognised_place_puts_the_camera(make_seeing, monkeypatch) -> None:
    path = [turned(24.0 * index, 0.01 * index) for index in range(30)]
    monkeypatch.setattr(windows, "track", WanderingTracker(path, 6))
    session = make_seeing()
    session.model.config.geometry_config.tracked = True
    numbered = np.stack([np.full((32, 48, 3), number, np.uint8) for number in range(len(path))])
    lost = observe(session.fork(), numbered[:13])
    found = observe(lost.fork(), numbered[13:], start=13)
    before, after = lost._stream.objects.poses, found._stream.objects.poses
    moved = [frame for frame in before.keys() & after if not np.allclose(before[frame], after[frame])]
    true = [path[frame] for frame in moved]
    assert worst([before[frame] for frame in moved], true) > 20 > 3 > worst([after[frame] for frame in moved], true)

    up = np.array([0.0, -1.0, 0.1]) / np.hypot(1.0, 0.1)  # what the toy eyes see in every frame
    shown = [
        up @ key.up for key in found._stream.windows.graph.keyframes
    ]  # means over frames that the camera turned in
    assert min(shown) > 0.99


def test_a_session_without_eyes_or_frames_has_an_empty_map(make_session, make_seeing, images) -> None:
    assert observe(make_session(), images[:5]).objects == ObjectMap() == make_session().objects
    assert make_seeing().objects == ObjectMap()


def test_the_map_is_built_once_for_a_moment(make_seeing, images) -> None:
    session = observe(make_seeing(), images[:5])
    assert session.objects is session.objects
    before = session.objects
    observe(session, images[5:9], start=5)
    assert session.objects is not before


def test_frames_of_one_time_make_a_map(make_seeing, images) -> None:
    session = make_seeing()
    for image, time in zip(images[:5], (0.0, 0.5, 0.5, 0.5, 1.0), strict=True):
        session.observe(image, time)
    assert session.objects.path.times == (0.0, 0.5, 1.0)


def test_saved_objects_come_back(at_home, tmp_path) -> None:
    path = tmp_path / "room.vlm2mem"
    at_home.save(path)
    eyes = toy_eyes(ToyDetector(at_home._stream.objects.labels))
    again = Session.open(path, replace(loaded(at_home), eyes=eyes))
    assert again.objects == at_home.objects and len(again.objects.tracks) == 4
    blind = Session.open(path, replace(loaded(at_home), eyes=None))
    assert blind.objects == at_home.objects
    assert blind.ask("How many chairs are there?").text == "2"
    assert map_in(file.read(path)) == [track.label for track in at_home.objects.tracks]


def map_in(stream) -> list[str]:
    return [stream.objects.labels[t.label] for t in sorted(stream.objects.tracks, key=lambda t: -t.evidence.sum())]


def test_a_memory_of_other_eyes_is_refused(at_home, tmp_path) -> None:
    at_home.save(tmp_path / "room.vlm2mem")
    with pytest.raises(ValueError, match="made with other eyes than toy"):
        Session.open(tmp_path / "room.vlm2mem", loaded(at_home))


def test_a_memory_opens_with_the_eyes_that_watched(make_seeing, images, tmp_path, monkeypatch) -> None:
    path, words = tmp_path / "room.vlm2mem", ("sofa", "bed")
    watched_by = observe(make_seeing(detector=ToyDetector(words)), images[:9])
    watched_by.save(path)
    others = loaded(make_seeing())
    with pytest.raises(ValueError, match=r"the eyes that watched \(toy\)"):
        Session.open(path, others)
    monkeypatch.setattr(object_frames, "load_detector", lambda name, runtime: {"toy": ToyDetector(words)}[name])
    again = Session.open(path, replace(others, eyes=replace(toy_eyes(), name="others")))
    assert again.eyes is not None and again.eyes.name == "toy" and again.eyes.words == words
    assert again.objects == watched_by.objects
    observe(again, images[9:12], start=9)
    assert again.objects == observe(watched_by, images[9:12], start=9).objects


def test_no_frame_waits_in_the_file_of_a_video_that_ended(make_seeing, images, tmp_path) -> None:
    session, path = observe(make_seeing(), images[:3]), tmp_path / "room.vlm2mem"
    session.save(path)
    assert file.read(path).objects is None
    session.save(path, ended=True)
    stream = file.read(path)
    assert stream.object_map() == session.objects and not stream.pictures
    observe(Session.open(path, loaded(session)), images[3:9], start=3)  # it still goes on


def test_files_from_before_the_objects_still_load(make_session, make_seeing, images, tmp_path) -> None:
    old = observe(make_session(), images[:8])
    tensors, record = file.pack(old._stream)
    del record["objects"]
    path = tmp_path / "old.vlm2mem"
    container.write(path, tensors, {**record, "model": file.Identity.of(old.model).to_json()})
    again = Session.open(path, loaded(make_seeing()))
    assert contents(again) == contents(old)
    answer = again.ask("How many chairs are there?")
    assert answer.source == "tokens" and answer.status == "guess"
    observe(again, images[8:14], start=8)
    assert again.objects.path and again._complete(again._stream).objects is not None


def test_objects_answer_with_value_unit_and_evidence(at_home) -> None:
    counted = at_home.ask("How many chairs are there?")
    assert (counted.text, counted.value, counted.status, counted.source) == ("2", 2, "ok", "objects")
    assert counted.sentence and counted.query and 0 < counted.confidence <= 1
    assert sum(seen.weight for seen in counted.evidence) == pytest.approx(1)
    measured = at_home.ask("How tall is the bed?")
    assert measured.source == "objects" and measured.unit and measured.value > 0
    assert measured.evidence and measured.uncertainty is not None
    distant = at_home.ask("How far is the bed from the table?")
    assert (distant.unit, distant.status) == ("m", "ok") and distant.value == pytest.approx(1.3, abs=0.1)


def test_what_was_not_seen_is_said(at_home) -> None:
    answer = at_home.ask("Where is the sofa?")
    assert answer.source == "objects" and answer.status == "not_seen"
    assert "sofa" in answer.sentence and not answer.evidence


def test_other_questions_are_refused_and_get_a_guess_marked_as_such_on_request(at_home) -> None:
    refused = at_home.ask(NONSENSE)
    assert (refused.source, refused.status, refused.text) == ("objects", "unsupported", refused.sentence)
    answer = at_home.ask(NONSENSE, guess=True)
    assert (answer.source, answer.status, answer.confidence) == ("tokens", "guess", None)
    assert answer.text == at_home.ask(NONSENSE, tools=False).text
    assert answer.sentence.endswith(f"The language model guesses: {answer.text}".strip())


def test_a_guess_is_given_on_request_only(at_home) -> None:
    question = "Where is the sofa?"
    assert at_home.ask(question).source == "objects"
    guess = at_home.ask(question, guess=True)
    assert (guess.source, guess.status) == ("tokens", "guess")
    assert "sofa" in guess.sentence
    assert at_home.ask("How many chairs are there?", guess=True).source == "objects"


def test_an_answer_that_is_none_of_the_options_is_no_answer_for_a_benchmark(at_home) -> None:
    prompt = f"How many chairs are there?\nOptions:\nA. 7\nB. 8\n{LETTER_REQUEST}"
    assert at_home.ask(prompt).text == "2"
    guess = at_home.ask(prompt, guess=True)
    assert (guess.source, guess.status) == ("tokens", "guess") and guess.sentence.startswith("I count 2 chairs")


def test_without_tools_the_tokens_answer(at_home) -> None:
    answer = at_home.ask("How many chairs are there?", tools=False)
    assert answer.source == "tokens" and answer.status == "guess" and answer.value is None


def test_options_are_answered_with_a_letter(at_home) -> None:
    prompt = f"How many chairs are there?\nOptions:\nA. 1\nB. 2\nC. 3\n{LETTER_REQUEST}"
    assert at_home.ask(prompt).text == "B"


def test_the_time_for_objects_is_counted(make_seeing, images) -> None:
    assert observe(make_seeing(), images[:5]).spent["objects"] > 0


def test_eyes_are_opened_by_name(make_session) -> None:
    model = make_session().model
    assert open_eyes(None, model) is open_eyes("none", model) is None
    assert open_eyes("auto", model) is None, "the toy model has another vision encoder"
    with pytest.raises(ValueError, match="No detector is called 'eagle'|need a geometry encoder"):
        open_eyes("eagle", model)


def test_eyes_leave_the_tokens_as_they_are(make_session, make_seeing, images) -> None:
    blind, seeing = observe(make_session(), images[:9]), observe(make_seeing(), images[:9])
    one, other = (s._complete(s._stream).memory.to_tensors() for s in (blind, seeing))
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())
