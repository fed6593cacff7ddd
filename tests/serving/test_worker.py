"""The worker takes fair turns."""

from __future__ import annotations

import threading
from collections import Counter

from vlm2.serving.hosted import HostedSession
from vlm2.serving.limits import Limits
from vlm2.serving.worker import FrameWorker


def hosted_with(worker: FrameWorker, loaded, images, id: str, frames: int) -> HostedSession:
    hosted = HostedSession(id, loaded.session(), Limits(queue=50), worker.ready)
    for index in range(frames):
        hosted.push(images[index % 4], index / 2)
    worker.add(hosted)
    return hosted


def test_a_busy_session_does_not_starve_the_others(loaded, images) -> None:
    worker, order = FrameWorker(), Counter()
    sessions = [hosted_with(worker, loaded, images, id, frames) for id, frames in (("a", 20), ("b", 5), ("c", 5))]
    for _ in range(15):
        worker.take()()
    order = {hosted.id: hosted.counts.taken for hosted in sessions}
    assert order == {"a": 5, "b": 5, "c": 5}
    for _ in range(15):
        worker.take()()
    assert sessions[0].counts.taken == 20 and worker.take() is None


def test_questions_and_frames_take_turns(loaded, images) -> None:
    worker = FrameWorker()
    one, other = (hosted_with(worker, loaded, images, id, 4) for id in "ab")
    answers = [one.ask("How many chairs are there?") for _ in range(3)] + [other.ask("How many chairs are there?")]
    done = []
    for _ in range(8):
        worker.take()()
        done.append((one.counts.taken + other.counts.taken, sum(answer.done() for answer in answers)))
    assert done == [(0, 1), (1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (3, 4), (4, 4)]
    assert answers[3].done() and answers[2].done()


def test_a_removed_session_takes_no_turn(loaded, images) -> None:
    worker = FrameWorker()
    hosted = hosted_with(worker, loaded, images, "a", 2)
    worker.remove(hosted)
    assert worker.take() is None


def test_the_worker_goes_on_after_an_error(loaded, images, monkeypatch, caplog) -> None:
    worker, done = FrameWorker(), threading.Event()
    hosted = hosted_with(worker, loaded, images, "a", 0)

    def update(_: object) -> None:
        if hosted.counts.taken == 2:
            done.set()
        raise RuntimeError("broken board")

    monkeypatch.setattr(hosted.events, "update", update)
    worker.start()
    hosted.push(images[0], 0.0)
    hosted.push(images[1], 1.0)
    assert done.wait(10)
    worker.stop()
    assert "broken board" in caplog.text
