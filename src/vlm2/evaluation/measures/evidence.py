"""Whether the evidence frames of an answer show the object in the question, on generated homes.

Questions about one category ("How many chairs …", "the length of the sofa") are asked through a session. The measures
of an answer:
- `evidence`: the weight of the evidence frames that show such an object.
- `heaviest`: whether the frame with the largest weight shows one.
- `uniform`: the share of all observed frames that show one. This is the score of evidence chosen at random.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

import numpy as np

from ...models import VLM2ForConditionalGeneration, VLM2Processor
from ...models.halves import ModelHalves
from ...questions import ask_all
from ...scenes.record import Scene
from ...scenes.visibility import CLEAR_SHARE
from ...streaming import Evidence, Session
from .measure import FPS, Measure, Table, files_of

TYPES = ("object_counting", "object_size_estimation")


@dataclass(frozen=True)
class EvidenceRating:
    """One question of a home: shares in [0, 1]."""

    home: str
    question: str
    evidence: float
    heaviest: float
    uniform: float


def showing(scene: Scene, objects: Iterable[int]) -> set[int]:
    """Return the sampled frames that clearly show one of these objects."""
    wanted = set(objects)
    things = (thing for thing in scene.objects if thing.id in wanted)
    return {seen.frame for thing in things for seen in thing.sightings if seen.share >= CLEAR_SHARE}


def nearest(times: Sequence[float], time: float) -> int:
    """Return the index of the nearest of rising times."""
    return int(np.abs(np.asarray(times) - time).argmin())


def rate(evidence: Sequence[Evidence], observed: Sequence[float], times: Sequence[float], shown: set[int]) -> dict:
    """Rate an answer's evidence: `observed` are the times of the frames that the session saw, `times` those of the
    scene's sampled frames, of which `shown` show the thing."""
    hits = [nearest(times, seen.time) in shown for seen in evidence]
    return {
        "evidence": sum(seen.weight for seen, hit in zip(evidence, hits, strict=True) if hit),
        "heaviest": float(hits[0]),
        "uniform": fmean(nearest(times, time) in shown for time in observed),
    }


def run(
    model: VLM2ForConditionalGeneration,
    processor: VLM2Processor,
    data: Path,
    count: int | None = None,
    fps: float = FPS,
    per_type: int = 12,
) -> Iterator[EvidenceRating]:
    """Watch the first `count` homes of a folder made by `vlm2 homes make` and rate the evidence of the answers.

    Raises ValueError where the folder holds no homes.
    """
    for file in files_of(data, "scenes/*.json", "scenes; make homes with `vlm2 homes make --split test", count):
        scene = Scene.load(file)
        if scene.trajectory is None:
            raise ValueError(f"{file} does not say what its frames show; give homes made by `vlm2 homes make`.")
        session = Session(ModelHalves.of(model, processor), thumbnails=False)
        observed: list[float] = []
        session.watch(data / "videos" / f"{file.stem}.mp4", fps=fps, progress=observed.append)
        for question in ask_all(scene, seed=0, per_type=per_type):
            shown = showing(scene, question.objects)
            if question.question_type in TYPES and shown:
                answer = session.ask(question.prompt())
                rated = rate(answer.evidence, observed, scene.trajectory.times, shown)
                yield EvidenceRating(scene.name, question.question, **rated)


def summary(rows: Sequence[EvidenceRating]) -> dict[str, float]:
    """Return the means over all questions; `gain` is evidence − uniform as a mean over homes, `gain_error` its standard
    error."""
    homes = sorted({row.home for row in rows})
    gains = [fmean(row.evidence - row.uniform for row in rows if row.home == home) for home in homes]
    return {
        "homes": len(homes),
        "questions": len(rows),
        **{name: fmean(getattr(row, name) for row in rows) for name in ("evidence", "heaviest", "uniform")},
        "gain": fmean(gains),
        "gain_error": stdev(gains) / len(gains) ** 0.5 if len(gains) > 1 else float("nan"),
    }


def table(result: dict[str, float]) -> Table:
    """Lay out a summary: one row, shares in percent."""
    headings = ("homes", "questions", "weight on frames that show it", "heaviest frame shows it", "frames that show it")
    shares = (f"{100 * result[name]:.1f}" for name in ("evidence", "heaviest", "uniform"))
    return headings, [(str(result["homes"]), str(result["questions"]), *shares)]


MEASURE = Measure(run, summary, table)
