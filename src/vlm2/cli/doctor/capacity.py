"""The capacity plan on the command line: wishes read, machine chosen, tables printed."""

from __future__ import annotations

import json as json_module
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer

if TYPE_CHECKING:
    from ...evaluation.speed.machine import Device
    from ...evaluation.speed.plan import Mode, Planner, Wish
    from ...models import VLM2Config

MARKS = (8, 32, 128, 1000, 10_000)  # frames of the table of growth
MEASURED_FRAMES = 24
UNKNOWN = "–"


def run(model: str, wishes: Mapping[str, Any], machine: Mapping[str, Any], measure: bool, json: bool) -> int:
    """Plan, and measure where asked to; print; return the exit status: 1 where the memory mode does not fit."""
    try:
        from ...evaluation.speed.plan import MODES, Planner, advise, most_frames
    except ImportError as error:
        raise ValueError(f"The plan needs torch and transformers ({error}). Get them with:  pip install vlm2") from None
    wish, device = read_wish(wishes), choose(machine)
    if machine["memory"] is None and machine["card"] is None and wishes["dtype"] is None and wish.quantize is None:
        wish = replace(wish, dtype=_usual_dtype(machine["device"]))
    planner = Planner(configuration(model), device, wish)
    modes = [planner.plan(mode) for mode in MODES]
    advice, most = ([] if modes[0].fits else advise(planner)), most_frames(planner)
    measured = _measured(model, planner, machine) if measure else None
    if json:
        told = as_json(model, planner, modes) | {"advice": [asdict(each) for each in advice], "baseline_most": most}
        if measured is not None:
            told["measured"] = {"plan": mode_json(measured[0]), "seconds": measured[1], "frames": MEASURED_FRAMES}
        typer.echo(json_module.dumps(told, indent=1))
    else:
        show(model, planner, modes, most)
        for each in advice:
            typer.echo(f"- {each.words}: {_gigabytes(each.peak)} GB, {'fits' if each.fits else 'not enough alone'}")
        if measured is not None:
            show_measured(*measured)
    return 0 if modes[0].fits else 1


def configuration(model: str) -> VLM2Config:
    """Return the configuration of a packaged checkpoint, a preset or a checkpoint's folder. Fetches nothing. Raises
    ValueError."""
    from ...models import VLM2Config, preset
    from ...models.checkpoint import PACKAGED, packaged_checkpoints
    from ...models.presets import PRESETS

    folder = PACKAGED / model if model in packaged_checkpoints() else Path(model)
    if (folder / "config.json").is_file():
        kind = json_module.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type")
        if kind != VLM2Config.model_type:
            raise ValueError(
                f"{folder} holds a {kind!r} model, not a vlm2; give a folder that vlm2 wrote, or a preset."
            )
        return VLM2Config.from_pretrained(folder)
    if model in PRESETS:
        return preset(model)
    raise ValueError(f"There is no model {model!r} to plan for: name {', '.join(PRESETS)}, or a checkpoint's folder.")


def read_wish(wishes: Mapping[str, Any]) -> Wish:
    """Read what is to be done. Raises ValueError for what cannot be."""
    from ...evaluation.speed.plan import Wish

    given = {name: value for name, value in wishes.items() if value is not None}
    if {"frames", "minutes"} <= set(given):
        raise ValueError("Give --frames or --minutes, not both.")
    if (size := given.pop("resolution", None)) is not None:
        match = re.fullmatch(r"(\d+)[x×](\d+)", size)
        if match is None:
            raise ValueError(f"--resolution {size}: give width and height in pixels, such as 1280x720.")
        given |= {"width": int(match[1]), "height": int(match[2])}
    minutes = given.pop("minutes", None)
    wish = Wish(**given)
    if minutes is None:
        return wish
    if not minutes > 0:
        raise ValueError(f"--minutes {minutes:g}: give a length above 0.")
    return replace(wish, frames=max(1, round(60 * minutes * wish.fps)))


def _usual_dtype(device: str | None) -> str:
    """Return what `vlm2 ask` would read the language model in on this machine."""
    from ...streaming.load import find_device, usual_dtype

    return "bfloat16" if usual_dtype(find_device(device)) is None else "float32"


def choose(machine: Mapping[str, Any]) -> Device:
    """Return the machine to plan for: a card, a size, or this one; what is given by hand goes before what is known."""
    from ...evaluation.speed.machine import card_of, find_card, parse_bytes, parse_peak, this_machine

    memory, card = machine["memory"], machine["card"]
    if machine["device"] is not None and (memory is not None or card is not None):
        raise ValueError("--device is of this machine; leave it out with --memory or --card.")
    size = None if memory is None else parse_bytes(memory)
    if card is not None:
        device = find_card(card)
    elif size is not None:
        device = card_of(size)
    else:
        from ...streaming.load import find_device

        device = this_machine(str(find_device(machine["device"])))
    if size is not None:
        device = replace(device, memory=size)
    if machine["peak"] is not None:
        device = replace(device, peak={**device.peak, **parse_peak(machine["peak"])})
    if (bandwidth := machine["bandwidth"]) is not None:
        if not bandwidth > 0:
            raise ValueError(f"--bandwidth {bandwidth:g}: give gigabytes a second above 0.")
        device = replace(device, bandwidth=bandwidth * 1e9)
    return device


