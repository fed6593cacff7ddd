"""VSI-Bench's rules, one by one; `test_vsi_bench` compares them with public scorers."""

from __future__ import annotations

import pytest

from vlm2.evaluation.vsi_metrics import aggregate, best_constant, commonest, relative_accuracy, score, strict


def test_aggregate_weighs_levels_and_tasks_alike() -> None:
    scores = [("object_counting", 1.0)] * 9 + [("object_rel_direction_easy", 1.0), ("object_rel_direction_hard", 0.0)]
    row = aggregate(scores)
    assert row["object_rel_direction"] == 0.5  # the medium level is absent
    assert row["overall"] == 0.75
    assert aggregate([]) == {}


@pytest.mark.parametrize(("reply", "worth"), [("b", 1), ("B.", 1), ("B. left", 1), (" B\n", 1), ("", 0), ("The B", 0)])
def test_letters(reply: str, worth: float) -> None:
    assert score("route_planning", reply, "B") == worth


def test_unknown_rule_is_named() -> None:
    with pytest.raises(ValueError, match="official, number_words, strict"):
        score("route_planning", "A", "A", rule="lenient")


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
    assert strict("object_counting", "6", "4") == 0.0  # an error of exactly half
    assert strict("object_counting", "5", "4") == pytest.approx(0.5)  # a quarter: passes 0.50 to 0.70, not 0.75
    assert strict("object_counting", "5 chairs", "4") == pytest.approx(0.5)
    assert strict("route_planning", "a.", "A") == 1.0


def test_best_constant_beats_every_truth() -> None:
    truths = [2.0, 3.0, 3.2, 5.0, 8.0]
    means = {value: sum(relative_accuracy(value, truth) for truth in truths) / len(truths) for value in truths}
    constant, worth = best_constant(truths)
    assert constant == max(means, key=lambda value: means[value])
    assert worth == pytest.approx(means[constant])


def test_commonest_breaks_ties_by_alphabet() -> None:
    assert commonest(["left", "right", "right", "left", "back"]) == ("left", 0.4)
