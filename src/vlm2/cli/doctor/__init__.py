"""`vlm2 doctor`: what this machine has and what is missing; with --plan, whether a model fits a machine."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ..terminal.options import Dtype, Json, OneDevice, print_json
from . import checks


def doctor(
    plan: Annotated[bool, typer.Option("--plan", help="Print the capacity plan. Any option below implies it.")] = False,
    model: Annotated[str | None, typer.Option(help="mini, 7b, or a checkpoint's folder. Default: mini.")] = None,
    frames: Annotated[int | None, typer.Option(help="Frames to watch. Default: 120.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Minutes of video, instead of frames.")] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second to watch. Default: 2.")] = None,
    resolution: Annotated[str | None, typer.Option(help="Width and height of the video. Default: 1280x720.")] = None,
    dtype: Dtype = None,
    quantize: Annotated[str | None, typer.Option(help="8bit or 4bit, of the language model.")] = None,
    window: Annotated[int | None, typer.Option(help="Frames in one call of the geometry encoder.")] = None,
    pixels: Annotated[int | None, typer.Option(help="Most pixels of a frame for the geometry encoder.")] = None,
    pooling: Annotated[int | None, typer.Option(help="Patches along a side of a token.")] = None,
    memory: Annotated[str | None, typer.Option(help="Memory of the machine to plan for, such as 24GB.")] = None,
    card: Annotated[str | None, typer.Option(help="Card to plan for, such as 4090 or H100.")] = None,
    peak: Annotated[str | None, typer.Option(help="Teraflops of the machine: 165, or bfloat16=165,float32=82.")] = None,
    bandwidth: Annotated[float | None, typer.Option(help="Gigabytes a second of the machine.")] = None,
    device: OneDevice = None,
    measure: Annotated[bool, typer.Option("--measure", help="Run the model here, and compare.")] = False,
    json: Json = False,
) -> None:
    """Check this machine. Exit status 1 when something is missing that `vlm2 ask` needs. With --plan: estimate the
    memory and the time of every component of a model. Exit status 1 when it does not fit."""
    given = {name: value for name, value in locals().items() if value is not None}
    for switch in ("plan", "measure", "json"):
        del given[switch]
    if plan or measure or given:
        from . import capacity

        raise typer.Exit(capacity.run(given, measure, json))
    found = list(checks.examine())
    ready = all(check.present for check in found if check.needed)
    if json:
        rows = [asdict(check) | {"state": check.state, "command": check.repair} for check in found]
        print_json({"ready": ready, "checks": rows})
    else:
        checks.show(found, ready)
    raise typer.Exit(0 if ready else 1)
