"""Calibration of the object memory: does the confidence order its answers, do the stated intervals hold the truth?"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from jaxtyping import Float64

from .scores import Sample, score_of

TENTHS = 10
SHARES = tuple(step / 20 for step in range(1, 21))


@dataclass(frozen=True)
class RiskCoverage:
    """Scores by confidence. `lower` and `upper` are the mean scores of the less and the more confident half of the
    `answers`; of an odd number, the middle one is in neither. `curve` gives, for shares of the answers, the mean score
    of the most confident ones; the risk is 1 minus that. `error` is the expected calibration error: the mean
    difference of confidence and score, over tenths of the answers by confidence."""

    answers: int
    lower: float
    upper: float
    error: float
    curve: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class IntervalCoverage:
    """How often an interval holds the truth. `numbers` counts the numeric answers, `stated` those with an interval,
    `held` is the share of these that hold the truth, None without any. `types` is the same by question type."""

    numbers: int
    stated: int
    held: float | None
    types: Mapping[str, float]


def risk_coverage(samples: Sequence[Sample]) -> RiskCoverage | None:
    """Sort answers by their confidence; None for fewer than two answers that have one.

    Answers of one confidence have no order: each counts with their mean score.
    """
    rated = [
        (sample.answer.confidence, score_of(sample))
        for sample in samples
        if sample.answer is not None and sample.answer.confidence is not None
    ]
    if len(rated) < 2:
        return None
    scores: list[float] = []
    for _, group in groupby(sorted(rated, key=lambda pair: -pair[0]), key=lambda pair: pair[0]):
        tied = [score for _, score in group]
        scores += [sum(tied) / len(tied)] * len(tied)
    ordered: Float64[np.ndarray, " answers"] = np.array(scores)
    half = len(ordered) // 2
    curve = tuple((share, float(ordered[: math.ceil(share * len(ordered) - 1e-9)].mean())) for share in SHARES)
    stated: Float64[np.ndarray, " answers"] = np.array(sorted((sure for sure, _ in rated), reverse=True))
    tenths = zip(np.array_split(stated, TENTHS), np.array_split(ordered, TENTHS), strict=True)
    off = sum(abs(float(sure.sum() - score.sum())) for sure, score in tenths)
    return RiskCoverage(
        answers=len(ordered),
        lower=float(ordered[-half:].mean()),
        upper=float(ordered[:half].mean()),
        error=off / len(ordered),
        curve=curve,
    )


def interval_coverage(samples: Sequence[Sample]) -> IntervalCoverage:
    """Count the numeric answers whose stated 90 % interval holds the truth.

    The truth of a question is rounded, so an interval also holds it where it comes within half a unit of the last digit
    that the truth is written with.
    """
    numbers, found = 0, defaultdict(list)
    for sample in samples:
        answer = sample.answer
        if answer is None or not sample.item.numeric:
            continue
        if not isinstance(answer.value, int | float) or isinstance(answer.value, bool):
            continue
        numbers += 1
        if answer.uncertainty is not None:
            truth = sample.item.answers[0]
            reach = answer.uncertainty + half_a_digit(truth) + 1e-9
            found[sample.item.question_type].append(abs(answer.value - float(truth)) <= reach)
    held = [one for group in found.values() for one in group]
    types = {name: sum(group) / len(group) for name, group in sorted(found.items())}
    return IntervalCoverage(numbers, len(held), sum(held) / len(held) if held else None, types)


def half_a_digit(number: str) -> float:
    """Return half a unit of the last digit of a written number: 0.05 for "2.7", 0.5 for "92"."""
    return 0.5 * 10.0 ** -len(number.partition(".")[2])