def _measured(model: str, planner: Planner, machine: Mapping[str, Any]) -> tuple[Mode, dict[str, float]]:
    """Run the model on this machine; return the plan of the same, and seconds by station."""
    if machine["memory"] is not None or machine["card"] is not None:
        raise ValueError("--measure runs the model here; leave out --memory and --card.")
    from ...models.checkpoint import packaged_checkpoints

    if model not in packaged_checkpoints() and not (Path(model) / "config.json").is_file():
        raise ValueError(f"--measure runs a model that is here: mini or a checkpoint's folder, not {model!r}.")
    import vlm2

    from ...evaluation.speed.stations import measure

    loaded = vlm2.load(
        model, device=machine["device"], dtype=planner.wish.dtype, quantize=cast(Any, planner.wish.quantize)
    )
    as_it_is = replace(planner.wish, window=None, pixels=None, pooling=None)  # the model's own, not what was wished
    measured = measure(loaded, MEASURED_FRAMES, as_it_is)
    return replace(planner, config=loaded.model.config, wish=measured.wish).plan("memory"), measured.seconds


def mode_json(mode: Mode) -> dict[str, Any]:
    """Return a mode's plan as plain values, its sums included."""
    sums = ("tokens", "most_tokens", "frames", "weights", "peak", "fits", "watching", "answering")
    stations = [asdict(station) for station in mode.stations]
    return {name: getattr(mode, name) for name in sums} | {"stations": stations}


def as_json(model: str, planner: Planner, modes: list[Mode]) -> dict[str, Any]:
    """Return the plan as plain values: bytes, operations, seconds."""
    from ...evaluation.speed.plan import MOVED, REACHED

    device = planner.device
    return {
        "model": model,
        "device": {**vars(device), "peak": dict(device.peak)},
        "assumed": {"reached": REACHED, "moved": MOVED},
        "wish": asdict(planner.wish),
        "grids": planner.grids,
        "parameters": planner.parameters(),
        "modes": {mode.name: mode_json(mode) for mode in modes},
    }


def show(model: str, planner: Planner, modes: list[Mode], most: int) -> None:
    """Print the plan: the machine, the stations of both modes, and how both grow with the frames."""
    from ...figures import print_figures

    wish, device = planner.wish, planner.device
    memory, baseline = modes
    count = sum(planner.parameters().values())
    size = "unknown memory" if device.memory is None else f"{_gigabytes(device.memory)} GB"
    speed = ", ".join(f"{rate / 1e12:.3g} TFLOP/s {dtype}" for dtype, rate in device.peak.items()) or "unknown speed"
    language = wish.dtype if wish.quantize is None else f"{wish.quantize} and {wish.dtype}"
    typer.echo(
        f"{model}, {count / 1e6:,.0f} M parameters, language model in {language}, on {device.name}: {size}, {speed}."
    )
    typer.echo(f"{wish.frames} frames of {wish.width}×{wish.height}. Planned from formulas, not measured.\n")
    for mode in modes:
        print_figures(*_stations(mode), f"Stations, {mode.name}")
    print_figures(*_growth(planner), "As the frames grow in number")
    typer.echo(verdict("It remembers", memory))
    limit = f"at most {most} frames" if most else "not even one frame"
    typer.echo(f"{verdict('It keeps all frames', baseline)} There is room for {limit}.")


def verdict(what: str, mode: Mode) -> str:
    """Say in words whether a mode fits, and how fast it is."""
    if mode.tokens > mode.most_tokens:
        fits = f"does not work: {mode.tokens} tokens, and the language model was made for {mode.most_tokens}"
    elif mode.device.memory is None:
        fits = f"needs {_gigabytes(mode.peak)} GB; how much is here is not known"
    elif mode.fits:
        fits = f"fits: {_gigabytes(mode.peak)} of {_gigabytes(mode.device.memory)} GB"
    else:
        fits = f"does not fit: {_gigabytes(mode.peak)} GB, and there are {_gigabytes(mode.device.memory)}"
    if mode.watching is None or mode.answering is None:
        return f"{what}: {fits}. How fast is not known: give --peak and --bandwidth."
    pace = 1000 * mode.watching / mode.frames
    return f"{what}: {fits}; {_figure(pace)} ms a frame, {_figure(mode.answering)} s to a first answer."


def _stations(mode: Mode) -> tuple[list[str], list[list[str]]]:
    heads = ["station", "weights GB", "kept GB", "working GB", "TFLOP", "seconds"]
    rows = []
    for station in mode.stations:
        cells = [_gigabytes(size) for size in (station.weights, station.kept, station.working)]
        rows.append([station.name, *cells, _figure(station.operations / 1e12), _figure(station.seconds)])
    return heads, rows


def _growth(planner: Planner) -> tuple[list[str], list[list[str]]]:
    from ...evaluation.speed.plan import MODES

    heads = ["frames", *(f"{mode} {what}" for mode in MODES for what in ("peak GB", "watch s", "answer s"))]
    rows = []
    for frames in sorted({*MARKS, planner.wish.frames}):
        cells = [str(frames)]
        for name in MODES:
            mode = replace(planner, wish=replace(planner.wish, frames=frames)).plan(name)
            why = "" if mode.fits else " (too many tokens)" if mode.tokens > mode.most_tokens else " (does not fit)"
            cells += [_gigabytes(mode.peak) + why, _figure(mode.watching), _figure(mode.answering)]
        rows.append(cells)
    return heads, rows


def show_measured(planned: Mode, seconds: Mapping[str, float]) -> None:
    """Print what was measured beside what was planned for the same."""
    from ...figures import print_figures

    rows = [[s.name, _figure(s.seconds), _figure(seconds.get(s.name))] for s in planned.stations]
    typer.echo(f"\nMeasured here: {planned.frames} frames and one question, {planned.tokens} tokens.\n")
    print_figures(("station", "planned s", "measured s"), rows)


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.2f}" if size < 1e10 else f"{size / 1e9:.1f}"


def _figure(value: float | None) -> str:
    """Write three figures, or a whole number; a dash for what is not known."""
    return UNKNOWN if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
