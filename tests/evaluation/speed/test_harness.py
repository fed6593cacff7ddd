"""Timers, pictures and medians that all measurements share."""

from __future__ import annotations

from itertools import islice

import numpy as np
from toyruns import toy_loaded

from vlm2.evaluation.speed.harness import QUESTION, median_ratio, pictures, time_in_turn, timed
from vlm2.slam import tracking


def test_a_model_is_timed_and_left_as_it_was():
    model, track = toy_loaded().model, tracking.track
    session = toy_loaded().session()
    with timed(model, session) as timing:
        for index, image in enumerate(islice(pictures(), 4)):
            session.observe(image, index / 2)
        answer = session.ask(QUESTION, 2)
    decoding = timing.seconds.pop("video decoding")
    assert decoding == 0  # the frames are arrays
    assert timing.seconds.keys() == {"vision encoder", "geometry encoder", "representation", "memory", "projector"}
    assert all(seconds > 0 for seconds in timing.seconds.values())
    assert sum(tokens for tokens, _ in timing.prefills) >= answer.prefilled
    assert all(tokens == 1 for tokens, _ in timing.steps)
    owners = (model.vision, model.geometry, model.representation, model.projector, model.language_backbone)
    assert all(not {"forward", "encode"} & vars(owner).keys() for owner in owners)
    assert tracking.track is track


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    assert median_ratio([2.0, 9.0, 3.0], [1.0, 3.0, 1.0]) == 3.0


def test_all_are_timed_in_every_round() -> None:
    calls: list[str] = []
    runs = {("fp32", name): (lambda name=name: calls.append(name)) for name in "ab"}
    seconds = time_in_turn(runs, 2, 3)
    assert calls == ["a", "a", "a", "b", "b", "b"] * 3
    assert [len(times) for times in seconds.values()] == [2, 2]
    assert np.min(list(seconds.values())) > 0


def test_the_pattern_drifts_and_never_ends():
    first, second = islice(pictures(), 2)
    assert first.shape == (480, 640, 3)
    assert (first[:, :-8] == second[:, 8:]).all()
    assert (next(islice(pictures(), 480, None)) == first).all()  # there and back again


def test_a_video_starts_over(write_video):
    path = write_video(list(np.random.default_rng(0).integers(0, 255, (10, 32, 48, 3), dtype=np.uint8)))  # 1 s
    frames = list(islice(pictures(path), 5))
    assert (frames[0] == frames[2]).all() and not (frames[0] == frames[1]).all()
