"""`vlm2 eval`: answer a benchmark's questions, score them, and report on runs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from ..evaluation.benchmark import Benchmark, Loaded
    from ..evaluation.runner import Place, Progress


class BenchmarkFirst(TyperGroup):
    """Takes what is no command for the name of a benchmark: `vlm2 eval homes` is `vlm2 eval run homes`."""

    def resolve_command(self, ctx, args):
        named = bool(args) and (args[0] in self.commands or args[0].startswith("-"))
        return super().resolve_command(ctx, args if named else ["run", *args])


app = typer.Typer(
    cls=BenchmarkFirst,
    help="Score a model on a benchmark (`vlm2 eval BENCHMARK --out DIR`); report on runs (`vlm2 eval report DIR...`).",
    no_args_is_help=True,
)


@app.command()
def run(
    benchmark: Annotated[str, typer.Argument(help="Its name; `vlm2 eval list` tells which there are.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder for predictions, scores and receipt; a killed run goes on there.")
    ] = None,
    model: Annotated[
        str, typer.Option(help="mini, a folder, a hub name; chance, random, blind:MODEL, llava-video:MODEL.")
    ] = "mini",
    data: Annotated[str | None, typer.Option(help="Question file, its folder, or a hub data set.")] = None,
    videos: Annotated[Path | None, typer.Option(help="Folder of the videos; those of homes are made there.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the first questions (of homes: the first homes).")
    ] = None,
    types: Annotated[str | None, typer.Option(help="Only questions of these types; a,b or patterns.")] = None,
    per_type: Annotated[int | None, typer.Option(min=1, help="At most so many a type and video.")] = None,
    frames: Annotated[
        str | None,
        typer.Option(help="A number of frames spread over the video; memory; or kept:MODEL, those that MODEL keeps."),
    ] = None,
    fps: Annotated[float, typer.Option(help="Frames a second that the memory sees.")] = 2.0,
    tools: Annotated[
        bool, typer.Option("--tools/--no-tools", help="Without: the model answers from the memory's tokens alone.")
    ] = True,
    workers: Annotated[int, typer.Option(min=1, help="Processes; each loads the model.")] = 1,
    threads: Annotated[int, typer.Option(min=1, help="Of each process; answers depend on it in rare cases.")] = 1,
    scorer: Annotated[str | None, typer.Option(help="A variant of the rules; the official one by default.")] = None,
    seed: Annotated[int, typer.Option(help="Of the model called random.")] = 0,
    skip_missing: Annotated[bool, typer.Option("--skip-missing", help="Leave out questions without a video.")] = False,
    make_only: Annotated[bool, typer.Option("--make-only", help="Only make the videos that are missing.")] = False,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, …")] = None,
    dtype: Annotated[str | None, typer.Option(help="float32, bfloat16, …")] = None,
) -> None:
    """Answer a benchmark's questions with a model, score them, and print the scores."""
    from ..evaluation import runner
    from ..evaluation.benchmark import find
    from ..evaluation.respondents import Settings, respondent, title

    chosen = find(benchmark)
    chosen.scorer(scorer)  # refuses an unknown one before the work
    loaded = chosen.load(data, videos, limit)
    loaded = runner.narrowed(loaded, tuple(types.split(",")) if types else (), per_type)
    if skip_missing:
        loaded = runner.without_missing(loaded)
    if make_only:
        _make(chosen, loaded, workers)
        return
    if out is None:
        raise ValueError(f"Say where the predictions go: vlm2 eval {benchmark} --out DIR")
    place = runner.Place(int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1)), workers)
    shown, kept = _frames(frames, loaded)
    settings = Settings(model, shown, fps, seed, threads, _device(device, place), dtype, kept, tools)
    answers = respondent(settings, chosen, loaded.items)
    name = title(settings)
    with _progress(place) as progress:
        done = runner.run(chosen, loaded, answers, out, name, place, progress)
    if done:
        scores = runner.finish(chosen, loaded, out, scorer)
        _show(scores, name, loaded.missing_videos, out)


@app.command("list")
def list_benchmarks() -> None:
    """List the benchmarks."""
    from ..evaluation.benchmark import benchmarks

    for name, line in benchmarks().items():
        typer.echo(f"{name:12} {line}")


