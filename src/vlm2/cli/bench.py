"""`vlm2 bench`: how fast the memory and a session are, as ratios measured in one run."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Speed: ratios that are measured in one run.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    pass


@app.command()
def memory(
    frames: Annotated[int, typer.Option(min=3, help="Rounds; in each, everything that is compared is timed.")] = 30,
    shape: Annotated[str | None, typer.Option(help="7b (196 tokens of 1152) or mini (48 of 384); else both.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, …")] = None,
) -> None:
    """Time a step of the memory, in fp32 and (not on a CPU without it) bf16, beside one that projects all its entries
    at each frame and beside the same matrix products alone."""
    from ..evaluation.speed import memory_step as speed
    from ..figures import print_figures
    from ..streaming.load import find_device

    if shape is not None and shape not in speed.SHAPES:
        raise ValueError(f"There is no shape {shape!r}; choose one of {', '.join(speed.SHAPES)}.")
    place = find_device(device)
    rows = [row for name in ([shape] if shape else speed.SHAPES) for row in speed.compare(name, frames, place)]
    result = {"machine": speed.machine(place), "rounds": frames, "memory": [asdict(row) for row in rows]}
    if json:
        typer.echo(json_module.dumps(result, indent=1))
        return
    names = ("shape", "ours", "plain", "products", "faster", "by count", "share", "over products", "than fp32")
    cells = []
    for row in rows:
        times = (row.ours_ms, row.plain_ms, row.floor_ms, row.faster, row.allowed)
        ratios = (row.faster / row.allowed, row.over_floor, row.faster_than_fp32)
        cells.append([f"{row.shape} {row.dtype}", *(f"{value:.2f}" for value in (*times, *ratios))])
    print_figures(names, cells, "A step of the memory: ms, and times faster than plain", _where(result))


@app.command()
def stream(
    frames: Annotated[int, typer.Option(help="How many frames one session observes.")] = 2000,
    video: Annotated[Path | None, typer.Option(help="Its frames over and over; else a drifting pattern.")] = None,
    model: Annotated[str, typer.Option(help="mini, a folder, or a hub name.")] = "mini",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, …")] = None,
    dtype: Annotated[str | None, typer.Option(help="float32, bfloat16, …")] = None,
) -> None:
    """Let one session watch for long: time a frame, resident memory and time of asking, late beside early."""
    from rich.console import Console
    from rich.progress import Progress

    import vlm2

    from ..evaluation.speed import memory_step as speed
    from ..evaluation.speed import soak
    from ..figures import print_figures
    from ..streaming.load import find_device

    loaded = vlm2.load(model, device=device, dtype=dtype)
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("Watching", total=frames)
        figures = soak.run(loaded, frames, video, lambda seen: progress.update(task, completed=seen))
    result = {"machine": speed.machine(find_device(device)), "model": model, "stream": asdict(figures)}
    if json:
        typer.echo(json_module.dumps(result, indent=1))
        return
    first, last = figures.first_ask, figures.last_ask
    frame_ratios = (f"{figures.frame_ratio:.3f}", f"{figures.frame_ratio_in_turn:.3f}")
    weights = (figures.early_megabytes, figures.late_megabytes)
    ask_ratios = (f"{figures.ask_ratio:.3f}", f"{figures.ask_ratio_in_turn:.3f}")
    rows = (
        ("ms a frame", f"{figures.early_ms:.1f}", f"{figures.late_ms:.1f}", *frame_ratios),
        ("resident MB", *(_known(value, ".0f") for value in weights), _known(figures.memory_ratio, ".3f"), ""),
        ("s to ask", f"{first.seconds:.2f}", f"{last.seconds:.2f}", *ask_ratios),
        ("s to ask again", f"{first.seconds_again:.2f}", f"{last.seconds_again:.2f}", "", ""),
        ("tokens read, first", str(first.read_first), str(last.read_first), "", ""),
        ("tokens read, again", str(first.read_again), str(last.read_again), "", ""),
        ("tokens of the question", "", str(last.own_tokens), "", ""),
        ("frames a second", "", f"{figures.frames_a_second:.1f}", "", ""),
    )
    print_figures(("", "early", "late", "ratio", "in turn"), rows, f"{model}: {frames} frames", _where(result))


@app.command()
def scale(
    frames: Annotated[str, typer.Option(help="When to ask: after so many frames.")] = "32,128,1000",
    depth: Annotated[int | None, typer.Option(min=1, help="At most so many layers of every stack; else all.")] = None,
    baseline: Annotated[bool, typer.Option(help="Also plain LLaVA-Video, which keeps all frames.")] = True,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, …")] = None,
    dtype: Annotated[str, typer.Option(help="Of the language model.")] = "bfloat16",
) -> None:
    """Run the 7b with random weights at its own size: seconds by station and peak memory as frames come in."""
    from rich.console import Console

    from ..evaluation.speed import memory_step as speed
    from ..evaluation.speed import scale
    from ..figures import print_figures
    from ..streaming.load import find_device, find_dtype

    if not all(part.isdecimal() and int(part) for part in frames.split(",")):
        raise ValueError(f"--frames takes numbers above 0 with commas between them, such as 32,128,1000; not {frames}.")
    marks = [int(part) for part in frames.split(",")]
    place, kind = find_device(device), find_dtype(dtype)
    assert kind is not None
    console = Console(stderr=True)
    with console.status("Building the 7b with random weights"):
        loaded = scale.random_model(depth, place, kind)

    def done(mark: scale.ScalePoint) -> None:
        console.print(f"{mark.mode}, {mark.frames} frames: peak {mark.peak_gigabytes:.1f} GB", highlight=False)

    found = scale.watch(loaded, marks, done)
    if baseline:
        found += scale.keep_all(loaded, marks, done)
    result = {"machine": speed.machine(place), "model": loaded.name, "dtype": dtype}
    if json:
        typer.echo(json_module.dumps(result | {"marks": [asdict(mark) for mark in found]}, indent=1))
        return
    stations = (*scale.STATIONS, "memory", "answer")
    caption = f"seconds since the row before, and of one answer; {dtype}; {_where(result)}"
    heads = ("mode, frames", *stations, "tokens read", "peak GB")
    rows = []
    for mark in found:
        spent = mark.seconds or {}
        absent = "" if mark.seconds else "out of memory"
        seconds = (format(spent[station], ".2f") if station in spent else absent for station in stations)
        rows.append([f"{mark.mode}, {mark.frames}", *seconds, str(mark.read or ""), f"{mark.peak_gigabytes:.1f}"])
    print_figures(heads, rows, loaded.name, caption)


def _known(value: float | None, form: str) -> str:
    return "unknown" if value is None else format(value, form)


def _where(result: dict) -> str:
    machine = result["machine"]
    return f"{machine['device']}, {machine['threads']} threads, torch {machine['torch']}"
