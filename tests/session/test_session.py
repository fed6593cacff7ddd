"""Sessions: the same as the whole video at once, untouched by questions, of fixed size."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vlm2.questions.question import WORD_REQUEST
from vlm2.session import LoadedModel, Session
from vlm2.video import VideoError

QUESTION = "How many chairs are in this room?"


def observe(session: Session, images: np.ndarray, start: int = 0) -> Session:
    for index, image in enumerate(images, start):
        session.observe(image, index / 2)
    return session


def offline(session: Session, images: np.ndarray):
    """The features of all frames at once."""
    return session.model.encode(session.processor.resize(images), torch.arange(len(images)) / 2)


@pytest.mark.parametrize("frames", [1, 4, 5, 13])
def test_a_stream_sees_what_the_whole_video_shows(make_session, images, frames):
    session = observe(make_session(), images[:frames])
    stream = session._watcher.complete(session._stream)
    tokens, indices, times = session.model.slot_tokens(stream.memory, stream.grid)
    expected, expected_indices = session.model.frame_tokens(offline(session, images[:frames]))
    assert indices.tolist() == expected_indices.tolist()
    assert times.tolist() == [index / 2 for index in indices.tolist()]
    torch.testing.assert_close(tokens, expected, atol=2e-4, rtol=2e-4)


@pytest.mark.parametrize("seed", range(2))
def test_answers_are_what_generate_gives(make_session, images, seed):
    session = observe(make_session(seed), images[:9])
    for question in (QUESTION, "Which is nearer?\nOptions:\nA. chair\nB. table"):
        prompt = question if "\n" in question else f"{question}\n{WORD_REQUEST}"
        features = offline(session, images[:9])
        ids = session.model.generate(**session.processor(prompt), features=features, max_new_tokens=16, do_sample=False)
        assert session.ask(question).text == session.processor.decode(ids[0])


def test_evidence_is_the_attention_to_each_slot(make_session, images):
    session = observe(make_session(), images[:9])
    answer = session.ask(QUESTION)
    weights = [seen.weight for seen in answer.evidence]
    assert sum(weights) == pytest.approx(1, abs=1e-5)
    assert weights == sorted(weights, reverse=True)
    assert {seen.time for seen in answer.evidence} == set(session._watcher.slots(session._stream)[1])
    assert answer.seconds > 0

    features = offline(session, images[:9])
    model = session.model
    model.language_backbone.set_attn_implementation("eager")
    inputs = session.processor(f"{QUESTION}\n{WORD_REQUEST}")
    layers = model(**inputs, features=features, output_attentions=True).attentions
    tokens, frames = model.frame_tokens(features)
    start = inputs["input_ids"][0].tolist().index(model.config.video_token_id)
    attention = torch.stack(layers)[:, 0, :, -1].mean((0, 1))[start : start + tokens.shape[:2].numel()]
    shares = attention.unflatten(0, tokens.shape[:2]).sum(1)
    expected = dict(zip((frames / 2).tolist(), (shares / shares.sum()).tolist(), strict=True))
    assert {seen.time: seen.weight for seen in answer.evidence} == pytest.approx(expected, abs=1e-4)


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


def test_what_is_kept_does_not_grow(make_session, images):
    def size(value) -> int:
        if isinstance(value, torch.Tensor):
            return value.numel()
        if isinstance(value, tuple | list):
            return sum(map(size, value))
        return sum(size(part) for part in vars(value).values()) if hasattr(value, "__dict__") else 0

    session = observe(make_session(), images[:12])
    kept = size(session._stream)
    assert kept > 0
    observe(session, images[12:], start=12)
    assert size(session._stream) == kept
    assert session.frames == 23


def test_two_sessions_of_one_model_do_not_meet(make_session, images):
    first = make_session()
    second = Session(first.model, first.processor)
    observe(first, images[:7])
    with pytest.raises(ValueError, match="Nothing was seen"):
        second.ask(QUESTION)
    observe(second, images[7:12])
    alone = observe(make_session(), images[7:12])
    assert second.ask(QUESTION).evidence == alone.ask(QUESTION).evidence


def test_watch_reads_a_file(make_session, write_video, images):
    path = write_video(list(np.repeat(images[:6], 5, axis=0)))
    session, told = make_session(), []
    session.watch(path, progress=told.append)
    assert told == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    assert session.frames == 6
    assert session.ask(QUESTION).evidence
    assert set(session.spent) == {"decode", "encode", "memory"}
    assert all(seconds > 0 for seconds in session.spent.values())
    with pytest.raises(ValueError, match="start a new one"):
        session.watch(path)
    faster = make_session()
    faster.watch(path, fps=5)
    assert faster.frames == 15


def test_misuse_is_refused(make_session, images, tmp_path):
    session = make_session()
    with pytest.raises(VideoError, match="no file"):
        session.watch(tmp_path / "none.mp4")
    session.observe(images[0], 1.0)
    with pytest.raises(ValueError, match="order of time"):
        session.observe(images[1], 0.5)
    with pytest.raises(ValueError, match="order of time"):
        session.observe(images[1], float("nan"))
    with pytest.raises(ValueError, match="another shape"):
        session.observe(images[1].swapaxes(0, 1), 2.0)
    for empty in ("", "  \n"):
        with pytest.raises(ValueError, match="question is empty"):
            session.ask(empty)
    assert session.frames == 1


@pytest.mark.parametrize("frames", [2, 7])
def test_a_saved_session_goes_on_where_it_was(make_session, images, tmp_path, frames):
    session = observe(make_session(), images[:frames])
    loaded = LoadedModel("toy", tmp_path, session.model, session.processor)
    session.save(tmp_path / "room.vlm2mem")
    again = Session.open(tmp_path / "room.vlm2mem", loaded)
    assert again.ask(QUESTION).evidence == session.ask(QUESTION).evidence
    for one in (session, again):
        observe(one, images[frames:10], start=frames)
    assert again.frames == 10
    assert again.ask(QUESTION).evidence == session.ask(QUESTION).evidence


def test_foreign_files_are_not_opened(make_session, images, tmp_path):
    session = observe(make_session(), images[:2])
    loaded = LoadedModel("toy", tmp_path, session.model, session.processor)
    other = make_session(heads=4)
    path, text = tmp_path / "room.vlm2mem", tmp_path / "notes.txt"
    text.write_text("These are notes.")
    session.save(path)
    with pytest.raises(ValueError, match="no file"):
        Session.open(tmp_path / "none", loaded)
    with pytest.raises(ValueError, match="no session of format"):
        Session.open(text, loaded)
    with pytest.raises(ValueError, match="another model"):
        Session.open(path, LoadedModel("other", tmp_path, other.model, other.processor))
    with pytest.raises(ValueError, match="nothing to save"):
        make_session().save(path)
