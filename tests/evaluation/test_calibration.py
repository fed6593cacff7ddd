"""Calibration by hand: halves of confidence, curves, and intervals that hold the truth or do not."""

import random
from dataclasses import replace

import pytest
from answered import answered, number

from vlm2.evaluation.calibration import half_a_digit, interval_coverage, risk_coverage


def test_the_halves_and_the_curve_follow_the_confidence():
    samples = [answered(score, sure) for score, sure in ((1.0, 0.9), (0.8, 0.7), (0.0, 0.2), (0.4, 0.1))]
    random.Random(0).shuffle(samples)
    found = risk_coverage(samples)
    assert found is not None
    assert (found.answers, found.upper, found.lower) == (4, pytest.approx(0.9), pytest.approx(0.2))
    curve = dict(found.curve)
    assert curve[0.05] == curve[0.25] == 1.0
    assert curve[0.5] == pytest.approx(0.9) and curve[0.55] == curve[0.75] == pytest.approx(0.6)
    assert curve[1.0] == pytest.approx(0.55)


def test_the_calibration_error_is_the_mean_difference_of_tenths():
    good = risk_coverage([answered(score, 0.5) for score in (1.0, 0.0) * 10])
    assert good is not None and good.error == pytest.approx(0.0)
    bold = risk_coverage([answered(score, sure) for score, sure in ((1.0, 1.0), (0.5, 0.9), (0.5, 0.2))])
    assert bold is not None and bold.error == pytest.approx((0.0 + 0.4 + 0.3) / 3)


def test_of_an_odd_number_the_middle_answer_is_in_no_half():
    found = risk_coverage([answered(1.0, 0.9), answered(0.5, 0.5), answered(0.0, 0.1)])
    assert found is not None and (found.upper, found.lower) == (1.0, 0.0)


def test_answers_of_one_confidence_have_no_order():
    for scores in ((1.0, 0.0, 1.0, 0.0), (0.0, 0.0, 1.0, 1.0)):
        found = risk_coverage([answered(score, 0.7) for score in scores])
        assert found is not None
        assert found.upper == found.lower == 0.5 and {score for _, score in found.curve} == {0.5}


def test_without_two_rated_answers_there_is_nothing_to_order():
    assert risk_coverage([answered(1.0, 0.9), answered(1.0, None)]) is None


def test_intervals_hold_the_truth_within_its_rounding():
    samples = [
        number("2.7", 2.4, 0.3, "distance"),
        number("2.7", 2.4, 0.2, "distance"),  # 0.25 to the nearest number that is rounded to 2.7
        number("2.7", 2.4, 0.25, "distance"),
        number("92", 93.0, 0.5, "size"),
        number("3", 3),  # counts have no interval
    ]
    found = interval_coverage(samples)
    assert (found.numbers, found.stated, found.held) == (5, 4, 0.75)
    assert found.types == {"distance": pytest.approx(2 / 3), "size": 1.0}


def test_only_numbers_have_intervals():
    choice = replace(number("A", "A", 1.0).item, options=("A. 1", "B. 2"))
    samples = [number("2", True, 1.0), number("2", "two", 1.0), replace(number("A", 2.0, 1.0), item=choice)]
    found = interval_coverage(samples)
    assert (found.numbers, found.stated, found.held) == (0, 0, None)


def test_half_a_digit():
    assert [half_a_digit(text) for text in ("92", "2.7", "2.75")] == pytest.approx([0.5, 0.05, 0.005])
