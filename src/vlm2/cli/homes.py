"""`vlm2 homes`: make generated homes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..cache import whole_file
from .terminal.options import parse_size

if TYPE_CHECKING:
    from ..homes.production import HomeOrder
    from ..questions import Question
    from ..scenes.record import Scene

    Questions = list[tuple[Scene, Question]]

app = typer.Typer(help="Generated homes: videos with exact ground truth and questions.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `make` a command of its own: typer would call a single command by the group's name."""


@app.command()
def make(
    out: Annotated[Path, typer.Option(help="Folder to write to. Complete homes in it are kept.")],
    count: Annotated[int, typer.Option(min=1, help="Number of homes.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same homes.")] = 0,
    split: Annotated[
        Literal["train", "validation", "test"],
        typer.Option(help="Split of the furniture and textures; no two splits share any of them."),
    ] = "train",
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
    """Make homes. Writes videos, scene records, contact sheets, and questions.jsonl in the form of VSI-Bench."""
    from rich.console import Console
    from rich.progress import track

    from ..evaluation.workers import stream
    from ..homes.production import HomeOrder
    from ..questions import ask_all

    pixels, chosen = parse_size(size, "--size"), _families(families)
    orders = [
        HomeOrder(
            name=f"{split}_{seed}_{index:04d}",
            seed=home_seed(seed, index),
            split=split,
            size=pixels,
            fps=fps,
            rooms=rooms,
            duration=duration,
            geometry=geometry,
            sheets=sheets,
        )
        for index in range(count)
    ]
    made = stream(_made, [(order, out) for order in orders], min(workers or os.cpu_count() or 1, count))
    scenes = {scene.name: scene for scene in track(made, "Homes", total=count, console=Console(stderr=True))}
    asked = [(order, scenes[order.name]) for order in orders]
    questions = [(scene, each) for order, scene in asked for each in ask_all(scene, order.seed, families=chosen)]
    _write_questions(questions, out / "questions.jsonl")
    if own_words:
        _write_questions(_in_own_words(questions, seed), out / "own_words.jsonl")
    typer.echo(f"{count} homes and {len(questions)} questions in {out}")


def home_seed(seed: int, index: int) -> int:
    """Return the seed of the home of this index among those of `seed`."""
    import numpy as np

    return int(np.random.SeedSequence([seed, index]).generate_state(1)[0])


def _families(text: str) -> list[str]:
    from ..questions import families

    chosen = list(dict.fromkeys(name.strip() for name in text.split(",")))
    if unknown := [name for name in chosen if name not in families()]:
        raise ValueError(f"--families {', '.join(unknown)}: choose from {', '.join(families())}.")
    return chosen


def _made(order: HomeOrder, out: Path) -> Iterator[Scene]:
    from ..homes.production import produce_home

    yield produce_home(order, out)


def _in_own_words(questions: Questions, seed: int) -> Questions:
    """Rewrite every question in a wording that training never uses, with its options."""
    import numpy as np

    from ..questions import paraphrase

    rng = np.random.default_rng(seed)
    return [(scene, paraphrase(asked, rng, held_out=True, keep_options=True)) for scene, asked in questions]


def _write_questions(questions: Questions, file: Path) -> None:
    """Write questions one per line, numbered in their order."""
    records = (question.to_vsi(index, scene) for index, (scene, question) in enumerate(questions))
    with whole_file(file) as partial, partial.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
