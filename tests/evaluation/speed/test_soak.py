"""The long watch: what it looks at, and what it counts."""

from __future__ import annotations

from itertools import chain, islice

import pytest
from toys import ToyVision, toy_model, toy_processor

from vlm2.evaluation.speed import soak
from vlm2.evaluation.speed.harness import SECOND_QUESTION, pictures
from vlm2.streaming import LoadedModel


@pytest.fixture
def loaded(tmp_path, monkeypatch) -> LoadedModel:
    processor = toy_processor()
    processor.max_pixels = ToyVision.max_pixels
    monkeypatch.setattr(soak, "ROUNDS", 3)
    return LoadedModel("toy", tmp_path, toy_model().eval(), processor)


def test_a_run_watches_asks_and_counts(loaded):
    reported = []
    figures = soak.run(loaded, 24, progress=reported.append)
    assert reported == list(range(1, 25))
    assert (figures.early.frames, figures.late.frames) == (6, 24)
    assert figures.own_tokens == len(loaded.processor.question_ids(SECOND_QUESTION))
    for cost in (figures.early, figures.late):
        assert cost.read_again == figures.own_tokens  # the memory is not read again
        assert cost.read_first > figures.own_tokens
        assert min(cost.frame_ms, cost.answer_seconds, cost.again_seconds) > 0
    assert figures.frame_ratio > 0 and figures.ask_ratio > 0 and figures.frames_a_second > 0
    assert figures.memory_ratio is None or figures.memory_ratio > 0


def test_a_fork_of_the_early_session_is_compared_with_the_late_one(loaded, monkeypatch):
    compared = []
    in_turn = soak._in_turn

    def compare(watchers, stride):
        early, late = watchers["early"], watchers["late"]
        compared.append((early.session.frames, late.session.frames))
        assert early.session is not late.session
        shown, rest = islice(pictures(None), 6, 7), early.images
        first = next(rest)
        assert (first == next(shown)).all()  # the frame behind the fork
        early.images = chain([first], rest)
        return in_turn(watchers, stride)

    monkeypatch.setattr(soak, "_in_turn", compare)
    soak.run(loaded, 24)
    assert compared == [(6, 24)]


def test_both_watch_and_answer_in_every_round(loaded):
    early, late = (soak._Watcher(loaded.session(), pictures(None)) for _ in range(2))
    seconds = soak._in_turn({"early": early, "late": late}, 2)
    assert {len(times) for parts in seconds.values() for times in parts.values()} == {soak.ROUNDS}
    assert early.session.frames == late.session.frames == 2 * (soak.ROUNDS + 1)


def test_too_short_a_run_is_refused(loaded):
    with pytest.raises(ValueError, match="too few"):
        soak.run(loaded, 15)
