"""The formulas of the spatial benchmarks: what one answer is worth, and what one says without looking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np

CONFIDENCES = np.linspace(0.50, 0.95, 10)
"""The confidences θ of the mean relative accuracy; an answer passes one when its relative error is at most 1 − θ."""


def relative_accuracy(prediction: float | None, truth: float, *, strict: bool = False) -> float:
    """Return the share of confidences at which a number's relative error is small enough (MRA, 0–1).

    None (no number found) is worth 0. `strict` asks for an error below 1 − θ instead of at most. A truth of 0 is met
    by 0 alone.
    """
    if prediction is None:
        return 0.0
    if truth == 0:
        return float(prediction == 0)
    error = abs(prediction - truth) / truth
    passed = error < 1 - CONFIDENCES if strict else error <= 1 - CONFIDENCES
    return float(passed.mean())


def best_constant(truths: Sequence[float]) -> tuple[float, float]:
    """Return which of the (positive) truths is the best constant answer to all, and its mean relative accuracy."""
    values = np.asarray(truths, dtype=np.float64)
    tried = np.unique(values)
    errors = np.abs(tried[:, None] - values[None]) / values[None]
    scores = np.mean([(errors <= 1 - confidence).mean(axis=1) for confidence in CONFIDENCES], axis=0)
    return float(tried[scores.argmax()]), float(scores.max())


def commonest(answers: Iterable[str]) -> tuple[str, float]:
    """Return the commonest answer (the first by alphabet of several) and its share (0–1)."""
    counts = Counter(answers)
    answer = min(counts, key=lambda text: (-counts[text], text))
    return answer, counts[answer] / counts.total()


Scorer = Callable[[str, str, str], float]
"""A score (0–1) from a question's type, the model's reply and the truth."""
