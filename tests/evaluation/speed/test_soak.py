"""The long watch: what it looks at, and what it counts."""

from __future__ import annotations

from itertools import islice

import pytest
from toys import ToyVision, toy_model, toy_processor

from vlm2.evaluation.speed import soak
from vlm2.evaluation.speed.harness import SECOND_QUESTION, pictures
from vlm2.streaming import LoadedModel


@pytest.fixture
def loaded(tmp_path) -> LoadedModel:
    processor = toy_processor()
    processor.video_processor.max_pixels = ToyVision.max_pixels
    return LoadedModel("toy", tmp_path, toy_model().eval(), processor)


def test_a_run_watches_asks_and_counts(loaded):
    reported = []
    figures = soak.run(loaded, 24, progress=reported.append)
    assert reported == list(range(1, 25))
    assert (figures.first_ask.frame, figures.last_ask.frame) == (6, 24)
    for timing in (figures.first_ask, figures.last_ask):
        assert timing.own_tokens == len(loaded.processor.question_ids(SECOND_QUESTION))
        assert timing.read_again == timing.own_tokens  # the memory is not read again
        assert timing.read_first > timing.own_tokens
    assert figures.frame_ratio == pytest.approx(figures.late_ms / figures.early_ms)
    assert figures.frame_ratio_in_turn > 0 and figures.ask_ratio_in_turn > 0
    assert figures.memory_ratio is None or figures.memory_ratio > 0


def test_a_fork_of_the_early_session_is_compared_with_the_late_one(loaded, monkeypatch):
    compared = []

    def in_turn(old, young, frames, stride):
        compared.append((old.index, young.index, frames))
        assert young.session is not old.session and young.session.frames == 6
        shown = next(islice(pictures(None), 6, None))
        assert (next(young.images) == shown).all()  # what the session saw then
        return 1.0, 2.0

    monkeypatch.setattr(soak, "_in_turn", in_turn)
    figures = soak.run(loaded, 24)
    assert compared == [(24, 6, 6)]
    assert (figures.frame_ratio_in_turn, figures.ask_ratio_in_turn) == (1.0, 2.0)


@pytest.mark.parametrize("turn", [0, 1])
def test_each_is_timed_first_every_other_time(loaded, turn):
    old, young = (soak._Watcher(loaded.session(), pictures(None)) for _ in range(2))
    timed = []

    def seconds(one):
        timed.append(one)
        return 3.0 if one is old else 2.0

    assert soak._ratio(old, young, turn, seconds) == 1.5
    assert timed == ([young, old] if turn else [old, young])


def test_the_issue_names_the_spans_of_a_long_run():
    assert soak.SoakSchedule.of(10_000) == soak.SoakSchedule((300, 800), (9500, 10_000), 500, 1000)


def test_too_short_a_run_is_refused(loaded):
    with pytest.raises(ValueError, match="too few"):
        soak.run(loaded, 15)
