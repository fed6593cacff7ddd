"""Suggested changes with which a model fits a machine."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ...models.capacity import Components
from .machine import Machine
from .plan import estimate
from .workload import Workload


@dataclass(frozen=True)
class Suggestion:
    """A change in words, the peak in bytes with it, and whether the model then fits."""

    text: str
    peak: float
    fits: bool


def suggest(model: Components, machine: Machine, workload: Workload) -> list[Suggestion]:
    """Return each change that makes the peak of the memory mode smaller, the mildest first. If no single change is
    enough, the last suggestion joins as many as are needed."""
    before = estimate(model, machine, workload).peak
    found = []
    for text, change in _changes(model, workload):
        after = estimate(model, machine, replace(workload, **change))
        if after.peak < before:
            found.append(Suggestion(text, after.peak, after.fits))
    if any(suggestion.fits for suggestion in found):
        return found
    options: list[str] = []
    changed = workload
    for text, change in _changes(model, workload):
        changed = replace(changed, **change)
        options.append(text.partition(":")[0])
        after = estimate(model, machine, changed)
        if after.fits:
            return [*found, Suggestion(", ".join(options), after.peak, True)]
    return found


def _changes(model: Components, workload: Workload) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the changes, the mildest first: the option (with its place in config.json) and its effect, and the change
    of the workload."""
    if workload.dtype == "float32":
        yield "--dtype bfloat16: hardly changes an answer", {"dtype": "bfloat16"}
    most = model.model.geometry.window
    for window in (16, 8):
        if window < min(workload.window or most, most):
            yield f"--window {window} (geometry.config.window): geometry drifts more", {"window": window}
    if model.images is not None:
        rows, columns = model.grids(workload.height, workload.width, workload.pixels)[1]
        pixels = rows * columns * model.images["stride"] ** 2 // 2
        text = f"--pixels {pixels} (geometry.images.max_pixels): half the pixels for the geometry encoder"
        yield text, {"pixels": pixels}
    if workload.quantize is None:
        yield "--quantize 8bit: the language model in 8 bits, slower", {"quantize": "8bit"}
    if workload.quantize != "4bit":
        yield "--quantize 4bit: the language model in 4 bits, a little worse", {"quantize": "4bit"}
    pooling = 2 * model.projector(workload.pooling).side
    yield f"--pooling {pooling} (pooling): a quarter of the tokens; needs training with it", {"pooling": pooling}


def most_frames(model: Components, machine: Machine, workload: Workload) -> int:
    """Return the most frames that the baseline has room for; 0 where not even one fits."""

    def fits(frames: int) -> bool:
        return estimate(model, machine, replace(workload, frames=frames), "baseline").fits

    return bisect_left(range(1, 1 << 20), True, key=lambda frames: not fits(frames))
