"""VSI-Bench's rules, one by one; `test_vsi_bench` compares them with public scorers."""

from __future__ import annotations

import pytest

from vlm2.evaluation.benchmark import Item
from vlm2.evaluation.vsi_metrics import RULES, best_constant, commonest, relative_accuracy, task_summary
from vlm2.questions.tasks import columns


def scored(kind: str, *values: float) -> list[tuple[str, dict[str, float]]]:
    return [(kind, {"score": value}) for value in values]


def score(reply: str, truth: str, rule: str = "official", options: tuple[str, ...] | None = None) -> float:
    return RULES[rule](Item("1", None, "scene", "toy", "q", "q", options, (truth,)), reply)["score"]


def test_levels_and_tasks_weigh_alike() -> None:
    scores = scored("object_counting", *[1.0] * 9)
    scores += scored("object_rel_direction_easy", 1.0) + scored("object_rel_direction_hard", 0.0)
    row = task_summary(scores, columns("vsi"))
    assert row["object_rel_direction"] == 0.5  # the medium level is absent
    assert row["overall"] == 0.75
    assert list(row)[:3] == ["overall", "object_counting", "object_rel_direction"]
    assert task_summary([], columns("vsi")) == {}


def test_a_type_of_no_table_is_a_task_of_its_own() -> None:
    row = task_summary(scored("object_counting", 1.0) + scored("mood", 0.0, 1.0), columns("vsi"))
    assert row == {"overall": 0.75, "object_counting": 1.0, "mood": 0.5}


@pytest.mark.parametrize(
    ("reply", "expected"), [("b", 1), ("B.", 1), ("B. left", 1), (" B\n", 1), ("", 0), ("The B", 0)]
)
def test_letters(reply: str, expected: float) -> None:
    assert score(reply, "B", options=("A. right", "B. left")) == expected


@pytest.mark.parametrize(("reply", "expected"), [("Living room.", 1), ("living", 0), ("", 0)])
def test_words_are_compared_as_a_whole(reply: str, expected: float) -> None:
    assert score(reply, "living room") == expected


@pytest.mark.parametrize(
    ("prediction", "truth", "expected"),
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
def test_relative_accuracy(prediction: float | None, truth: float, expected: float) -> None:
    assert relative_accuracy(prediction, truth) == pytest.approx(expected)


def test_strict_accuracy_refuses_the_boundary() -> None:
    assert relative_accuracy(2, 4, strict=True) == 0.0
    assert relative_accuracy(2, 4) == pytest.approx(0.1)
    assert score("6", "4", "strict") == 0.0  # an error of exactly half
    assert score("5", "4", "strict") == pytest.approx(0.5)  # a quarter: passes 0.50 to 0.70, not 0.75
    assert score("5 chairs", "4", "strict") == pytest.approx(0.5)
    assert score("a.", "A", "strict", ("A. left", "B. right")) == 1.0


def test_best_constant_beats_every_truth() -> None:
    truths = [2.0, 3.0, 3.2, 5.0, 8.0]
    means = {value: sum(relative_accuracy(value, truth) for truth in truths) / len(truths) for value in truths}
    constant, accuracy = best_constant(truths)
    assert constant == max(means, key=lambda value: means[value])
    assert accuracy == pytest.approx(means[constant])


def test_commonest_breaks_ties_by_alphabet() -> None:
    assert commonest(["left", "right", "right", "left", "back"]) == "left"
