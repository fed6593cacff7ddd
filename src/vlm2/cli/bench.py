"""`vlm2 bench`: how fast the memory and a session are, as ratios measured in one run."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .terminal.options import Dtype, Eyes, Json, Model, OneDevice, Runtime, print_json
from .terminal.progress import progress_bar

if TYPE_CHECKING:
    from ..evaluation.speed.scale import ScalePoint
    from ..evaluation.speed.soak import Soak

app = typer.Typer(help="Speed, as ratios measured in one run.", no_args_is_help=True)


@app.command()
def memory(
    frames: Annotated[int, typer.Option(min=3, help="Number of rounds. Each round times everything once.")] = 30,
    shape: Annotated[
        str | None, typer.Option(help="7b (196 tokens of 1152) or mini (48 of 384). Default: both.")
    ] = None,
    json: Json = False,
    device: OneDevice = None,
) -> None:
    """Time a step of the memory in fp32 and, where the machine has it, in bf16. Compare it with a memory that projects
    all entries at each frame, and with its matrix products alone."""
    from ..evaluation.speed.machine import describe
    from ..evaluation.speed.memory_step import SHAPES, compare
    from ..figures import print_figures
    from ..models.loading import find_device

    if shape is not None and shape not in SHAPES:
        raise ValueError(f"There is no shape {shape!r}; choose one of {', '.join(SHAPES)}.")
    place = find_device(device)
    rows = [row for name in ([shape] if shape else SHAPES) for row in compare(name, frames, place)]
    result = {"machine": describe(place), "rounds": frames, "memory": [asdict(row) for row in rows]}
    if json:
        print_json(result)
        return
    heads = ("shape", "ours", "plain", "products", "faster", "by count", "share", "over products", "than fp32")
    cells = []
    for row in rows:
        times = (row.ours_ms, row.plain_ms, row.floor_ms, row.faster, row.allowed)
        ratios = (row.faster / row.allowed, row.over_floor, row.faster_than_fp32)
        cells.append([f"{row.shape} {row.dtype}", *(f"{value:.2f}" for value in (*times, *ratios))])
    print_figures(heads, cells, "A step of the memory: ms, and times faster than plain", _where(result["machine"]))


@app.command()
def stream(
    frames: Annotated[int, typer.Option(help="Frames that the session observes.")] = 2000,
    video: Annotated[Path | None, typer.Option(help="Video to repeat. Default: a drifting pattern.")] = None,
    model: Model = "mini",
    eyes: Eyes = "auto",
    json: Json = False,
    device: OneDevice = None,
    dtype: Dtype = None,
    runtime: Runtime = "torch",
) -> None:
    """Let one session watch for long, and compare late with early: time a frame, resident memory, time to an answer,
    and tracks of the object memory."""
    import vlm2

    from ..evaluation.speed import soak
    from ..evaluation.speed.machine import describe
    from ..figures import print_figures
    from ..models.loading import find_device

    loaded = vlm2.load(model, device=device, dtype=dtype, eyes=eyes, runtime=runtime)
    with progress_bar("Watching", frames) as progress:
        figures = soak.run(loaded, frames, video, progress)
    seeing = None if loaded.eyes is None else loaded.eyes.name
    result = {"machine": describe(find_device(device)), "model": model, "eyes": seeing, "runtime": runtime}
    result |= {"stream": asdict(figures)}
    if json:
        print_json(result)
        return
    heads = ("", "early", "late", "ratio")
    title = f"{model}, eyes {seeing or 'none'}: {frames} frames"
    print_figures(heads, _stream_rows(figures), title, _where(result["machine"]))


def _stream_rows(figures: Soak) -> list[tuple[str, ...]]:
    from ..figures import figure

    early, late = figures.early, figures.late
    resident = [figure(cost.megabytes, "{:.0f}") for cost in (early, late)]
    tracks = [figure(cost.tracks, "{:.0f}") for cost in (early, late)]
    return [
        ("ms a frame", f"{early.frame_ms:.1f}", f"{late.frame_ms:.1f}", f"{figures.frame_ratio:.3f}"),
        ("resident MB", *resident, figure(figures.memory_ratio, "{:.3f}")),
        ("tracks", *tracks, ""),
        ("s to an answer", f"{early.answer_seconds:.2f}", f"{late.answer_seconds:.2f}", f"{figures.ask_ratio:.3f}"),
        ("s to a second answer", f"{early.again_seconds:.2f}", f"{late.again_seconds:.2f}", ""),
        ("tokens read, first", str(early.read_first), str(late.read_first), ""),
        ("tokens read, second", str(early.read_again), str(late.read_again), ""),
        ("tokens of the question", "", str(figures.own_tokens), ""),
        ("frames a second", "", f"{figures.frames_a_second:.1f}", ""),
    ]


@app.command()
def stages(
    video: Annotated[Path, typer.Argument(help="Video to watch.")],
    fps: Annotated[float, typer.Option(min=0.1, help="Frames a second of the video that are watched.")] = 2.0,
    against: Annotated[
        str | None,
        typer.Option(help="Commit of this repository to compare with: milliseconds a frame of both, run in turn."),
    ] = None,
    model: Model = "mini",
    eyes: Eyes = "auto",
    json: Json = False,
    device: OneDevice = None,
    dtype: Dtype = None,
    runtime: Runtime = "torch",
) -> None:
    """Show where the time of a frame goes while a session watches a video: milliseconds by stage."""
    import vlm2

    from ..evaluation.speed import stages
    from ..evaluation.speed.machine import describe
    from ..figures import print_figures
    from ..models.loading import find_device

    if against is not None and runtime != "torch":
        raise typer.BadParameter("Other commits are compared in torch; leave out --runtime or --against.")
    loaded = vlm2.load(model, device=device, dtype=dtype, eyes=eyes, runtime=runtime)
    profile = stages.profile(loaded, video, fps)
    seeing = "none" if loaded.eyes is None else loaded.eyes.name
    both = None if against is None else stages.against(against, model, video, fps, seeing)
    result = {"machine": describe(find_device(device)), "model": model, "eyes": seeing, "runtime": runtime}
    result |= asdict(profile)
    result |= {"total_ms": profile.total_ms, "against": both and {"commit": against, "ours_ms": both[0], "ms": both[1]}}
    if json:
        print_json(result)
        return
    whole = {"all": profile.total_ms, **profile.stages_ms}
    rows = [(stage, f"{ms:.1f}", f"{100 * ms / profile.total_ms:.0f} %") for stage, ms in whole.items()]
    title = f"{model}, eyes {seeing}: {profile.frames} frames of {video.name}"
    print_figures(("stage", "ms a frame", "share"), rows, title, _where(result["machine"]))
    if both is not None:
        typer.echo(
            f"In turn: {both[0]:.1f} ms a frame, {both[1]:.1f} at {against}: {both[1] / both[0]:.2f} times as fast."
        )


@app.command()
def scale(
    frames: Annotated[str, typer.Option(help="Numbers of frames after which to ask.")] = "32,128,1000",
    depth: Annotated[int | None, typer.Option(min=1, help="Most layers of every stack. Default: all.")] = None,
    baseline: Annotated[bool, typer.Option(help="Also plain LLaVA-Video, which keeps all frames.")] = True,
    json: Json = False,
    device: OneDevice = None,
    dtype: Annotated[str, typer.Option(help="Dtype of the language model.")] = "bfloat16",
) -> None:
    """Run the 7b at full size with random weights: seconds by component and peak memory as frames come in."""
    from rich.console import Console

    from ..evaluation.speed import scale
    from ..evaluation.speed.machine import describe
    from ..figures import figure, print_figures
    from ..models.loading import find_device, find_dtype

    if not all(part.isdecimal() and int(part) for part in frames.split(",")):
        raise ValueError(f"--frames takes numbers above 0 with commas between them, such as 32,128,1000; not {frames}.")
    marks = [int(part) for part in frames.split(",")]
    place, kind = find_device(device), find_dtype(dtype)
    assert kind is not None
    console = Console(stderr=True)
    with console.status("Building the 7b with random weights"):
        loaded = scale.random_model(depth, place, kind)

    def report(point: ScalePoint) -> None:
        console.print(f"{point.mode}, {point.frames} frames: peak {point.peak_gigabytes:.1f} GB", highlight=False)

    points = scale.watch(loaded, marks, report)
    if baseline:
        points += scale.keep_all(loaded, marks, report)
    result = {"machine": describe(place), "model": loaded.name, "dtype": dtype}
    if json:
        print_json(result | {"marks": [asdict(point) for point in points]})
        return
    columns = (*scale.COMPONENTS, "answer")
    rows = []
    for point in points:
        empty = "" if point.seconds else "out of memory"
        seconds = [figure((point.seconds or {}).get(name), "{:.2f}", empty) for name in columns]
        rows.append([f"{point.mode}, {point.frames}", *seconds, str(point.read or ""), f"{point.peak_gigabytes:.1f}"])
    caption = f"seconds since the row before, and of one answer; {dtype}; {_where(result['machine'])}"
    print_figures(("mode, frames", *columns, "tokens read", "peak GB"), rows, loaded.name, caption)


@app.command()
def serve(
    address: Annotated[str, typer.Argument(help="Address of the server.")] = "http://127.0.0.1:8765",
    command: Annotated[
        str | None,
        typer.Option(
            help="Start the server by this command, such as 'vlm2 serve --state DIR', and stop it at the end."
        ),
    ] = None,
    kill: Annotated[
        int, typer.Option(min=0, help="Kill the server of --command so many times under load, and compare.")
    ] = 0,
    kill_within: Annotated[float, typer.Option(min=1.0, help="Most seconds under load before a kill.")] = 30.0,
    sessions: Annotated[int, typer.Option(min=1, help="Sessions that send frames and ask.")] = 6,
    fps: Annotated[float, typer.Option(min=0.1, help="Frames a second of each session.")] = 2.0,
    ask_every: Annotated[float, typer.Option(min=0.1, help="Seconds between the questions of a session.")] = 10.0,
    seconds: Annotated[float, typer.Option(min=1.0, help="Seconds of load, without --kill.")] = 300.0,
    video: Annotated[Path | None, typer.Option(help="Video to send. Default: a drifting pattern.")] = None,
    memory: Annotated[
        Path | None, typer.Option(help="Memory file that each session continues. Default: they begin empty.")
    ] = None,
    token: Annotated[str | None, typer.Option(envvar="VLM2_TOKEN", help="The server's token.")] = None,
    json: Json = False,
) -> None:
    """Load a running server as several robots would; with --kill, kill it meanwhile and check what comes back."""
    from contextlib import nullcontext

    from ..evaluation.speed.server_kills import run_kills, running
    from ..evaluation.speed.server_load import LoadPlan, ServerError, run_load

    if kill and command is None:
        raise ValueError("--kill needs a server of its own: add --command 'vlm2 serve --state DIR'.")
    if kill and memory is not None:
        raise ValueError("--memory is for a load without --kill; leave one out.")
    plan = LoadPlan(address, token, sessions, fps, ask_every, seconds, video, memory)
    words = shlex.split(command or "")
    try:
        if kill:
            with progress_bar("Killing", kill) as progress:
                report = run_kills(plan, words, kill, (1.0, kill_within), progress)
        else:
            with running(words, plan) if words else nullcontext(), progress_bar("Loading", seconds) as progress:
                report = run_load(plan, progress)
    except ServerError as error:
        raise ValueError(str(error)) from None
    told = {"token": None, "video": str(video or "pattern"), "memory": None if memory is None else str(memory)}
    result = asdict(plan) | told | asdict(report)
    if json:
        print_json(result)
        return
    for name, value in asdict(report).items():
        typer.echo(f"{name:15} {_shown(value)}")


def _shown(value: Any) -> str:
    """Return a figure of a report, or a pair of them, or the number of errors and the first one."""
    if isinstance(value, list | tuple) and (not value or isinstance(value[0], str)):
        return f"{len(value)}: {value[0]}" if value else "0"
    if isinstance(value, list | tuple):
        return " / ".join(map(_shown, value))
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _where(machine: Mapping[str, Any]) -> str:
    return f"{machine['device']}, {machine['threads']} threads, torch {machine['torch']}"
