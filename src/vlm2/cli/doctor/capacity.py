"""`vlm2 doctor --plan`: the memory and the time that a model needs on a machine, as tables and sentences."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer

from ..terminal.options import parse_size, print_json

if TYPE_CHECKING:
    from ...evaluation.speed.estimate import Estimate
    from ...evaluation.speed.machine import Machine
    from ...evaluation.speed.workload import Workload
    from ...models import VLM2Config
    from ...models.capacity import Components

    Measured = tuple[Estimate, Mapping[str, float]]  # the estimate of the measured workload, and the measured seconds

MACHINE_OPTIONS = ("memory", "card", "peak", "bandwidth", "device")
GROWTH = (8, 32, 128, 1000, 10_000)  # frames in the tables of growth
MEASURED_FRAMES = 24
UNKNOWN = "–"
TITLES = {"memory": "With the memory", "baseline": "With all frames kept"}


def run(given: Mapping[str, Any], measure: bool, json: bool) -> int:
    """Print the plan for the options that were given, and the measured times with `measure`.

    Returns the exit status: 1 if the model does not fit with the memory. Raises ValueError for impossible options.
    """
    try:
        from ...evaluation.speed.plan import MODES, estimate
        from ...evaluation.speed.suggestion import most_frames, suggest
        from ...models.capacity import Components
    except ImportError as error:
        raise ValueError(f"The plan needs torch and transformers ({error}). Get them with:  pip install vlm2") from None
    options, here = dict(given), not {"memory", "card"} & given.keys()
    if measure and not here:
        raise ValueError("--measure runs the model here; leave out --memory and --card.")
    model, device = options.pop("model", "mini"), options.get("device")
    machine = choose_machine(**{name: options.pop(name, None) for name in MACHINE_OPTIONS})
    workload = read_workload(({"dtype": _usual_dtype(device)} if here and "quantize" not in options else {}) | options)
    components = Components(configuration(model))
    estimates = [estimate(components, machine, workload, mode) for mode in MODES]
    suggestions = [] if estimates[0].fits else suggest(components, machine, workload)
    most = most_frames(components, machine, workload)
    measured = _measure(model, machine, workload, device) if measure else None
    if json:
        report = _report(model, components, workload, estimates)
        report |= {"suggestions": [asdict(each) for each in suggestions], "baseline_most_frames": most}
        if measured is not None:
            report["measured"] = {"estimate": _plain(measured[0]), "seconds": measured[1], "frames": MEASURED_FRAMES}
        print_json(report)
        return 0 if estimates[0].fits else 1
    _show(model, components, workload, estimates)
    _print(verdict(estimates[0]))
    _print(f"{verdict(estimates[1])} There is room for {f'at most {most} frames' if most else 'not even one frame'}.")
    for each in suggestions:
        _print(f"- {each.text}: {_gigabytes(each.peak)} GB, {'fits' if each.fits else 'not enough alone'}", "  ")
    if measured is not None:
        _show_measured(*measured)
    return 0 if estimates[0].fits else 1


def configuration(model: str) -> VLM2Config:
    """Return the configuration of a packaged checkpoint, a preset or a checkpoint's folder. Downloads nothing. Raises
    ValueError for another name."""
    from ...models import preset
    from ...models.checkpoint import PACKAGED, packaged_checkpoints
    from ...models.configuration import read_config
    from ...models.presets import PRESETS

    folder = PACKAGED / model if model in packaged_checkpoints() else Path(model)
    if (folder / "config.json").is_file():
        config = read_config(folder)
        config._name_or_path = str(folder)
        return config
    if model in PRESETS:
        return preset(model)
    raise ValueError(f"There is no model {model!r} to plan for: name {', '.join(PRESETS)}, or a checkpoint's folder.")


def read_workload(options: Mapping[str, Any]) -> Workload:
    """Read the options of the workload. Raises ValueError for impossible ones."""
    from ...evaluation.speed.workload import Workload

    values = dict(options)
    if {"frames", "minutes"} <= values.keys():
        raise ValueError("Give --frames or --minutes, not both.")
    if "resolution" in values:
        values["width"], values["height"] = parse_size(values.pop("resolution"), "--resolution")
    if (minutes := values.pop("minutes", None)) is None:
        return Workload(**values)
    if not minutes > 0:
        raise ValueError(f"--minutes {minutes:g}: give a length above 0.")
    workload = Workload(**values)
    return replace(workload, frames=max(1, round(60 * minutes * workload.fps)))


def _usual_dtype(device: str | None) -> str:
    """Return the dtype in which `vlm2 ask` would load the language model on this machine."""
    from ...models.loading import find_device, usual_dtype

    return "bfloat16" if usual_dtype(find_device(device)) is None else "float32"


def choose_machine(
    memory: str | None, card: str | None, peak: str | None, bandwidth: float | None, device: str | None
) -> Machine:
    """Return the machine to plan for: a card, a size, or this machine. `peak` and `bandwidth` replace known speeds.
    Raises ValueError for options that exclude each other and for impossible values."""
    from ...evaluation.speed.machine import card_of, find_card, parse_bytes, parse_peak, this_machine

    if device is not None and (memory is not None or card is not None):
        raise ValueError("--device is of this machine; leave it out with --memory or --card.")
    size = None if memory is None else parse_bytes(memory)
    if card is not None:
        machine = find_card(card)
    elif size is not None:
        machine = card_of(size)
    else:
        from ...models.loading import find_device

        machine = this_machine(str(find_device(device)))
    if size is not None:
        machine = replace(machine, memory=size)
    if peak is not None:
        machine = replace(machine, peak={**machine.peak, **parse_peak(peak)})
    if bandwidth is None:
        return machine
    if not bandwidth > 0:
        raise ValueError(f"--bandwidth {bandwidth:g}: give gigabytes a second above 0.")
    return replace(machine, bandwidth=bandwidth * 1e9)


def _measure(model: str, machine: Machine, workload: Workload, device: str | None) -> Measured:
    """Run the model on this machine."""
    from ...models.checkpoint import packaged_checkpoints

    if model not in packaged_checkpoints() and not (Path(model) / "config.json").is_file():
        raise ValueError(f"--measure runs a model that is here: mini or a checkpoint's folder, not {model!r}.")
    import vlm2

    from ...evaluation.speed.measurement import measure_components
    from ...evaluation.speed.plan import estimate
    from ...models.capacity import Components

    loaded = vlm2.load(model, device=device, dtype=workload.dtype, quantize=cast(Any, workload.quantize), eyes=None)
    own = replace(workload, window=None, pixels=None, pooling=None)  # the model runs as it is configured
    measured = measure_components(loaded, MEASURED_FRAMES, own)
    return estimate(Components(loaded.model.config), machine, measured.workload), measured.seconds


def _plain(estimate: Estimate) -> dict[str, Any]:
    """Return an estimate as plain values, its sums included."""
    names = ("tokens", "most_tokens", "frames", "weights", "peak", "fits", "watching", "answering")
    components = [asdict(component) for component in estimate.components]
    return {name: getattr(estimate, name) for name in names} | {"components": components}


def _report(model: str, components: Components, workload: Workload, estimates: list[Estimate]) -> dict[str, Any]:
    """Return the plan as plain values: bytes, operations, seconds."""
    from ...evaluation.speed.machine import MOVED, REACHED

    return {
        "model": model,
        "machine": asdict(estimates[0].machine),
        "assumed": {"reached": REACHED, "moved": MOVED},
        "workload": asdict(workload),
        "grids": components.grids(workload.height, workload.width, workload.pixels),
        "parameters": components.parameters | {"adapters": components.adapters},
        "modes": {estimate.mode: _plain(estimate) for estimate in estimates},
    }


def _show(model: str, components: Components, workload: Workload, estimates: list[Estimate]) -> None:
    """Print the machine, the components in both modes, and how both grow with the frames."""
    from ...figures import print_figures

    machine = estimates[0].machine
    size = "unknown memory" if machine.memory is None else f"{_gigabytes(machine.memory)} GB"
    speed = ", ".join(f"{rate / 1e12:.3g} TFLOP/s {dtype}" for dtype, rate in machine.peak.items()) or "unknown speed"
    language = workload.dtype if workload.quantize is None else f"{workload.quantize} and {workload.dtype}"
    count = sum(components.parameters.values()) / 1e6
    _print(
        f"{model}, {count:,.0f} M parameters, language model in {language}, on {machine.name}: {size}, {speed}. "
        f"{workload.frames} frames of {workload.width}×{workload.height}. Estimated, not measured."
    )
    for estimate in estimates:
        typer.echo()
        heads = ("component", "weights GB", "kept GB", "working GB", "TFLOP", "seconds")
        rows = [
            (
                part.name,
                *map(_gigabytes, (part.weights, part.kept, part.working)),
                _figure(part.operations / 1e12),
                _figure(part.seconds),
            )
            for part in estimate.components
        ]
        print_figures(heads, rows, TITLES[estimate.mode])
        print_figures(*_growth(components, workload, estimate))


def _growth(components: Components, workload: Workload, given: Estimate) -> tuple[tuple[str, ...], list[list[str]]]:
    """Return the table of a mode's peak and seconds as the number of frames grows."""
    from ...evaluation.speed.plan import estimate

    rows = []
    for frames in sorted({*GROWTH, workload.frames}):
        found = estimate(components, given.machine, replace(workload, frames=frames), given.mode)
        fits = "yes" if found.fits else "too many tokens" if found.too_long else "no"
        rows.append([str(frames), _gigabytes(found.peak), fits, _figure(found.watching), _figure(found.answering)])
    return ("frames", "peak GB", "fits", "watching s", "answering s"), rows


