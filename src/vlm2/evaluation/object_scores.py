"""The scores of a run with an object memory, split by what answered: the objects, or the language model's guess."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from .benchmark import Benchmark
from .calibration import interval_coverage, risk_coverage
from .scores import Sample, summarise


def object_scores(benchmark: Benchmark, samples: Sequence[Sample]) -> dict[str, Any] | None:
    """Return the object memory's part of `scores.json`; None for a run without an object memory.

    `coverage` is the share of the questions that the objects answered, also by question type. `answered` sums up only
    the scores of those, and `refused_as_wrong` all scores, with 0 for a question that the objects refused. `statuses`
    counts the answers of the objects by status.
    """
    if not any(sample.answer for sample in samples):
        return None
    answered = [sample for sample in samples if by_objects(sample)]
    types: dict[str, list[bool]] = defaultdict(list)
    for sample in samples:
        types[sample.item.question_type].append(by_objects(sample))
    strict = [sample if by_objects(sample) else _wrong(sample) for sample in samples]
    rated = risk_coverage(answered)
    return {
        "answers": len(answered),
        "coverage": len(answered) / len(samples),
        "coverage_by_type": {name: sum(found) / len(found) for name, found in sorted(types.items())},
        "statuses": dict(sorted(Counter(sample.answer.status for sample in answered if sample.answer).items())),
        "answered": summarise(benchmark, answered),
        "refused_as_wrong": summarise(benchmark, strict),
        "confidence": None if rated is None else asdict(rated),
        "intervals": asdict(interval_coverage(answered)),
    }


def by_objects(sample: Sample) -> bool:
    """Return whether a query on the object memory gave the reply."""
    return sample.answer is not None and sample.answer.source == "objects"


def _wrong(sample: Sample) -> Sample:
    return replace(sample, values=dict.fromkeys(sample.values, 0.0))
