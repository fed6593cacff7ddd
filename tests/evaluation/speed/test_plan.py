"""The estimate of memory and time: what grows with the frames, what does not, and what fits."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from toys import GRID, STRIDE, toy_config

from vlm2.evaluation.speed.estimate import Component, Estimate
from vlm2.evaluation.speed.machine import REACHED, Machine, find_card
from vlm2.evaluation.speed.plan import estimate
from vlm2.evaluation.speed.workload import Workload
from vlm2.models import preset
from vlm2.models.capacity import Components

CARD = find_card("4090")


@cache
def components(model: str = "7b") -> Components:
    return Components(preset(model))


def plan(model: str = "7b", mode: str = "memory", machine: Machine = CARD, **workload) -> Estimate:
    return estimate(components(model), machine, Workload(**workload), mode)


def component(found: Estimate, name: str) -> Component:
    return next(part for part in found.components if part.name == name)


@pytest.mark.parametrize("model", ["mini", "7b"])
def test_memory_mode_is_flat_beyond_its_capacity_and_the_other_grows(model):
    few, many = ({mode: plan(model, mode, frames=frames) for mode in ("memory", "baseline")} for frames in (40, 4000))
    assert few["memory"].peak == many["memory"].peak
    assert few["memory"].tokens == many["memory"].tokens
    assert few["memory"].answering == many["memory"].answering
    assert many["baseline"].peak > 2 * few["baseline"].peak
    assert many["baseline"].tokens > 50 * few["baseline"].tokens
    assert many["memory"].watching == pytest.approx(100 * few["memory"].watching, rel=0.25)


def test_a_peak_is_weights_and_kept_memory_and_the_largest_component():
    found = plan(frames=100)
    parts = found.components
    assert found.weights == sum(part.weights for part in parts)
    others = found.peak - found.weights - sum(part.kept for part in parts) - CARD.reserved
    assert others == max(part.working for part in parts)
    assert found.watching == sum(part.seconds for part in parts if not part.answering)


def test_seconds_are_operations_at_the_peak_or_bytes_at_the_bandwidth():
    found = plan()
    video, answer = component(found, "prefill, video"), component(found, "answer decoding")
    assert video.seconds == pytest.approx(video.operations / (CARD.peak["bfloat16"] * REACHED))
    assert answer.seconds > 10 * answer.operations / (CARD.peak["bfloat16"] * REACHED)  # the weights are fetched
    half = component(plan(machine=replace(CARD, bandwidth=CARD.bandwidth / 2)), "answer decoding")
    assert half.seconds == pytest.approx(2 * answer.seconds)


def test_a_last_window_costs_its_share():
    one, two = (component(plan(frames=frames), "geometry encoder").operations for frames in (32, 40))
    assert two == pytest.approx(one * (40 + 3) / 32)


def test_an_unknown_machine_has_no_seconds_and_no_verdict():
    found = plan(machine=Machine("unknown"))
    assert found.fits
    assert found.watching is None and found.answering is None
    assert component(found, "video decoding").seconds is not None


def test_turning_something_down_takes_less():
    before = plan(dtype="float32")
    for change in ({"dtype": "bfloat16"}, {"quantize": "8bit"}, {"quantize": "4bit"}):
        assert plan(**{"dtype": "float32", **change}).weights < before.weights
    geometry = [component(plan(**c), "geometry encoder") for c in ({}, {"window": 8}, {"pixels": 90_000})]
    assert geometry[0].working > geometry[1].working
    assert geometry[0].working > geometry[2].working
    assert geometry[0].operations > geometry[2].operations
    assert plan(pooling=4).tokens < plan().tokens / 2


def test_quantised_matrices_take_a_byte_or_half_of_one():
    model, matrices = components(), sum(components().matrices())
    rest = 2 * (model.parameters["language_model"] - matrices)
    found = [component(plan(quantize=kind), "prefill, video").weights for kind in ("8bit", "4bit")]
    assert found == [pytest.approx(matrices + rest), pytest.approx(0.5625 * matrices + rest)]


def test_a_window_is_never_longer_than_the_encoder_has():
    assert plan("mini", window=100) == plan("mini")


def test_a_model_with_an_encoder_of_any_kind_is_estimated(toy_encoder):
    model = Components(toy_config())
    workload = Workload(height=GRID[0] * STRIDE, width=GRID[1] * STRIDE)
    found = [estimate(model, CARD, workload, mode) for mode in ("memory", "baseline")]
    assert all(part.seconds > 0 for mode in found for part in mode.components)
