"""The long watch: what it looks at, and what it counts."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest
from toyeyes import toy_eyes
from toyruns import toy_loaded

from vlm2.evaluation.speed import soak
from vlm2.evaluation.speed.harness import SECOND_QUESTION, pictures
from vlm2.streaming import LoadedModel


@pytest.fixture
def loaded(monkeypatch) -> LoadedModel:
    monkeypatch.setattr(soak, "ROUNDS", 3)
    return toy_loaded()


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


def test_a_fork_of_the_early_session_takes_turns_with_the_late_one(loaded, monkeypatch):
    watchers, frames = {}, []
    take_turns = soak._round

    def one_round(name, watcher, stride):
        watchers[name] = watcher
        frames.append((name, watcher.session.frames))
        return take_turns(name, watcher, stride)

    monkeypatch.setattr(soak, "_round", one_round)
    soak.run(loaded, 24)
    assert frames == [("early", 6), ("late", 24)]
    watched = (soak.ROUNDS + 1) * len(watchers["late"].waiting)  # the first round is not counted
    assert [watchers[name].session.frames for name in ("early", "late")] == [6 + watched, 24 + watched]
    shown = next(islice(pictures(None), 6 + watched, None))
    assert (next(watchers["early"].images) == shown).all()  # the fork went on from the frame where it began


def test_tracks_are_those_of_the_object_memory(loaded):
    figures = soak.run(loaded, 24)
    assert (figures.early.tracks, figures.late.tracks) == (None, None)
    figures = soak.run(replace(loaded, eyes=toy_eyes()), 24)
    assert figures.early.tracks is not None and figures.late.tracks is not None


def test_too_short_a_run_is_refused(loaded):
    with pytest.raises(ValueError, match="too few"):
        soak.run(loaded, 15)
