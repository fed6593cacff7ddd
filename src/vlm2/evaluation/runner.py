"""Run a benchmark: watch every video once, ask all its questions, and write each reply at once.

A killed run continues where it stopped. Kills and the number of processes do not change the predictions: a video's
questions are always asked in the same order, by a process with the same number of threads.
"""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from . import receipt
from .benchmark import Benchmark, Item, Loaded, Provide, by_video
from .object_scores import object_scores
from .predictions import Prediction, join, open_writer, read_predictions, write_json
from .respondents import Respondent
from .scores import SCORES, sample_of, score_run
from .text_bias import debiased_scores
from .workers import stream


@dataclass(frozen=True)
class ProcessRank:
    """This process's rank among `world` processes (`accelerate launch` starts several), and its number of workers."""

    rank: int = 0
    world: int = 1
    workers: int = 1


Progress = Callable[[int, int], None]
"""Takes the number of answered questions and the number of all questions."""


def run(
    benchmark: Benchmark,
    loaded: Loaded,
    respondent: Respondent,
    out: Path,
    name: str,
    process: ProcessRank | None = None,
    progress: Progress = lambda done, total: None,
) -> bool:
    """Answer those items of this process that have no prediction in `out`. Return whether the whole run is answered.

    `name` is the model's. Raises ValueError if the respondent needs a missing video, and if the folder holds another
    run.
    """
    process = process or ProcessRank()
    check_videos(loaded, respondent)
    receipt.claim(out, name, receipt.run_identity(benchmark, loaded, respondent.identity()))
    with open_writer(out, process.rank if process.world > 1 else None) as writer:
        mine = list(by_video(loaded.items).values())[process.rank :: process.world]
        total = sum(map(len, mine))
        left = [[item for item in group if item.id not in writer.done] for group in mine]
        jobs = [(benchmark.provide, respondent, group) for group in left if group]
        waiting = sum(len(group) for _, _, group in jobs)
        progress(total - waiting, total)
        if jobs:
            with receipt.process(out, process.rank, process.workers, waiting):
                for done, prediction in enumerate(stream(_answers, jobs, process.workers), total - waiting + 1):
                    writer.add(prediction)
                    progress(done, total)
    return join(out, [item.id for item in loaded.items])


def finish(benchmark: Benchmark, loaded: Loaded, out: Path, scorer: str | None = None) -> dict[str, Any]:
    """Score a run whose items are all answered, write `scores.json`, complete the receipt, and return the scores."""
    scorer = scorer or benchmark.default
    predictions = read_predictions(out)
    samples = [sample_of(predictions[item.id], benchmark, scorer) for item in loaded.items]
    scores = score_run(benchmark, samples, scorer)
    scores["debiased"] = debiased_scores(benchmark, samples, scorer)
    if (objects := object_scores(benchmark, samples)) is not None:
        scores["objects"] = objects
    write_json(out / SCORES, scores)
    videos = {
        item.group: {
            "file": None if item.video is None else str(item.video),
            "frames": predictions[item.id].frames,
        }
        for item in loaded.items
    }
    receipt.complete(out, scorer, videos, loaded.missing_videos)
    return scores


def check_videos(loaded: Loaded, respondent: Respondent) -> None:
    """Raise ValueError that names the missing videos if the respondent watches videos."""
    missing = loaded.missing_videos
    if missing and respondent.needs_video and any(item.video is None for item in loaded.items):
        named = ", ".join(missing[:12]) + (f" and {len(missing) - 12} more" if len(missing) > 12 else "")
        raise ValueError(
            f"{len(missing)} videos were not found: {named}. Say where they are with --videos, or leave their "
            "questions out with --skip-missing; the receipt names them."
        )


def without_missing(loaded: Loaded) -> Loaded:
    """Leave out the items whose videos are missing; their names stay in `missing_videos`."""
    return replace(loaded, items=tuple(item for item in loaded.items if item.video is not None))


def narrowed(loaded: Loaded, types: Sequence[str] = (), per_type: int | None = None) -> Loaded:
    """Keep the items whose question types fit one of `types` (names, or patterns such as `object_*`; none: all), and of
    each type the first `per_type` about a video. Raises ValueError for a type that no item has."""
    known = dict.fromkeys(item.question_type for item in loaded.items)
    for pattern in types:
        if not fnmatch.filter(known, pattern):
            raise ValueError(f"No question is of a type {pattern!r}; there are: {', '.join(known)}.")
    asked: Counter[tuple[str, str]] = Counter()
    kept = []
    for item in loaded.items:
        if types and not any(fnmatch.fnmatchcase(item.question_type, pattern) for pattern in types):
            continue
        asked[item.group, item.question_type] += 1
        if per_type is None or asked[item.group, item.question_type] <= per_type:
            kept.append(item)
    return replace(loaded, items=tuple(kept))


def make_videos(benchmark: Benchmark, loaded: Loaded, workers: int = 1) -> Iterator[str]:
    """Make the missing videos, and yield the names of all. Raises ValueError for a benchmark that cannot make its
    videos."""
    if benchmark.provide is None:
        raise ValueError(f"The videos of {benchmark.name} cannot be made; say where they are with --videos.")
    jobs = [(benchmark.provide, items[0]) for items in by_video(loaded.items).values()]
    yield from stream(_provided, jobs, workers)


def _provided(provide: Provide, item: Item) -> Iterator[str]:
    provide(item)
    yield item.group


def _answers(provide: Provide | None, respondent: Respondent, items: Sequence[Item]) -> Iterator[Prediction]:
    """Answer items about one video; the benchmark makes the video first where it makes its own."""
    if respondent.needs_video and provide is not None:
        provide(items[0])
    yield from respondent.answer(items)
