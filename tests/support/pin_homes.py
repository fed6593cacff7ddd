"""Pin the homes of the benchmark after a change of its suite and its version. A tool, not a test.

    python tests/support/pin_homes.py --out runs/homes --workers 2

Makes all homes of the current version and writes their questions and the hashes of their records into the package.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import track

from vlm2.evaluation.benchmarks.homes import SUITE
from vlm2.evaluation.home_suite import (
    HomeSpec,
    HomeSuite,
    PinnedHome,
    PinnedHomes,
    build,
    identity,
    read_pins,
    record_hash,
)
from vlm2.evaluation.workers import stream
from vlm2.questions import ask_all
from vlm2.questions.paraphrase import in_seconds
from vlm2.scenes.record import Scene


def pin(
    out: Annotated[Path, typer.Option(help="Folder for the homes; complete ones are kept.")],
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
) -> None:
    """Make all homes of the current version and pin them in this package."""
    homes = SUITE.homes()
    made = stream(built, [(SUITE, home, out) for home in homes], workers)
    scenes = {scene.name: scene for scene in track(made, total=len(homes), description="Making homes")}
    pins = write_pins(SUITE, [scenes[home.name] for home in homes])
    questions = sum(len(home.questions) for home in pins.homes.values())
    typer.echo(f"{len(homes)} homes, {questions} questions, revision {pins.revision[:12]}: {SUITE.pins}")


def built(suite: HomeSuite, home: HomeSpec, out: Path) -> Iterator[Scene]:
    """Make a home in a worker process."""
    yield build(suite, home, out)


def write_pins(suite: HomeSuite, scenes: Sequence[Scene]) -> PinnedHomes:
    """Pin all homes of a suite; `scenes` are in the order of `suite.homes()`."""
    lines: list[dict[str, Any]] = [{"suite": identity(suite)}]
    for home, scene in zip(suite.homes(), scenes, strict=True):
        rows = tuple(questions(suite, scene, home.seed))
        lines.append(vars(PinnedHome(home.name, record_hash(scene), scene.duration, rows)))
    text = "".join(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n" for line in lines)
    suite.pins.write_bytes(gzip.compress(text.encode(), mtime=0))
    return read_pins(suite)


def questions(suite: HomeSuite, scene: Scene, seed: int) -> Iterator[dict[str, Any]]:
    """Ask a suite's questions about a home, as rows in VSI-Bench's form."""
    for question in ask_all(scene, seed, suite.per_type, suite.families):
        if question.question_type in suite.types:
            row = in_seconds(question).to_vsi(0, scene)
            yield {key: value for key, value in row.items() if key not in ("id", "dataset", "scene_name")}


if __name__ == "__main__":
    typer.run(pin)
