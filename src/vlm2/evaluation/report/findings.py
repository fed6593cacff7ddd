"""What a report says of runs of one benchmark, computed once for the page and for the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float64

from ..benchmark import Item
from ..bootstrap import DRAWS, Comparison, Interval, compare, interval, resample
from ..scores import Run, Sample, by_length
from ..vsi_metrics import plain_number

WORST = 8
Table = Mapping[str, Interval]


@dataclass(frozen=True)
class Findings:
    """Runs side by side, the first being the one that is looked at most.

    `tables` has the interval of every value of each run's summary; `lengths` the same by the length of the videos;
    `comparisons` are by the places of two runs; `errors` has the relative errors (prediction − truth) / truth of each
    run, by numeric question type, NaN for a reply that is no number; `worst` are samples of the first run, with the
    replies of all runs.
    """

    runs: tuple[Run, ...]
    tables: tuple[Table, ...]
    lengths: tuple[Mapping[str, Table], ...]
    comparisons: Mapping[tuple[int, int], Comparison]
    errors: Mapping[str, tuple[Float64[np.ndarray, " samples"], ...]]
    worst: tuple[tuple[Item, tuple[str | None, ...]], ...]

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
    def labels(self) -> list[str]:
        """The runs' names, told apart by their folders where two have the same."""
        names = [run.name for run in self.runs]
        return [f"{run.name} ({run.folder.name})" if names.count(run.name) > 1 else run.name for run in self.runs]


def find_out(
    runs: Sequence[Run], draws: int = DRAWS, seed: int = 0, progress: Callable[[str], None] = lambda what: None
) -> Findings:
    """Compute what a report says. Raises ValueError where the runs are not of one benchmark, version and scorer."""
    check_same(runs)
    tables, lengths = [], []
    for run in runs:
        progress(f"Intervals of {run.name}")
        tables.append(table(run.samples, run.scores["summary"], run, draws, seed))
        scored = run.scores["lengths"]
        groups = by_length(run.samples)
        lengths.append({name: table(groups[name], scored[name]["summary"], run, draws, seed) for name in scored})
    comparisons = {}
    for one, other in combinations(range(len(runs)), 2):
        progress(f"{runs[one].name} against {runs[other].name}")
        first, second = runs[one], runs[other]
        headline = first.scores["headline"]
        found = compare(first.samples, second.samples, first.benchmark.summary, headline, draws, seed)
        if found is not None:
            comparisons[one, other] = found
    return Findings(tuple(runs), tuple(tables), tuple(lengths), comparisons, errors(runs), worst(runs))


def table(samples: Sequence[Sample], summary: Mapping[str, float], run: Run, draws: int, seed: int) -> Table:
    """Return the values of a summary with their intervals; bounds are NaN for what exists only of all together."""
    drawn = resample(samples, run.benchmark.summary, draws, seed)
    nothing = Interval(np.nan, np.nan, np.nan)
    return {
        name: interval(value, drawn[name]) if name in drawn else Interval(value, nothing.low, nothing.high)
        for name, value in summary.items()
    }


def check_same(runs: Sequence[Run]) -> None:
    """Raise ValueError, saying what differs, where runs cannot stand side by side."""
    if not runs:
        raise ValueError("Name the folder of a run, or of several: vlm2 eval report DIR...")
    for key in ("benchmark", "version", "scorer"):
        found = dict.fromkeys(str(run.scores[key]) for run in runs)
        if len(found) > 1:
            raise ValueError(f"These runs differ in their {key} ({', '.join(found)}); a report takes runs of one.")


def errors(runs: Sequence[Run]) -> dict[str, tuple[Float64[np.ndarray, " samples"], ...]]:
    """Return each run's relative errors by numeric question type."""
    kinds = sorted({s.item.question_type for run in runs for s in run.samples} & runs[0].benchmark.numbers)
    return {
        kind: tuple(
            np.array([relative_error(s) for s in run.samples if s.item.question_type == kind], np.float64)
            for run in runs
        )
        for kind in kinds
    }


def relative_error(sample: Sample) -> float:
    """Return (prediction − truth) / truth, or NaN where the reply is no number."""
    said, truth = plain_number(sample.prediction), float(sample.item.answers[0])
    return np.nan if said is None or truth == 0 else (said - truth) / truth


def worst(runs: Sequence[Run], most: int = WORST) -> tuple[tuple[Item, tuple[str | None, ...]], ...]:
    """Choose the samples in which the first run is most wrong: of every question type by turns, no video twice if that
    can be helped."""
    kinds: dict[str, list[Sample]] = {}
    for sample in sorted(runs[0].samples, key=_goodness):
        if worth(sample) < 0.5:
            kinds.setdefault(sample.item.question_type, []).append(sample)
    chosen: list[Sample] = []
    seen: set[str] = set()
    while len(chosen) < most and any(kinds.values()):
        for group in [group for _, group in sorted(kinds.items()) if group]:
            fresh = next((sample for sample in group if sample.item.group not in seen), group[0])
            group.remove(fresh)
            chosen.append(fresh)
            seen.add(fresh.item.group)
    replies = [{sample.item.id: sample.prediction for sample in run.samples} for run in runs]
    return tuple((s.item, tuple(reply.get(s.item.id) for reply in replies)) for s in chosen[:most])


def worth(sample: Sample) -> float:
    """Return what a sample is worth by its first value (0–1)."""
    return next(iter(sample.values.values()))


def _goodness(sample: Sample) -> tuple[float, float, str]:
    """Order samples from bad to good: by their worth, then numbers by how far off they are."""
    error = relative_error(sample) if sample.item.options is None and _numeric(sample) else 0.0
    return worth(sample), -abs(error) if error == error else -np.inf, sample.item.id


def _numeric(sample: Sample) -> bool:
    return plain_number(sample.item.answers[0]) is not None
