"""`vlm2 doctor`: what this machine has and lacks; and the capacity plan: whether a model fits a machine, how fast."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict
from typing import Annotated

import typer

from . import checks


def doctor(
    plan: Annotated[bool, typer.Option("--plan", help="The capacity plan; any option below asks for it, too.")] = False,
    model: Annotated[str | None, typer.Option(help="mini, 7b, or a checkpoint's folder; by default mini.")] = None,
    frames: Annotated[int | None, typer.Option(help="Frames that are looked at; by default 120.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Or the video's minutes.")] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second that are looked at; by default 2.")] = None,
    resolution: Annotated[str | None, typer.Option(help="Of the video; by default 1280x720.")] = None,
    dtype: Annotated[
        str | None, typer.Option(help="Of the language model; by default as `vlm2 ask` has it here.")
    ] = None,
    quantize: Annotated[str | None, typer.Option(help="The language model in 8bit or 4bit.")] = None,
    window: Annotated[int | None, typer.Option(help="Frames at once through the geometry encoder.")] = None,
    pixels: Annotated[int | None, typer.Option(help="Most pixels of a frame for a geometry encoder of images.")] = None,
    pooling: Annotated[int | None, typer.Option(help="Patches a side that become one token.")] = None,
    memory: Annotated[str | None, typer.Option(help="Plan for a machine with so much, such as 24GB.")] = None,
    card: Annotated[str | None, typer.Option(help="Plan for a card of the table, such as 4090 or H100.")] = None,
    peak: Annotated[str | None, typer.Option(help="Its teraflops: 165, or bfloat16=165,float32=82.")] = None,
    bandwidth: Annotated[float | None, typer.Option(help="Its gigabytes a second.")] = None,
    device: Annotated[str | None, typer.Option(help="Of this machine: cpu, cuda, …; the best by default.")] = None,
    measure: Annotated[bool, typer.Option("--measure", help="Run the model here; plan beside measured.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Look at this machine; exit status 1 when `vlm2 ask` lacks something. With --plan or any option of the plan: what
    memory and time a model needs, station by station; exit status 1 when it does not fit."""
    wishes = {
        "frames": frames,
        "minutes": minutes,
        "fps": fps,
        "resolution": resolution,
        "dtype": dtype,
        "quantize": quantize,
        "window": window,
        "pixels": pixels,
        "pooling": pooling,
    }
    machine = {"memory": memory, "card": card, "peak": peak, "bandwidth": bandwidth, "device": device}
    if plan or measure or model or any(value is not None for value in (wishes | machine).values()):
        from . import capacity as planning

        raise typer.Exit(planning.run(model or "mini", wishes, machine, measure, json))
    found = list(checks.examine())
    ready = all(check.present for check in found if check.needed)
    if json:
        rows = [asdict(check) | {"state": check.state, "command": check.mend} for check in found]
        typer.echo(json_module.dumps({"ready": ready, "checks": rows}, indent=1))
    else:
        checks.show(found, ready)
    raise typer.Exit(0 if ready else 1)
