"""Scores split by what answered: the objects, or the language model where they refused."""

from dataclasses import replace

import pytest
from answered import ITEMS, answered
from toyruns import TOY

from vlm2.evaluation.object_scores import object_scores
from vlm2.evaluation.predictions import Prediction, StoredAnswer, read_predictions
from vlm2.evaluation.scores import Sample

GUESS = {"source": "tokens", "status": "guess"}


def test_refusals_count_as_answered_by_nobody_and_as_wrong():
    samples = [
        answered(0.8, 0.9, 0),  # counting
        answered(1.0, None, 1, **GUESS),  # distance
        answered(1.0, 0.4, 2, status="ambiguous"),  # direction
        answered(0.5, None, 5, **GUESS),  # direction
    ]
    found = object_scores(TOY, samples)
    assert found is not None
    assert (found["answers"], found["coverage"]) == (2, 0.5)
    assert found["coverage_by_type"] == {"counting": 1.0, "direction": 0.5, "distance": 0.0}
    assert found["statuses"] == {"ambiguous": 1, "ok": 1}
    assert found["answered"] == {"counting": 0.8, "direction": 1.0, "overall": pytest.approx(0.9)}
    strict = {"counting": 0.8, "distance": 0.0, "direction": 0.5, "overall": pytest.approx(1.3 / 3)}
    assert found["refused_as_wrong"] == strict
    assert found["confidence"]["upper"] == 0.8 and found["confidence"]["lower"] == 1.0


def test_a_run_without_an_object_memory_has_no_such_scores():
    assert object_scores(TOY, [Sample(ITEMS[0], "3", {"score": 1.0})]) is None


def test_objects_that_refuse_everything():
    found = object_scores(TOY, [answered(1.0, None, 0, **GUESS)])
    assert found is not None
    assert found["answered"] == {} and found["coverage"] == 0.0 and found["confidence"] is None
    assert found["intervals"]["held"] is None


def test_a_stored_answer_is_read_as_it_was_written(tmp_path):
    answer = StoredAnswer("objects", "ok", ("door", "bed"), None, 0.25, 0.5, "order([door, bed])", "The door, the bed.")
    with_answer = Prediction(replace(ITEMS[0], video=None), "B", 7, answer)
    without = Prediction(replace(ITEMS[1], video=None), "3", 7)
    (tmp_path / "predictions.jsonl").write_bytes(with_answer.to_line() + without.to_line())
    assert list(read_predictions(tmp_path).values()) == [with_answer, without]
    assert b'"answer"' not in without.to_line()
