"""Tests of the formulas."""

from __future__ import annotations

import pytest

from vlm2.benchmarks.metrics import best_constant, commonest, relative_accuracy


@pytest.mark.parametrize(
    ("prediction", "truth", "worth"),
    [
        (4, 4, 1.0),
        (2, 4, 0.1),
        (3, 4, 0.6),
        (9, 4, 0.0),
        (None, 4, 0.0),
        (0, 0, 1.0),
        (1, 0, 0.0),
        (float("nan"), 4, 0.0),
    ],
)
def test_relative_accuracy(prediction: float | None, truth: float, worth: float) -> None:
    assert relative_accuracy(prediction, truth) == pytest.approx(worth)


def test_strict_accuracy_refuses_the_boundary() -> None:
    assert relative_accuracy(2, 4, strict=True) == 0.0
    assert relative_accuracy(2, 4) == pytest.approx(0.1)


def test_best_constant_beats_every_truth() -> None:
    truths = [2.0, 3.0, 3.2, 5.0, 8.0]
    means = {value: sum(relative_accuracy(value, truth) for truth in truths) / len(truths) for value in truths}
    constant, worth = best_constant(truths)
    assert constant == max(means, key=lambda value: means[value])
    assert worth == pytest.approx(means[constant])


def test_commonest_breaks_ties_by_alphabet() -> None:
    assert commonest(["left", "right", "right", "left", "back"]) == ("left", 0.4)
