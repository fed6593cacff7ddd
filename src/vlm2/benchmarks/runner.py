"""Run a model over a benchmark: each video watched once, its questions asked, every answer written as it comes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from . import homes
from .metrics import COLUMNS, aggregate, chance, score

PREDICTIONS = "predictions.jsonl"


@dataclass(frozen=True)
class Answerer:
    """A model by its name, loaded once a process, and how it watches."""

    model: str
    fps: float = 2.0
    device: str | None = None
    dtype: str | None = None
    threads: int | None = None

    def __call__(self, video: Path, items: list[homes.Item]) -> list[dict]:
        """Watch a video and answer its items through a session, as users' questions are answered."""
        session = _load(self).session()
        session.watch(video, fps=self.fps)
        return [
            {
                "id": item.id,
                "question_type": item.question.question_type,
                "question": item.question.question,
                "options": item.question.options,
                "ground_truth": item.question.ground_truth,
                "prediction": session.ask(item.question.prompt()).text,
            }
            for item in items
        ]


@cache
def _load(answerer: Answerer):
    import torch

    import vlm2

    if answerer.threads is not None:
        torch.set_num_threads(answerer.threads)
    return vlm2.load(answerer.model, device=answerer.device, dtype=answerer.dtype)


def read_predictions(out: Path) -> dict[str, dict]:
    """Read what a run has written so far, by item id; a last line cut off by a kill is left out."""
    file = out / PREDICTIONS
    done = {}
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
            if line.endswith("\n"):
                row = json.loads(line)
                done[row["id"]] = row
    return done


def run(answerer: Answerer, items: list[homes.Item], out: Path, workers: int = 1) -> Iterator[tuple[int, int]]:
    """Answer all items that `out` does not hold yet, by `workers` processes; yield (answered, all) after each video.

    A killed run goes on where it was. The file is put in the order of the items at the end, so that it does not
    depend on which worker was faster.
    """
    out.mkdir(parents=True, exist_ok=True)
    done = read_predictions(out)
    _write(out, done.values())
    jobs = [(video, [i for i in group if i.id not in done]) for video, group in homes.videos(items)]
    with open(out / PREDICTIONS, "a", encoding="utf-8") as file:
        for rows in _answers(answerer, [job for job in jobs if job[1]], workers):
            done |= {row["id"]: row for row in rows}
            file.writelines(json.dumps(row) + "\n" for row in rows)
            file.flush()
            yield len(done), len(items)
    _write(out, [done[item.id] for item in items])


def _answers(answerer: Answerer, jobs: list[tuple[Path, list[homes.Item]]], workers: int) -> Iterator[list[dict]]:
    if workers == 1:
        yield from (answerer(*job) for job in jobs)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(answerer, *job) for job in jobs]):
            yield future.result()


def _write(out: Path, rows) -> None:
    partial = out / f"{PREDICTIONS}.partial"
    partial.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    partial.replace(out / PREDICTIONS)


def scores(items: list[homes.Item], predictions: dict[str, dict]) -> dict[str, dict[str, float]]:
    """Score every task and all together (shares, 0–1) beside the frequency chance of the same questions."""
    pairs = []
    for item in items:
        kind, truth = item.question.question_type, item.question.ground_truth
        pairs.append((kind, score(kind, predictions[item.id]["prediction"], truth)))
    ours, base = aggregate(pairs), chance(item.question for item in items)
    counts = {name: sum(kind in kinds for kind, _ in pairs) for name, kinds in COLUMNS.items()} | {
        "overall": len(items)
    }
    return {
        name: {"questions": number, "score": ours[name], "chance": base[name]}
        for name, number in counts.items()
        if name in ours
    }
