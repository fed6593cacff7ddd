"""`vlm2 eval`: answer a benchmark's questions and score them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def evaluate(
    benchmark: Annotated[str, typer.Argument(help="The benchmark: homes.")],
    out: Annotated[Path, typer.Option(help="Folder for predictions and scores; a killed run goes on where it was.")],
    model: Annotated[str, typer.Option(help="mini, a folder, or a hub name.")] = "mini",
    data: Annotated[Path, typer.Option(help="Folder made by `vlm2 homes make --split test`.")] = Path("homes"),
    count: Annotated[int | None, typer.Option(help="Only the first homes.")] = None,
    per_type: Annotated[int, typer.Option(help="At most so many questions of each type and home.")] = 2,
    fps: Annotated[float, typer.Option(help="Frames a second that the session observes.")] = 2.0,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, …")] = None,
    dtype: Annotated[str | None, typer.Option(help="float32, bfloat16, …")] = None,
) -> None:
    """Answer a benchmark's questions with a model, score them, and print the table beside chance."""
    if benchmark != "homes":
        raise ValueError(f"No benchmark is called {benchmark!r}; there is: homes.")
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

    import vlm2

    from ..benchmarks import homes, runner
    from ..benchmarks.metrics import aggregate, chance, score

    items = homes.load(data, per_type=per_type, count=count)
    loaded = vlm2.load(model, device=device, dtype=dtype)
    with Progress() as progress:
        task = progress.add_task("Answering", total=len(items))
        for done, total in runner.run(loaded, items, out, fps=fps):
            progress.update(task, completed=done, total=total)
    rows = runner.read_predictions(out)
    scores = {i.id: score(i.question.question_type, rows[i.id]["prediction"], i.question.ground_truth) for i in items}
    ours = aggregate([(i.question.question_type, scores[i.id]) for i in items])
    base = chance([i.question for i in items])
    table = Table("task", "questions", "score", "chance")
    result = {}
    for task_name, value in ours.items():
        number = sum(i.question.question_type.startswith(task_name) for i in items) or len(items)
        result[task_name] = {"questions": number, "score": value, "chance": base.get(task_name)}
        table.add_row(task_name, str(number), f"{value:.1f}", f"{base.get(task_name, float('nan')):.1f}")
    Console().print(table)
    (out / "scores.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