def verdict(estimate: Estimate) -> str:
    """Return a sentence: whether a mode fits, and how fast it is."""
    memory, peak, title = estimate.machine.memory, _gigabytes(estimate.peak), TITLES[estimate.mode]
    if estimate.too_long:
        fits = f"does not work: {estimate.tokens} tokens, but the language model takes at most {estimate.most_tokens}"
    elif memory is None:
        fits = f"needs {peak} GB; the memory of the machine is unknown"
    elif estimate.fits:
        fits = f"fits, {peak} of {_gigabytes(memory)} GB"
    else:
        fits = f"does not fit, {peak} of {_gigabytes(memory)} GB"
    if estimate.watching is None or estimate.answering is None:
        return f"{title}: {fits}. The speed is unknown: give --peak and --bandwidth."
    pace = _figure(1000 * estimate.watching / estimate.frames)
    return f"{title}: {fits}; {pace} ms a frame, {_figure(estimate.answering)} s to a first answer."


def _show_measured(estimate: Estimate, seconds: Mapping[str, float]) -> None:
    """Print the measured seconds beside the estimated ones."""
    from ...figures import print_figures

    rows = [[part.name, _figure(part.seconds), _figure(seconds.get(part.name))] for part in estimate.components]
    typer.echo()
    _print(f"Measured here: {estimate.frames} frames and one question, {estimate.tokens} tokens.")
    print_figures(("component", "estimated s", "measured s"), rows)


def _print(text: str, indent: str = "") -> None:
    typer.echo(textwrap.fill(text, 80, subsequent_indent=indent, break_on_hyphens=False))


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.2f}" if size < 1e10 else f"{size / 1e9:.1f}"


def _figure(value: float | None) -> str:
    """Write three figures, or a whole number; a dash for an unknown value."""
    return UNKNOWN if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
