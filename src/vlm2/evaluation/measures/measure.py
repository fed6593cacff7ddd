"""Measures: benchmarks that ask no questions. Each is one file in this folder with a module-level `MEASURE`.

The file's name is the measure's name: `vlm2 eval NAME --data FOLDER --out FOLDER`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ... import registry
from ...figures import print_figures
from ..predictions import write_json

MEASURES = __name__.rpartition(".")[0]
FPS = 2.0
Table = tuple[Sequence[str], Sequence[Sequence[str]]]
"""Headings and rows of cells."""


@dataclass(frozen=True)
class Measure:
    """A measure of a model on a folder of videos.

    `run(model, processor, folder, count, fps)` yields a row for each of the first `count` videos (or for each part of
    a video); `summary` turns all rows into one record, and `table` lays the record out.
    """

    run: Callable[..., Iterator[Any]]
    summary: Callable[[list[Any]], dict[str, Any]]
    table: Callable[[dict[str, Any]], Table]


def measures() -> dict[str, str]:
    """Return every measure's name with the first line of its docstring. Imports none of them."""
    return registry.entries(MEASURES, "MEASURE")


def measure(
    name: str,
    model: str,
    data: Path,
    out: Path,
    count: int | None = None,
    fps: float = FPS,
    device: str | None = None,
) -> dict[str, Any]:
    """Measure a model by its name over the first `count` videos of `data`, at `fps` frames a second.

    Writes `out/NAME.json`, prints the table, and returns the record. Raises ValueError for an unknown measure.
    """
    from rich.progress import track

    import vlm2

    chosen: Measure = registry.load(MEASURES, name, "MEASURE", "measure").MEASURE
    loaded = vlm2.load(model, device=device, eyes=None)
    rows = chosen.run(loaded.model, loaded.processor, data, count, fps)
    result = chosen.summary(list(track(rows, description=f"Measuring {name}")))
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / f"{name}.json", result)
    headings, cells = chosen.table(result)
    print_figures(headings, cells, f"{model}: {name}, {data}")
    return result


def files_of(folder: Path, pattern: str, advice: str, count: int | None) -> list[Path]:
    """Return the first `count` files of a folder of homes, by name. Raises ValueError, with the advice, for none."""
    files = sorted(folder.glob(pattern))[:count]
    if not files:
        raise ValueError(f"{folder} holds no {advice} --out {folder}`.")
    return files
