"""Calibration of computed probabilities: monotonic, bounded, and by operator."""

from __future__ import annotations

import pytest

from vlm2.objects import ObjectMap
from vlm2.query import operator_types, parse_call
from vlm2.query.calibration import CLIP, OFFSETS, calibrated


@pytest.mark.parametrize("name", OFFSETS)
def test_a_surer_answer_stays_surer(name: str) -> None:
    found = [calibrated(name, share / 10, 0) for share in range(11)]
    assert found == sorted(found) and 0 < found[0] < found[5] < found[-1] < 1
    assert calibrated(name, 0.0, 0) == calibrated(name, CLIP, 0), "nothing is surer than the bound"


def test_a_choice_may_be_right_by_chance() -> None:
    by_options = [calibrated("bearing", 0.3, options) for options in (0, 4, 2)]
    assert by_options == sorted(by_options) and by_options[0] < by_options[-1]


def test_only_operators_with_an_offset_change(flat: ObjectMap) -> None:
    assert set(OFFSETS) <= set(operator_types())
    assert calibrated("colour", 0.4, 4) == 0.4
    count = parse_call("count(chair)")
    assert flat.run(count).confidence == pytest.approx(calibrated("count", count.answer(flat).confidence, 0))


def test_no_answer_has_no_confidence(flat: ObjectMap) -> None:
    assert flat.run(parse_call("count(piano)")).confidence == 0.0
