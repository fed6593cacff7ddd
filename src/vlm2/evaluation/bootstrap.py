"""Confidence intervals and paired tests by bootstrap.

Whole videos are resampled, since the questions about one video are not independent. Two runs over the same videos with
the same seed have the same draws, so their differences are paired.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from jaxtyping import Float64

from .benchmark import Summary
from .scores import Sample

DRAWS = 1000
LEVEL = 0.95

Draws = Mapping[str, Float64[np.ndarray, " draws"]]
"""A summary's values in every draw, by name; NaN in a draw without such questions."""


@dataclass(frozen=True)
class Interval:
    """A value with the bounds of its confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """The difference of two runs, first minus second, and the two-sided p value of no difference.

    `questions` and `videos` count those that both runs answered.
    """

    difference: Interval
    p: float
    questions: int
    videos: int


def resample(samples: Sequence[Sample], summary: Summary, draws: int = DRAWS, seed: int = 0) -> Draws:
    """Draw as many videos as there are, with replacement, and sum up their samples. Repeat it `draws` times."""
    groups: dict[str, list] = {}
    for sample in samples:
        groups.setdefault(sample.item.group, []).append((sample.item.question_type, sample.values))
    names = sorted(groups)
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(draws):
        chosen = rng.integers(len(names), size=len(names))
        rows.append(summary(chain.from_iterable(groups[names[index]] for index in chosen)))
    return {name: np.array([row.get(name, np.nan) for row in rows]) for name in dict.fromkeys(chain(*rows))}


def interval(value: float, draws: Float64[np.ndarray, " draws"]) -> Interval:
    """Return the percentile interval of a value, at `LEVEL`."""
    low, high = np.nanquantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(value, float(low), float(high))


def compare(
    first: Sequence[Sample], second: Sequence[Sample], summary: Summary, name: str, draws: int = DRAWS, seed: int = 0
) -> Comparison | None:
    """Compare one value of the summary of two runs on the questions that both answered; None where there are none.

    The p value is twice the smaller share of draws on either side of zero, each counted with one more draw.
    """
    common = {sample.item.id for sample in first} & {sample.item.id for sample in second}
    pair = [[sample for sample in samples if sample.item.id in common] for samples in (first, second)]
    values = [summary((s.item.question_type, s.values) for s in samples).get(name) for samples in pair]
    if values[0] is None or values[1] is None:
        return None
    one, other = (resample(samples, summary, draws, seed)[name] for samples in pair)
    differences = one - other
    counted = differences[~np.isnan(differences)]
    sides = [(1 + int((counted <= 0).sum())), (1 + int((counted >= 0).sum()))]
    return Comparison(
        interval(values[0] - values[1], counted),
        min(1.0, 2 * min(sides) / (len(counted) + 1)),
        len(pair[0]),
        len({sample.item.group for sample in pair[0]}),
    )
