"""A hosted session: what waits, what is dropped or skipped, what is refused."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError

import numpy as np
import pytest
from sessions import contents, observe

from vlm2.models.windows import WindowState
from vlm2.serving.hosted import HostedSession
from vlm2.serving.limits import Limits, Refusal
from vlm2.video import Frame

QUESTION = "How many chairs are there?"


@pytest.fixture
def make_hosted(loaded):
    """Return a function that makes a hosted session without a worker."""

    def make(**limits) -> HostedSession:
        return HostedSession("one", loaded.session(), Limits(**limits), threading.Condition())

    return make


def work(hosted: HostedSession) -> int:
    """Take all frames that wait; return how many."""
    done = 0
    while (job := hosted.take_frame()) is not None:
        job()
        done += 1
    return done


def test_frames_are_taken_in_order_as_a_session_alone_takes_them(make_hosted, loaded, images) -> None:
    hosted = make_hosted(queue=20)
    assert all(hosted.push(image, index / 2) for index, image in enumerate(images[:11]))
    assert work(hosted) == 11
    assert contents(hosted.session) == contents(observe(loaded.session(), images[:11]))
    assert hosted.counts.received == hosted.counts.taken == 11


def test_a_full_queue_drops_the_oldest(make_hosted, images) -> None:
    hosted = make_hosted(queue=3)
    for index, image in enumerate(images[:8]):
        assert hosted.push(image, index / 2)
    assert hosted.describe()["waiting"] == 3 and hosted.counts.dropped == 5
    work(hosted)
    assert hosted.session.stream.last_time == 3.5 and hosted.session.frames == 3


def test_frames_that_come_too_fast_are_skipped(make_hosted, images) -> None:
    hosted = make_hosted(queue=20)
    kept = [hosted.push(images[0], index / 10) for index in range(20)]
    assert [index for index, was in enumerate(kept) if was] == [0, 5, 10, 15]
    assert hosted.counts.skipped == 16


def test_frames_that_show_nothing_new_are_skipped(make_hosted, images) -> None:
    hosted = make_hosted(queue=20, rate=10.0, only_new=True)
    shown = [images[0]] * 3 + [images[1]] * 21 + [images[2]]
    kept = [hosted.push(image, index / 10) for index, image in enumerate(shown)]
    assert [index for index, was in enumerate(kept) if was] == [0, 3, 13, 23], "a view lasts a second"
    assert hosted.counts.skipped == 21 and hosted.describe()["newest"] == 2.4


@pytest.mark.parametrize("time", [-0.1, float("nan"), float("inf"), 1e10])
def test_impossible_times_are_refused(make_hosted, images, time) -> None:
    with pytest.raises(Refusal, match="cannot be at") as refused:
        make_hosted().push(images[0], time)
    assert refused.value.status == 400


def test_a_step_back_is_refused_even_while_frames_wait(make_hosted, images) -> None:
    hosted = make_hosted()
    hosted.push(images[0], 3.0)
    with pytest.raises(Refusal, match="in order"):
        hosted.push(images[0], 2.0)


@pytest.mark.parametrize("waits", [True, False])
def test_a_frame_of_another_shape_is_refused_at_once_with_the_sizes_that_came(make_hosted, waits) -> None:
    hosted = make_hosted()
    hosted.push(np.zeros((540, 960, 3), np.uint8), 0.0)
    if not waits:
        work(hosted)
    with pytest.raises(Refusal, match=r"960×540 .* \(480×720\)") as refused:
        hosted.push(np.zeros((720, 480, 3), np.uint8), 9.0)
    assert (refused.value.status, refused.value.code) == (400, "bad_shape")
    assert hosted.push(np.zeros((360, 640, 3), np.uint8), 1.0), (
        "the same shape, and after the last frame that was taken"
    )
    work(hosted)
    assert (hosted.counts.received, hosted.counts.taken, hosted.counts.refused) == (2, 2, 0)


def test_a_restored_session_refuses_another_shape_too(make_hosted, images) -> None:
    hosted = make_hosted()
    observe(hosted.session, images[:1])
    with pytest.raises(Refusal, match=r"48×32 .* \(16×48\)"):
        hosted.push(np.zeros((48, 16, 3), np.uint8), 1.0)


def test_a_failing_model_is_counted_and_not_told_in_detail(make_hosted, images, monkeypatch, caplog) -> None:
    hosted = make_hosted()

    def fail(*_: object) -> None:
        raise RuntimeError("secret address")

    monkeypatch.setattr(hosted.session, "observe", fail)
    hosted.push(images[0], 0.0)
    work(hosted)
    assert hosted.counts.refused == 1 and "secret" not in hosted.problem and "secret" in caplog.text
    monkeypatch.undo()
    hosted.push(images[1], 1.0)
    work(hosted)
    assert hosted.describe()["problem"] is None, "the next good frame ends it"


def test_a_question_does_not_wait_unless_told(make_hosted, images) -> None:
    hosted = make_hosted()
    observe(hosted.session, images[:1])
    hosted.push(images[1], 1.0)
    hosted.push(images[2], 2.0)
    patient, hasty = hosted.ask(QUESTION, wait=True), hosted.ask(QUESTION)
    hosted.take_job()()
    assert hasty.done() and hosted.take_job() is None
    hosted.push(images[3], 3.0)  # after the question: it does not wait for this one
    hosted.take_frame()()
    assert hosted.take_job() is None
    hosted.take_frame()()
    hosted.take_job()()
    assert patient.done() and hosted.session.frames == 3


@pytest.fixture
def windowed(make_hosted, monkeypatch) -> HostedSession:
    """A hosted session whose first window has four frames, and whose second one has three more."""
    monkeypatch.setattr(WindowState, "overlap", 1)
    return make_hosted()


def test_while_frames_come_an_answer_is_of_whole_windows(windowed, images) -> None:
    for index, image in enumerate(images[:5]):
        windowed.push(image, index / 2)
    work(windowed)
    hasty, patient = windowed.ask(QUESTION), windowed.ask(QUESTION, wait=True)
    windowed.take_job()()
    windowed.take_job()()
    assert (hasty.result().seen_until, patient.result().seen_until) == (1.5, 2.0)


def test_after_a_video_an_answer_is_of_all_of_it(windowed, images) -> None:
    windowed.watch(film(images[:5]))
    work(windowed)
    answer = windowed.ask(QUESTION)
    windowed.take_job()()
    assert answer.result().seen_until == 2.0


def test_errors_reach_who_asked(make_hosted) -> None:
    hosted = make_hosted(questions=1)
    answer = hosted.ask(QUESTION)
    with pytest.raises(Refusal, match="wait in one already") as refused:
        hosted.ask(QUESTION)
    assert refused.value.status == 429
    hosted.take_job()()
    with pytest.raises(ValueError, match="has seen nothing yet"):
        answer.result()
    with pytest.raises(ValueError, match="empty"):
        hosted.ask(" ")


def test_a_cancelled_question_is_not_asked(make_hosted, images, monkeypatch) -> None:
    hosted = make_hosted()
    monkeypatch.setattr(hosted.session, "ask", lambda *_: pytest.fail("asked"))
    answer = hosted.ask(QUESTION)
    answer.cancel()
    hosted.take_job()()
    with pytest.raises(CancelledError):
        answer.result()


def film(images: np.ndarray):
    return (Frame(index / 2, image) for index, image in enumerate(images))


def test_a_video_is_watched_whole_after_what_was_seen(make_hosted, loaded, images) -> None:
    hosted = make_hosted(queue=2)
    hosted.push(images[0], 0.0)
    done = hosted.watch(film(images[1:9]))
    patient = hosted.ask(QUESTION, wait=True)
    with pytest.raises(Refusal, match="watching a video") as refused:
        hosted.push(images[0], 9.0)
    assert refused.value.status == 409
    with pytest.raises(Refusal, match="watching a video"):
        hosted.watch(film(images))
    hosted.take_frame()()
    assert hosted.take_job() is None and hosted.describe()["watching"]
    work(hosted)
    assert done.result() == 8 and not hosted.describe()["watching"]
    assert contents(hosted.session) == contents(observe(loaded.session(), images[:9]))
    hosted.take_job()()
    assert patient.done()
    with pytest.raises(Refusal, match="in order"):
        hosted.push(images[0], 3.9)


def test_a_broken_video_ends_with_its_error(make_hosted, images) -> None:
    hosted = make_hosted()

    def broken():
        yield Frame(0.0, images[0])
        raise ValueError("damaged")

    done = hosted.watch(broken())
    work(hosted)
    with pytest.raises(ValueError, match="damaged"):
        done.result()
    assert hosted.session.frames == 1 and hosted.push(images[1], 1.0)


def test_a_cancelled_video_ends(make_hosted, images) -> None:
    hosted = make_hosted()
    done = hosted.watch(film(images))
    hosted.take_frame()()
    done.cancel()
    assert work(hosted) == 1 and hosted.session.frames == 1


def test_a_closed_session_refuses_all(make_hosted, images) -> None:
    hosted = make_hosted()
    answer, done = hosted.ask(QUESTION), hosted.watch(film(images))
    step = hosted.take_frame()
    hosted.close()
    step()
    for future in (answer, done):
        with pytest.raises(Refusal, match="was deleted") as refused:
            future.result()
        assert refused.value.status == 404
    for use in (lambda: hosted.push(images[0], 0.0), lambda: hosted.ask(QUESTION), hosted.close):
        with pytest.raises(Refusal, match="was deleted"):
            use()


def test_limits_are_above_zero() -> None:
    with pytest.raises(ValueError, match="queue is 0"):
        Limits(queue=0)