@app.command()
def report(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Folders of runs; the first is looked at most.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="The page; its table is beside it. By default in the first DIR.")
    ] = None,
    draws: Annotated[int, typer.Option(min=10, help="Of the bootstrap.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
) -> None:
    """Write a page (HTML) and a table (Markdown) about runs of one benchmark, side by side."""
    from rich.console import Console
    from rich.markup import escape

    from ..evaluation.report.findings import find_out
    from ..evaluation.report.report import write_report
    from ..evaluation.scores import read_run

    with Console(stderr=True).status("Reading") as status:
        findings = find_out(
            [read_run(folder) for folder in folders], draws, seed, lambda words: status.update(escape(words))
        )
    page, table = write_report(findings, out or folders[0] / "report.html")
    typer.echo(f"{page}\n{table}")


@app.command()
def geometry(
    out: Annotated[Path, typer.Option(help="Folder for the result.")],
    data: Annotated[Path, typer.Option(help="Folder made by `vlm2 homes make --geometry`.")],
    model: Annotated[str, typer.Option(help="mini, a folder, or a hub name.")] = "mini",
    fps: Annotated[float, typer.Option(help="Frames a second that are read.")] = 2.0,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, …")] = None,
) -> None:
    """Measure the geometry encoder on homes made with --geometry: depth, scale and poses."""
    from rich.console import Console
    from rich.progress import track

    import vlm2

    from ..evaluation.measures import geometry as measure

    loaded = vlm2.load(model, device=device)
    windows = list(track(measure.run(loaded.model, loaded.processor, data, fps), description="Measuring windows"))
    result = measure.summary(windows)
    out.mkdir(parents=True, exist_ok=True)
    (out / "geometry.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    Console().print_json(data=result)


@app.command()
def drift(
    out: Annotated[Path, typer.Option(help="Folder for the result.")],
    data: Annotated[Path, typer.Option(help="Folder made by `vlm2 homes make --geometry`.")],
    model: Annotated[str, typer.Option(help="mini, a folder, or a hub name.")] = "mini",
    count: Annotated[int | None, typer.Option(help="Only the first homes.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, …")] = None,
) -> None:
    """Measure how far joined windows drift on long walks: path, points and turns."""
    from ..evaluation.measures.measure import measure

    measure("drift", model, data, out, count, device)


@app.command()
def coverage(
    out: Annotated[Path, typer.Option(help="Folder for the result.")],
    data: Annotated[Path, typer.Option(help="Folder of videos, or one made by `vlm2 homes make`.")],
    model: Annotated[str, typer.Option(help="mini, a folder, or a hub name.")] = "mini",
    count: Annotated[int | None, typer.Option(help="Only the first videos.")] = None,
    fps: Annotated[float, typer.Option(help="Frames a second that the memory sees.")] = 2.0,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, …")] = None,
) -> None:
    """Measure how the episodic memory's slots cover a video's time, under each of its rules."""
    from ..evaluation.measures.measure import measure

    measure("coverage", model, data, out, count, device, fps=fps)


@app.command()
def evidence(
    out: Annotated[Path, typer.Option(help="Folder for the result.")],
    data: Annotated[Path, typer.Option(help="Folder made by `vlm2 homes make`.")],
    model: Annotated[str, typer.Option(help="mini, a folder, or a hub name.")] = "mini",
    count: Annotated[int | None, typer.Option(help="Only the first homes.")] = None,
    fps: Annotated[float, typer.Option(help="Frames a second that the session observes.")] = 2.0,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, …")] = None,
) -> None:
    """Measure whether the frames that answers rest on show what was asked about."""
    from ..evaluation.measures.measure import measure

    measure("evidence", model, data, out, count, device, fps=fps)


def _frames(text: str | None, loaded: Loaded) -> tuple[int | None, str | None]:
    """Return how many frames are shown, None for the memory's stream, by default as the questions say; and the model
    that chooses frames from the stream, where one does."""
    if text is None:
        return next((item.frames for item in loaded.items if item.frames is not None), None), None
    if text == "memory":
        return None, None
    rule, _, model = text.partition(":")
    if rule == "kept" and model:
        return None, model
    if not text.isdigit():
        raise ValueError(f"--frames takes a number, such as 32, memory, or kept:MODEL; not {text!r}.")
    return int(text), None


def _device(device: str | None, place: Place) -> str | None:
    """Give every process of several a GPU of its own, where there are GPUs and none was named."""
    if device is not None or place.world == 1:
        return device
    import torch

    count = torch.cuda.device_count()
    return f"cuda:{int(os.environ.get('LOCAL_RANK', place.rank)) % count}" if count else None


def _make(benchmark: Benchmark, loaded: Loaded, workers: int) -> None:
    from rich.progress import track

    from ..evaluation import runner

    names = {item.group for item in loaded.items}
    list(track(runner.make_videos(benchmark, loaded, workers), "Making videos", total=len(names)))
    typer.echo(f"{len(names)} videos are there.")


@contextmanager
def _progress(place: Place) -> Iterator[Progress]:
    """Give what a run tells its progress to: a bar with an estimate, of the first process only."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("Answering"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"))
    bar = Progress(
        *columns, TimeRemainingColumn(), console=Console(stderr=True), disable=place.rank > 0, speed_estimate_period=600
    )
    with bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _show(scores: Mapping[str, Any], model: str, missing: Sequence[str], out: Path) -> None:
    from ..figures import print_figures

    rows = [[name, str(scores["types"].get(name, "")), f"{100 * v:.1f}"] for name, v in scores["summary"].items()]
    title = f"{model} on {scores['benchmark']}, version {scores['version']}"
    print_figures(("", "questions", "score"), rows, title)
    for name, part in scores["lengths"].items():
        value = part["summary"].get(scores["headline"], float("nan"))
        typer.echo(f"{name}: {100 * value:.1f} ({part['questions']} questions)")
    if missing:
        typer.secho(f"{len(missing)} videos were missing; {out / 'receipt.json'} names them.", fg=typer.colors.YELLOW)
    typer.secho(f"Scorer {scores['scorer']}. More: vlm2 eval report {out}", dim=True)
