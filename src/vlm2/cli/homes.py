"""`vlm2 homes`: make generated homes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..cache import whole_file

if TYPE_CHECKING:
    from ..homes.production import HomeOrder
    from ..questions import Question
    from ..scenes.record import Scene

app = typer.Typer(help="Generated homes: videos with exact ground truth and questions.", no_args_is_help=True)


class SplitName(StrEnum):
    """A split of the furniture and the textures. No two splits share any of them."""

    train = "train"
    validation = "validation"
    test = "test"


@app.callback()
def _group() -> None:
    pass


@app.command()
def make(
    out: Annotated[Path, typer.Option(help="Folder to write to. Complete homes in it are kept.")],
    count: Annotated[int, typer.Option(min=1, help="Number of homes.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same homes.")] = 0,
    split: Annotated[SplitName, typer.Option(help="Split of the furniture and textures.")] = SplitName.train,
    rooms: Annotated[int | None, typer.Option(min=1, help="Rooms of a home. By default drawn from the seed.")] = None,
    duration: Annotated[
        float | None, typer.Option(min=1, help="Seconds of a video. By default the walk decides.")
    ] = None,
    size: Annotated[str, typer.Option(help="Width x height of the videos in pixels.")] = "320x240",
    fps: Annotated[float, typer.Option(help="Frames a second of the videos.")] = 10.0,
    workers: Annotated[int | None, typer.Option(min=1, help="Number of processes. By default one per core.")] = None,
    geometry: Annotated[bool, typer.Option("--geometry", help="Also write exact depth and poses.")] = False,
    sheets: Annotated[bool, typer.Option(help="Draw a contact sheet and a map of each home.")] = True,
    families: Annotated[
        str, typer.Option(help="Families of questions, separated by commas: vsi, vsti, freeform, situated.")
    ] = "vsi",
    own_words: Annotated[
        bool,
        typer.Option("--own-words", help="Also write the questions in wordings that no training uses."),
    ] = False,
) -> None:
    """Make homes: videos/*.mp4, scenes/*.json, sheets/*.png and questions.jsonl in VSI-Bench's form."""
    from ..homes.production import HomeOrder

    width, height = _size(size)
    chosen = _families(families)
    orders = [
        HomeOrder(
            name=f"{split.value}_{seed}_{index:04d}",
            seed=home_seed(seed, index),
            split=split.value,
            size=(width, height),
            fps=fps,
            rooms=rooms,
            duration=duration,
            geometry=geometry,
            sheets=sheets,
        )
        for index in range(count)
    ]
    scenes: dict[str, Scene] = {}
    for scene in _progress(_scenes(orders, out, min(workers or os.cpu_count() or 1, count)), count):
        scenes[scene.name] = scene
    questions = list(_questions([scenes[order.name] for order in orders], seed, chosen))
    _write_questions(questions, out / "questions.jsonl")
    if own_words:
        _write_questions(_in_own_words(questions, seed), out / "own_words.jsonl")
    typer.echo(f"{count} homes and {len(questions)} questions in {out}")


def home_seed(seed: int, index: int) -> int:
    """Return the seed of the home of this index among those of `seed`."""
    import numpy as np

    return int(np.random.SeedSequence([seed, index]).generate_state(1)[0])


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise typer.BadParameter(f"{text!r} is not a size. Write it like 320x240.", param_hint="--size")
    return int(width), int(height)


def _families(text: str) -> list[str]:
    from ..questions import families

    chosen = list(dict.fromkeys(name.strip() for name in text.split(",")))
    if unknown := [name for name in chosen if name not in families()]:
        message = f"{', '.join(map(repr, unknown))} is not a family of questions. There are {', '.join(families())}."
        raise typer.BadParameter(message, param_hint="--families")
    return chosen


def _scenes(orders: list[HomeOrder], out: Path, workers: int) -> Iterator[Scene]:
    """Make the homes in this process or in several, and yield each record when it is done."""
    if workers == 1:
        yield from (_make_one(order, out) for order in orders)
        return
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    # Each process draws with one thread: together they fill the cores.
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_one_thread) as pool:
        jobs = [pool.submit(_make_one, order, out) for order in orders]
        try:
            yield from (job.result() for job in as_completed(jobs))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _one_thread() -> None:
    os.environ.update(LP_NUM_THREADS="1", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")


def _make_one(order: HomeOrder, out: Path) -> Scene:
    from ..homes.production import produce_home

    return produce_home(order, out)


def _progress(scenes: Iterator[Scene], count: int) -> Iterator[Scene]:
    from rich import progress
    from rich.console import Console

    columns = progress.BarColumn(), progress.MofNCompleteColumn(), progress.TimeElapsedColumn()
    left = progress.TimeRemainingColumn()
    with progress.Progress("{task.description}", *columns, left, console=Console(stderr=True)) as bar:
        task = bar.add_task("Homes", total=count)
        for scene in scenes:
            yield scene
            bar.update(task, advance=1)


def _questions(scenes: list[Scene], seed: int, families: list[str]) -> Iterator[tuple[Scene, Question]]:
    from ..questions import ask_all

    for index, scene in enumerate(scenes):
        for question in ask_all(scene, home_seed(seed, index), families=families):
            yield scene, question


def _in_own_words(questions: list[tuple[Scene, Question]], seed: int) -> Iterator[tuple[Scene, Question]]:
    """Rewrite every question in a wording that training never uses, with its options."""
    import numpy as np

    from ..questions import paraphrase

    rng = np.random.default_rng(seed)
    for scene, question in questions:
        yield scene, paraphrase(question, rng, held_out=True, keep_options=True)


def _write_questions(questions: Iterable[tuple[Scene, Question]], file: Path) -> None:
    """Write questions one per line, numbered in their order."""
    records = (question.to_vsi(index, scene) for index, (scene, question) in enumerate(questions))
    with whole_file(file) as partial, partial.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
