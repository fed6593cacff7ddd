"""Carry out a measure that asks no questions: run it over its videos, write its JSON, print its table."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path


def measure(
    name: str,
    model: str,
    data: Path,
    out: Path,
    count: int | None = None,
    device: str | None = None,
    **options: float,
) -> dict:
    """Measure a model by its name with the benchmark file `name`, over the first `count` videos of `data`.

    `options` are those of the benchmark's `run`.
    The file has `run` (rows), `summary` (rows to one record) and `table` (record to headings and rows).
    Writes `out/NAME.json` and returns what is in it.
    """
    from rich.progress import track

    import vlm2

    from ...figures import print_figures

    benchmark = import_module(f"{__package__}.{name}")
    loaded = vlm2.load(model, device=device)
    rows = list(
        track(benchmark.run(loaded.model, loaded.processor, data, count, **options), description=f"Measuring {name}")
    )
    result = benchmark.summary(rows)
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    headings, cells = benchmark.table(result)
    print_figures(headings, cells, f"{model}: {name}, {data}")
    return result
