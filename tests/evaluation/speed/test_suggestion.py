"""What is suggested where a model does not fit, and how many frames the baseline has room for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vlm2.evaluation.speed.machine import find_card
from vlm2.evaluation.speed.plan import estimate
from vlm2.evaluation.speed.suggestion import most_frames, suggest
from vlm2.evaluation.speed.workload import Workload
from vlm2.models import preset
from vlm2.models.capacity import Components

CARD = find_card("4090")


@pytest.fixture(scope="module")
def model() -> Components:
    return Components(preset("7b"))


def test_suggestions_name_what_is_enough_alone_the_mildest_first(model):
    machine, workload = replace(CARD, memory=26e9), Workload(dtype="float32")
    assert not estimate(model, machine, workload).fits
    found = suggest(model, machine, workload)
    assert found[0].text.startswith("--dtype bfloat16")
    assert any(suggestion.fits for suggestion in found)
    for suggestion in found:
        assert suggestion.fits == (suggestion.peak <= 26e9)


def test_suggestions_join_what_is_not_enough_alone(model):
    alone = [suggestion.peak for suggestion in suggest(model, replace(CARD, memory=1e9), Workload())]
    last = suggest(model, replace(CARD, memory=min(alone) - 1e7), Workload())[-1]
    assert last.fits
    assert last.peak < min(alone)
    assert ", --" in last.text
    assert not any(suggestion.fits for suggestion in suggest(model, replace(CARD, memory=1e9), Workload()))


def test_too_many_tokens_do_not_fit_whatever_the_memory(model):
    huge = replace(CARD, memory=1e15)
    assert not estimate(model, huge, Workload(frames=1000), "baseline").fits
    most = most_frames(model, huge, Workload())
    assert estimate(model, huge, Workload(frames=most), "baseline").fits
    assert not estimate(model, huge, Workload(frames=most + 1), "baseline").fits
    assert most_frames(model, replace(CARD, memory=1e9), Workload()) == 0
