"""Tests of VSI-Bench's scores against the outputs of public scorers and the published chance row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vlm2.benchmarks.metrics import COLUMNS, aggregate, best_constant, chance, commonest, relative_accuracy, score
from vlm2.questions.question import Question

PUBLISHED_CHANCE = (62.1, 32.0, 29.9, 33.1, 25.1, 47.9, 28.4, 25.2)


@pytest.fixture(scope="module")
def golden(shared: Path) -> list[dict]:
    return json.loads((shared / "data/benchmarks/golden_vsibench_scores.json").read_text())["rows"]


@pytest.mark.parametrize(
    ("scorer", "column"),
    [("official", "thinking_in_space"), ("official", "vlm3r"), ("number_words", "lmms_eval_75571cfe")],
)
def test_scores_equal_public_scorers(golden: list[dict], scorer: str, column: str) -> None:
    differing = [
        row
        for row in golden
        if score(row["question_type"], row["prediction"], row["ground_truth"], scorer) != pytest.approx(row[column])
    ]
    assert len(golden) == 5130
    assert differing == []


def test_chance_is_the_published_row(shared: Path) -> None:
    records = json.loads((shared / "data/benchmarks/vsi_bench_test.json").read_text())
    measured = chance([Question.from_vsi(record) for record in records])
    for task, published in zip(COLUMNS, PUBLISHED_CHANCE, strict=True):
        print(f"{task:24} chance {100 * measured[task]:5.1f}  published {published}")
        assert 100 * measured[task] == pytest.approx(published, abs=1.0)
    # The table's own average, 34.0, is not the mean of its columns; ours is.
    assert 100 * measured["overall"] == pytest.approx(sum(PUBLISHED_CHANCE) / 8, abs=0.3)


def test_aggregate_weighs_levels_and_tasks_alike() -> None:
    scores = [("object_counting", 1.0)] * 9 + [("object_rel_direction_easy", 1.0), ("object_rel_direction_hard", 0.0)]
    row = aggregate(scores)
    assert row["object_rel_direction"] == 0.5  # the medium level is absent
    assert row["overall"] == 0.75
    assert aggregate([]) == {}


@pytest.mark.parametrize(("reply", "worth"), [("b", 1), ("B.", 1), ("B. left", 1), (" B\n", 1), ("", 0), ("The B", 0)])
def test_letters(reply: str, worth: float) -> None:
    assert score("route_planning", reply, "B") == worth


def test_unknown_scorer_is_named() -> None:
    with pytest.raises(ValueError, match="official, number_words, strict"):
        score("route_planning", "A", "A", scorer="lenient")


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
