"""Debiasing: the score on the questions whose answer the text alone does not give away.

A text-only respondent answers from the question's words: a run of `blind:MODEL`, or else the best constant answer of
each question type (`chance`), chosen on the run's own questions. The text gives an answer away where this respondent's
score is at least 0.5: the right option or words, or a number with a relative accuracy of 0.5 or more. Such questions
are left out, and so are those that the text-only run did not answer. The rest is summed up as the benchmark does.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

from .benchmark import Benchmark
from .predictions import Prediction
from .scores import Sample, sample_of, score_of, summarise

GIVEN_AWAY = 0.5
CHANCE = "chance"


def open_questions(text_only: Sequence[Sample]) -> frozenset[str]:
    """Return the ids of the questions that a text-only respondent scores below 0.5."""
    return frozenset(sample.item.id for sample in text_only if score_of(sample) < GIVEN_AWAY)


def chance_samples(benchmark: Benchmark, samples: Sequence[Sample], scorer: str) -> list[Sample]:
    """Return the samples of the best constant answers to the same questions."""
    items = [sample.item for sample in samples]
    replies = benchmark.chance(items)
    return [sample_of(Prediction(item, replies[item.id]), benchmark, scorer) for item in items]


def debiased(samples: Sequence[Sample], questions: Set[str]) -> list[Sample]:
    """Return the samples of these questions."""
    return [sample for sample in samples if sample.item.id in questions]


def debiased_scores(benchmark: Benchmark, samples: Sequence[Sample], scorer: str) -> dict[str, Any]:
    """Return the debiased part of `scores.json`, by the constant answers."""
    kept = debiased(samples, open_questions(chance_samples(benchmark, samples, scorer)))
    return {"text_only": CHANCE, "questions": len(kept), "summary": summarise(benchmark, kept)}
