"""The scores of a run: of each sample, summed up as the benchmark defines it, and by the length of the videos."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .benchmark import Benchmark, Item, Values, find
from .predictions import Prediction, StoredAnswer, read_predictions
from .receipt import read_receipt

SCORES = "scores.json"
LENGTHS = {"short": (0.0, 60.0), "mid": (60.0, 120.0), "long": (120.0, float("inf"))}
"""Videos by their seconds: under a minute, one to two, over two."""


@dataclass(frozen=True)
class Sample:
    """An item, the reply to it, and the reply's scores. `answer` is as in `Prediction`."""

    item: Item
    prediction: str
    values: Values
    answer: StoredAnswer | None = None


def sample_of(prediction: Prediction, benchmark: Benchmark, scorer: str) -> Sample:
    """Score a prediction."""
    values = benchmark.scorer(scorer)(prediction.item, prediction.text)
    return Sample(prediction.item, prediction.text, values, prediction.answer)


def score_of(sample: Sample) -> float:
    """Return a sample's first value (0–1)."""
    return next(iter(sample.values.values()))


def length_name(seconds: float | None) -> str | None:
    """Return the name of a video's length; None where its seconds are unknown."""
    if seconds is None:
        return None
    return next(name for name, (least, most) in LENGTHS.items() if least <= seconds < most)


def by_length(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    """Group samples by the length of their videos, shortest first; those of unknown length are left out."""
    groups: dict[str | None, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(length_name(sample.item.length), []).append(sample)
    return {name: groups[name] for name in LENGTHS if name in groups}


def score_run(benchmark: Benchmark, samples: Sequence[Sample], scorer: str) -> dict[str, Any]:
    """Return the scores of a run as `scores.json` holds them (0–1). Only the whole run has the corpus's metrics."""
    summary = summarise(benchmark, samples)
    if benchmark.corpus is not None and samples:
        summary |= benchmark.corpus([(sample.item, sample.prediction) for sample in samples])
    return {
        "benchmark": benchmark.name,
        "version": benchmark.version,
        "scorer": scorer,
        "headline": benchmark.headline,
        "questions": len(samples),
        "types": dict(sorted(Counter(sample.item.question_type for sample in samples).items())),
        "summary": summary,
        "lengths": {
            name: {"questions": len(group), "summary": summarise(benchmark, group)}
            for name, group in by_length(samples).items()
        },
    }


def summarise(benchmark: Benchmark, samples: Sequence[Sample]) -> dict[str, float]:
    """Sum up samples as their benchmark does."""
    return benchmark.summary((sample.item.question_type, sample.values) for sample in samples)


@dataclass(frozen=True)
class Run:
    """A finished run, read from its folder."""

    folder: Path
    benchmark: Benchmark
    receipt: Mapping[str, Any]
    scores: Mapping[str, Any]
    samples: tuple[Sample, ...]

    @property
    def name(self) -> str:
        """The model's name."""
        return self.receipt["name"]


def read_run(out: Path) -> Run:
    """Read a finished run. Raises ValueError for a folder without a run, and for an unfinished run."""
    receipt = read_receipt(out)
    if not (out / SCORES).is_file():
        raise ValueError(f"The run in {out} is not finished; the command that began it goes on with it.")
    benchmark = find(receipt["run"]["benchmark"]["name"])
    scores = json.loads((out / SCORES).read_text("utf-8"))
    samples = tuple(sample_of(prediction, benchmark, scores["scorer"]) for prediction in read_predictions(out).values())
    return Run(out, benchmark, receipt, scores, samples)
