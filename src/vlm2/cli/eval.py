"""`vlm2 eval`: answer a benchmark's questions, score them, and report on runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from .terminal.options import Dtype, Eyes, Geometry, Model, OneDevice, OnlyNew, Runtime, Words, split_words
from .terminal.progress import progress_bar

if TYPE_CHECKING:
    from ..evaluation.benchmark import Benchmark, Loaded
    from ..evaluation.runner import ProcessRank


class NamedCommands(TyperGroup):
    """Take the name of a benchmark or a measure as a command: `vlm2 eval homes` is `vlm2 eval run homes`."""

    def resolve_command(self, ctx, args):
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            from ..evaluation.measures.measure import measures

            args = ["measure" if args[0] in measures() else "run", *args]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=NamedCommands,
    help="Score a model (`vlm2 eval NAME --out DIR`) on a benchmark or a measure of `vlm2 eval list`; compare runs "
    "(`vlm2 eval report DIR...`).",
    no_args_is_help=True,
)


@app.command()
def run(
    benchmark: Annotated[str, typer.Argument(help="Name of a benchmark; `vlm2 eval list` shows them.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder for predictions, scores and receipt. A killed run continues there.")
    ] = None,
    model: Annotated[
        str,
        typer.Option(help="mini, a folder, a hub name; chance, random, blind:MODEL, llava-video:MODEL, true-objects."),
    ] = "mini",
    data: Annotated[str | None, typer.Option(help="Question file, its folder, or a data set on the hub.")] = None,
    videos: Annotated[Path | None, typer.Option(help="Folder of the videos; those of homes are made there.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the first questions (of homes: the first homes).")
    ] = None,
    types: Annotated[
        str | None,
        typer.Option(help="Only questions of these types: a,b or patterns."),
    ] = None,
    per_type: Annotated[int | None, typer.Option(min=1, help="Most questions of each type about a video.")] = None,
    frames: Annotated[
        str | None,
        typer.Option(help="A number of frames spread over the video; memory; or kept:MODEL, those that MODEL keeps."),
    ] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second that the memory sees; by default 2.")] = None,
    only_new: OnlyNew = False,
    tools: Annotated[
        bool,
        typer.Option("--tools/--no-tools", help="Without tools, the model sees only the memory's tokens."),
    ] = True,
    eyes: Annotated[
        str | None,
        typer.Option(
            help="Feeds the object memory: auto, homes, a folder, yolox, joint, none; of homes truth, truth-labels."
        ),
    ] = "auto",
    words: Words = "",
    geometry: Geometry = None,
    workers: Annotated[int, typer.Option(min=1, help="Number of processes; each loads the model.")] = 1,
    threads: Annotated[
        int, typer.Option(min=1, help="CPU threads of a process; they change answers in rare cases.")
    ] = 1,
    scorer: Annotated[str | None, typer.Option(help="Rules of the scores. By default the official ones.")] = None,
    seed: Annotated[int, typer.Option(help="Random seed of the model `random`.")] = 0,
    skip_missing: Annotated[bool, typer.Option("--skip-missing", help="Leave out questions without a video.")] = False,
    make_only: Annotated[bool, typer.Option("--make-only", help="Only make the videos that are missing.")] = False,
    device: OneDevice = None,
    dtype: Dtype = None,
    runtime: Runtime = "torch",
) -> None:
    """Answer a benchmark's questions with a model, score them, and print the scores."""
    from ..evaluation import runner
    from ..evaluation.benchmark import find
    from ..evaluation.respondents import RunSettings, respondent, title
    from ..streaming.session import frame_rate

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
        raise ValueError(f"Name a folder for the predictions: vlm2 eval {benchmark} --out DIR")
    place = runner.ProcessRank(int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1)), workers)
    shown, kept = _frames(frames, loaded)
    settings = RunSettings(
        model, shown, frame_rate(fps, only_new), seed, threads, _device(device, place), dtype, kept, tools, eyes,
        tuple(split_words(words)), geometry, only_new, runtime,
    )  # fmt: skip
    answers = respondent(settings, chosen, loaded.items)
    name = title(settings)
    with progress_bar("Answering", hidden=place.rank > 0) as progress:
        done = runner.run(chosen, loaded, answers, out, name, place, progress)
    if done:
        scores = runner.finish(chosen, loaded, out, scorer)
        _show(scores, name, loaded.missing_videos, out)


@app.command("list")
def list_benchmarks() -> None:
    """List the benchmarks and the measures. Measures ask no questions."""
    from ..evaluation.benchmark import benchmarks
    from ..evaluation.measures.measure import measures

    for name, line in {**benchmarks(), **measures()}.items():
        typer.echo(f"{name:12} {line}")


