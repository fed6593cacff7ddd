"""The numbers of a report on runs of one benchmark, computed once for the page and for the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Float64

from ..benchmark import Item
from ..bootstrap import DRAWS, Comparison, Interval, compare, interval, resample
from ..scores import Run, Sample, by_length, score_of, summarise
from ..text_bias import CHANCE, chance_samples, debiased, open_questions
from ..vsi_metrics import plain_number

SHOWN_ERRORS = 8
Table = Mapping[str, Interval]


@dataclass(frozen=True)
class ReportData:
    """Runs side by side. The first is the subject of the report.

    `tables` holds the interval of every value of each run's summary, and `lengths` the same by the length of the
    videos. `debiased` is the same on the questions whose answer the text alone does not give away, as the respondent
    `text_only` decides (`evaluation.text_bias`); the first run has `debiased_questions` of them. `comparisons` is keyed
    by the indices of two runs. `errors` holds the relative errors of each run, (prediction − truth) / truth, by numeric
    question type; NaN for a reply that is no number. `largest_errors` are items that the first run answers wrongly,
    with the replies of all runs.
    """

    runs: tuple[Run, ...]
    tables: tuple[Table, ...]
    lengths: tuple[Mapping[str, Table], ...]
    debiased: tuple[Table, ...]
    debiased_questions: int
    text_only: str
    comparisons: Mapping[tuple[int, int], Comparison]
    errors: Mapping[str, tuple[Float64[np.ndarray, " samples"], ...]]
    largest_errors: tuple[tuple[Item, tuple[str | None, ...]], ...]

    @property
    def headline(self) -> str:
        """The name of the value by which runs are compared."""
        return self.runs[0].scores["headline"]

    @property
    def names(self) -> list[str]:
        """The names of the summaries' values, the headline first."""
        found = dict.fromkeys(name for run in self.runs for name in run.scores["summary"])
        return sorted(found, key=lambda name: name != self.headline)

    @property
    def with_objects(self) -> list[tuple[int, Mapping[str, Any]]]:
        """The indices of the runs with an object memory, each with the objects' part of its scores."""
        return [(index, run.scores["objects"]) for index, run in enumerate(self.runs) if "objects" in run.scores]

    @property
    def length_names(self) -> list[str]:
        """The names of the lengths of the videos that a run has."""
        return list(dict.fromkeys(name for tables in self.lengths for name in tables))

    @property
    def labels(self) -> list[str]:
        """The runs' names, followed by their folders where two runs have the same name."""
        names = [run.name for run in self.runs]
        return [f"{run.name} ({run.folder.name})" if names.count(run.name) > 1 else run.name for run in self.runs]


def collect(
    runs: Sequence[Run], draws: int = DRAWS, seed: int = 0, progress: Callable[[str], None] = lambda step: None
) -> ReportData:
    """Compute a report's numbers. Raises ValueError where the runs are not of one benchmark, version and scorer."""
    _check_same(runs)
    tables, lengths, comparisons = [], [], {}
    for run in runs:
        progress(f"Intervals of {run.name}")
        tables.append(_table(run.samples, run.scores["summary"], run, draws, seed))
        scores, groups = run.scores["lengths"], by_length(run.samples)
        lengths.append({name: _table(groups[name], scores[name]["summary"], run, draws, seed) for name in scores})
    for (one, first), (other, second) in combinations(enumerate(runs), 2):
        progress(f"{first.name} against {second.name}")
        headline = first.scores["headline"]
        found = compare(first.samples, second.samples, first.benchmark.summary, headline, draws, seed)
        if found is not None:
            comparisons[one, other] = found
    progress("Questions that the text alone does not answer")
    text_only, kept = _not_given_away(runs)
    parts = [(run, debiased(run.samples, kept)) for run in runs]
    return ReportData(
        runs=tuple(runs),
        tables=tuple(tables),
        lengths=tuple(lengths),
        debiased=tuple(
            _table(part, summarise(run.benchmark, part), run, draws, seed) if part else {} for run, part in parts
        ),
        debiased_questions=len(parts[0][1]),
        text_only=text_only,
        comparisons=comparisons,
        errors=_errors(runs),
        largest_errors=largest_errors(runs),
    )


def _not_given_away(runs: Sequence[Run]) -> tuple[str, frozenset[str]]:
    """Return the ids of the questions that a text-only respondent answers wrongly, after its name: the first blind run,
    or else the best constant answers to the first run's questions."""
    blind = next((run for run in runs if run.name.partition(":")[0] == "blind"), None)
    if blind is not None:
        return blind.name, open_questions(blind.samples)
    first = runs[0]
    return CHANCE, open_questions(chance_samples(first.benchmark, first.samples, first.scores["scorer"]))


def _table(samples: Sequence[Sample], summary: Mapping[str, float], run: Run, draws: int, seed: int) -> Table:
    """Return a summary's values with their intervals; bounds are NaN for a metric of the whole corpus."""
    drawn = resample(samples, run.benchmark.summary, draws, seed)
    return {
        name: interval(value, drawn[name]) if name in drawn else Interval(value, np.nan, np.nan)
        for name, value in summary.items()
    }


def _check_same(runs: Sequence[Run]) -> None:
    for key in ("benchmark", "version", "scorer"):
        found = dict.fromkeys(str(run.scores[key]) for run in runs)
        if len(found) > 1:
            raise ValueError(f"These runs differ in their {key} ({', '.join(found)}); a report takes runs of one.")


def _errors(runs: Sequence[Run]) -> dict[str, tuple[Float64[np.ndarray, " samples"], ...]]:
    """Return each run's relative errors by question type, of the types whose answers are all numbers."""
    samples = [sample for run in runs for sample in run.samples]
    worded = {sample.item.question_type for sample in samples if not sample.item.numeric}
    numeric = sorted({sample.item.question_type for sample in samples} - worded)
    return {
        name: tuple(
            np.array([relative_error(s) for s in run.samples if s.item.question_type == name], np.float64)
            for run in runs
        )
        for name in numeric
    }


def relative_error(sample: Sample) -> float:
    """Return (prediction − truth) / truth, or NaN where the reply is no number or the truth is 0."""
    prediction, truth = plain_number(sample.prediction), float(sample.item.answers[0])
    return np.nan if prediction is None or truth == 0 else (prediction - truth) / truth


def largest_errors(runs: Sequence[Run]) -> tuple[tuple[Item, tuple[str | None, ...]], ...]:
    """Choose at most `SHOWN_ERRORS` items that the first run answers worst. Question types take turns; each video once
    if possible."""
    by_type: dict[str, list[Sample]] = {}
    for sample in sorted(runs[0].samples, key=_order):
        if score_of(sample) < 0.5:
            by_type.setdefault(sample.item.question_type, []).append(sample)
    chosen: list[Sample] = []
    videos: set[str] = set()
    while len(chosen) < SHOWN_ERRORS and any(by_type.values()):
        for group in [group for _, group in sorted(by_type.items()) if group]:
            sample = next((sample for sample in group if sample.item.group not in videos), group[0])
            group.remove(sample)
            chosen.append(sample)
            videos.add(sample.item.group)
    replies = [{sample.item.id: sample.prediction for sample in run.samples} for run in runs]
    return tuple((s.item, tuple(reply.get(s.item.id) for reply in replies)) for s in chosen[:SHOWN_ERRORS])


def _order(sample: Sample) -> tuple[float, float, str]:
    """Return the key that sorts samples from bad to good: the score, then the size of a number's error."""
    error = relative_error(sample) if sample.item.numeric else 0.0
    return score_of(sample), -np.inf if np.isnan(error) else -abs(error), sample.item.id
