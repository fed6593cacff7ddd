"""Samples with answers of an object memory, made up."""

from __future__ import annotations

from dataclasses import replace

from toyruns import load

from vlm2.evaluation.predictions import StoredAnswer
from vlm2.evaluation.scores import Sample

ITEMS = load().items


def answered(score: float, confidence: float | None = None, number: int = 0, **given) -> Sample:
    """Return a sample with this score, answered by the objects unless `given` names another source."""
    answer = StoredAnswer(**{"source": "objects", "status": "ok", "confidence": confidence, **given})
    return Sample(ITEMS[number], "", {"score": score}, answer)


def number(truth: str, value: object, uncertainty: float | None = None, question_type: str = "counting") -> Sample:
    """Return a sample whose objects answered a number."""
    item = replace(ITEMS[0], options=None, answers=(truth,), question_type=question_type)
    return Sample(item, "", {"score": 1.0}, StoredAnswer("objects", "ok", value, uncertainty=uncertainty))