@app.command()
def report(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Folders of runs. The page shows most about the first.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="File of the page; the table is written beside it. By default in the first DIR.")
    ] = None,
    draws: Annotated[int, typer.Option(min=10, help="Samples of the bootstrap.")] = 1000,
    seed: Annotated[int, typer.Option(help="Random seed of the bootstrap.")] = 0,
) -> None:
    """Write a page (HTML) and a table (Markdown) about runs of one benchmark, side by side."""
    from rich.console import Console
    from rich.markup import escape

    from ..evaluation.report.data import collect
    from ..evaluation.report.report import write_report
    from ..evaluation.scores import read_run

    with Console(stderr=True).status("Reading") as status:
        runs = [read_run(folder) for folder in folders]
        data = collect(runs, draws, seed, lambda step: status.update(escape(step)))
    page, table = write_report(data, out or folders[0] / "report.html")
    typer.echo(f"{page}\n{table}")


@app.command()
def measure(
    name: Annotated[str, typer.Argument(help="Name of a measure; `vlm2 eval list` shows them.")],
    out: Annotated[Path, typer.Option(help="Folder for the result.")],
    data: Annotated[Path, typer.Option(help="Folder made by `vlm2 homes make` (for coverage: any videos).")],
    model: Model = "mini",
    count: Annotated[int | None, typer.Option(help="Only the first videos.")] = None,
    fps: Annotated[float, typer.Option(help="Frames a second that the model reads.")] = 2.0,
    device: OneDevice = None,
) -> None:
    """Measure a model without questions; the same as `vlm2 eval NAME`."""
    from ..evaluation.measures import measure as measures

    measures.measure(name, model, data, out, count, fps, device)


@app.command()
def real(
    data: Annotated[Path, typer.Option(help="Folder of sets of real pictures, one folder a set; or one set.")],
    out: Annotated[Path, typer.Option(help="Folder for real.json and the page real.html.")],
    model: Model = "mini",
    eyes: Eyes = "auto",
    words: Words = "",
    geometry: Geometry = None,
    only: Annotated[list[str] | None, typer.Option(metavar="SET", help="Only this set; may be given again.")] = None,
    oracles: Annotated[
        bool, typer.Option("--oracles/--no-oracles", help="Ask the questions also with true boxes, depth and poses.")
    ] = True,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; by default all cores.")] = None,
    device: OneDevice = None,
    dtype: Dtype = None,
    runtime: Runtime = "torch",
) -> None:
    """Measure depth, path, recognition and answers on real pictures, and write a page about them."""
    from rich.console import Console
    from rich.markup import escape

    from ..evaluation.real import evaluate, report
    from ..evaluation.real.sets import read_sets
    from ..figures import print_figures
    from .terminal.loading import load_model

    sets = read_sets(data, only or ())
    chosen = {"eyes": eyes, "words": split_words(words), "geometry": geometry, "runtime": runtime}
    if threads is not None:
        import torch

        torch.set_num_threads(threads)
    loaded, _ = load_model(model, device=device, dtype=dtype, **chosen)
    with Console(stderr=True).status("Watching") as status:
        results = list(evaluate.evaluate(loaded, sets, oracles, lambda step: status.update(escape(step))))
        page, values = report.write(results, loaded, out)
    for title, headings, rows in evaluate.tables(results):
        print_figures(headings, rows, title)
    typer.echo(f"{page}\n{values}")


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


def _device(device: str | None, place: ProcessRank) -> str | None:
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


def _show(scores: Mapping[str, Any], model: str, missing: Sequence[str], out: Path) -> None:
    from ..figures import print_figures

    rows = [[name, str(scores["types"].get(name, "")), f"{100 * v:.1f}"] for name, v in scores["summary"].items()]
    title = f"{model} on {scores['benchmark']}, version {scores['version']}"
    print_figures(("", "questions", "score"), rows, title)
    for name, part in scores["lengths"].items():
        value = part["summary"].get(scores["headline"], float("nan"))
        typer.echo(f"{name}: {100 * value:.1f} ({part['questions']} questions)")
    for line in _more(scores):
        typer.echo(line)
    if missing:
        typer.secho(f"{len(missing)} videos were missing; {out / 'receipt.json'} names them.", fg=typer.colors.YELLOW)
    typer.secho(f"Scorer {scores['scorer']}. More: vlm2 eval report {out}", dim=True)


def _more(scores: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines about an object memory's answers, and about the questions that the text does not give away."""
    headline, objects, open_questions = scores["headline"], scores.get("objects"), scores["debiased"]
    if objects is not None and not objects["answers"]:
        yield "objects answered none of the questions"
    elif objects is not None:
        only, strict = (objects[name].get(headline, float("nan")) for name in ("answered", "refused_as_wrong"))
        yield (
            f"objects answered {100 * objects['coverage']:.1f} % of the questions: {100 * only:.1f} on those; "
            f"{100 * strict:.1f} on all, where a refusal counts 0"
        )
        if (rated := objects["confidence"]) is not None:
            yield (
                f"confidence: {100 * rated['upper']:.1f} in the upper half of the answers, {100 * rated['lower']:.1f} "
                "in the lower"
            )
        if (intervals := objects["intervals"])["held"] is not None:
            yield f"90 % intervals: {100 * intervals['held']:.1f} % of {intervals['stated']} hold the truth"
    if open_questions["summary"]:
        value = open_questions["summary"][headline]
        yield (
            f"debiased, without what {open_questions['text_only']} answers: {100 * value:.1f} "
            f"({open_questions['questions']} questions)"
        )
