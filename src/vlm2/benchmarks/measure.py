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
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import track
    from rich.table import Table

    import vlm2

    benchmark = import_module(f"{__package__}.{name}")
    loaded = vlm2.load(model, device=device)
    rows = list(
        track(benchmark.run(loaded.model, loaded.processor, data, count, **options), description=f"Measuring {name}")
    )
    result = benchmark.summary(rows)
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    headings, cells = benchmark.table(result)
    table = Table(*headings, title=escape(f"{model}: {name}, {data}"))
    for row in cells:
        table.add_row(*row)
    Console().print(table)
    return result
