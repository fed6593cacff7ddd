"""`vlm2 eval`: answer a benchmark's questions and score them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def evaluate(
    benchmark: Annotated[str, typer.Argument(help="homes (questions), geometry or evidence.")],
    out: Annotated[Path, typer.Option(help="Folder for predictions and scores; a killed run goes on where it was.")],
    model: Annotated[str, typer.Option(help="mini, a folder, or a hub name.")] = "mini",
    data: Annotated[Path, typer.Option(help="Folder made by `vlm2 homes make --split test`.")] = Path("homes"),
    count: Annotated[int | None, typer.Option(help="Only the first homes.")] = None,
    per_type: Annotated[int, typer.Option(help="At most so many questions of each type and home.")] = 2,
    fps: Annotated[float, typer.Option(help="Frames a second that the session observes.")] = 2.0,
    workers: Annotated[int, typer.Option(help="Processes; each loads the model.")] = 1,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, …")] = None,
    dtype: Annotated[str | None, typer.Option(help="float32, bfloat16, …")] = None,
) -> None:
    """Answer a benchmark's questions with a model, score them, and print the table beside chance."""
    if benchmark == "geometry":
        _geometry(model, data, out, fps, device)
        return
    if benchmark == "evidence":
        _evidence(model, data, out, fps, count, device, dtype)
        return
    if benchmark != "homes":
        raise ValueError(f"No benchmark is called {benchmark!r}; there are: homes, geometry, evidence.")
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

    from ..benchmarks import homes, runner

    items = homes.load(data, per_type=per_type, count=count)
    answerer = runner.Answerer(model, fps, device, dtype, threads=None if workers == 1 else 1)
    with Progress() as progress:
        task = progress.add_task("Answering", total=len(items))
        for done, total in runner.run(answerer, items, out, workers):
            progress.update(task, completed=done, total=total)
    result = runner.scores(items, runner.read_predictions(out))
    table = Table("task", "questions", "score", "chance", title=f"{model} on {benchmark}")
    for name, row in result.items():
        table.add_row(name, str(row["questions"]), f"{100 * row['score']:.1f}", f"{100 * row['chance']:.1f}")
    Console().print(table)
    (out / "scores.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _geometry(model: str, data: Path, out: Path, fps: float, device: str | None) -> None:
    """Measure the geometry encoder on homes made with --geometry."""
    from rich.console import Console
    from rich.progress import track

    import vlm2

    from ..benchmarks import geometry

    loaded = vlm2.load(model, device=device)
    windows = list(track(geometry.run(loaded.model, loaded.processor, data, fps), description="Measuring windows"))
    result = geometry.summary(windows)
    out.mkdir(parents=True, exist_ok=True)
    (out / "geometry.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    Console().print_json(data=result)


def _evidence(
    model: str, data: Path, out: Path, fps: float, count: int | None, device: str | None, dtype: str | None
) -> None:
    """Measure whether the frames that answers rest on show what was asked about."""
    from rich.console import Console
    from rich.progress import track
    from rich.table import Table

    import vlm2

    from ..benchmarks import evidence

    loaded = vlm2.load(model, device=device, dtype=dtype)
    rows = evidence.run(loaded.model, loaded.processor, data, count, fps)
    result = evidence.summary(list(track(rows, description="Asking")))
    out.mkdir(parents=True, exist_ok=True)
    (out / "evidence.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    headings, cells = evidence.table(result)
    table = Table(*headings, title=f"{model}: evidence, %")
    for row in cells:
        table.add_row(*row)
    Console().print(table)
