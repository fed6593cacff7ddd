"""Scores of a run: of every sample, summed up as the benchmark does, and by the length of the videos."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from .benchmark import Benchmark, Item, Values, find
from .predictions import Row, locked, read_rows, write_whole
from .receipt import read_receipt

SCORES = "scores.json"
LENGTHS = {"short": (0.0, 60.0), "mid": (60.0, 120.0), "long": (120.0, float("inf"))}
"""Videos by their seconds: under a minute, one to two, over two."""


@dataclass(frozen=True)
class Sample:
    """An item, the reply it got, and what the reply is worth."""

    item: Item
    prediction: str
    values: Values


def row_of(item: Item, prediction: str, frames: int) -> Row:
    """Return what is written of a reply: the whole item but where its video lies, the reply, the frames seen."""
    row = asdict(replace(item, video=None))
    del row["video"]
    return row | {"prediction": prediction, "frames_seen": frames}


def sample_of(row: Mapping[str, Any], benchmark: Benchmark, scorer: str) -> Sample:
    """Read a written row and score it."""
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    prediction, _ = fields.pop("prediction"), fields.pop("frames_seen")
    item = Item(video=None, **fields)
    return Sample(item, prediction, benchmark.scorer(scorer)(item, prediction))


def length_name(seconds: float | None) -> str | None:
    """Name a video's length; None where its seconds are not known."""
    if seconds is None:
        return None
    return next(name for name, (least, most) in LENGTHS.items() if least <= seconds < most)


def by_length(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    """Group samples by the length of their videos, shortest first; those of unknown length are left out."""
    groups: dict[str, list[Sample]] = {name: [] for name in LENGTHS}
    for sample in samples:
        if (name := length_name(sample.item.length)) is not None:
            groups[name].append(sample)
    return {name: group for name, group in groups.items() if group}


def summarise(benchmark: Benchmark, samples: Sequence[Sample]) -> dict[str, float]:
    """Return the benchmark's summary of samples, with what exists only of all together."""
    summary = benchmark.summary((sample.item.question_type, sample.values) for sample in samples)
    if benchmark.corpus is not None and samples:
        summary |= benchmark.corpus([(sample.item, sample.prediction) for sample in samples])
    return summary


def score_run(benchmark: Benchmark, samples: Sequence[Sample], scorer: str) -> dict[str, Any]:
    """Return the scores of a run as `scores.json` holds them (0–1)."""
    types = Counter(sample.item.question_type for sample in samples)
    return {
        "benchmark": benchmark.name,
        "version": benchmark.version,
        "scorer": scorer,
        "headline": benchmark.headline,
        "questions": len(samples),
        "types": dict(sorted(types.items())),
        "summary": summarise(benchmark, samples),
        "lengths": {
            name: {
                "questions": len(group),
                "summary": benchmark.summary((s.item.question_type, s.values) for s in group),
            }
            for name, group in by_length(samples).items()
        },
    }


def write_scores(out: Path, scores: Mapping[str, Any]) -> None:
    """Write a run's scores."""
    with locked(out):
        write_whole(out / SCORES, (json.dumps(scores, indent=1, ensure_ascii=False) + "\n").encode())


@dataclass(frozen=True)
class Run:
    """A finished run as it was read from its folder."""

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
    """Read a finished run. Raises ValueError for a folder that holds none, and for an unfinished one."""
    receipt = read_receipt(out)
    if not (out / SCORES).is_file():
        raise ValueError(f"The run in {out} is not finished; the command that began it goes on with it.")
    benchmark = find(receipt["run"]["benchmark"]["name"])
    scores = json.loads((out / SCORES).read_text("utf-8"))
    samples = tuple(sample_of(row, benchmark, scores["scorer"]) for row in read_rows(out).values())
    return Run(out, benchmark, receipt, scores, samples)
