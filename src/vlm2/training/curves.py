"""Training curves as a picture: every part of the loss over the steps, from a run's log."""

from __future__ import annotations

import json
from pathlib import Path

LOG = "log.jsonl"
LEFT_OUT = {"step", "epoch", "learning_rate", "grad_norm"}


def read_log(run: str | Path) -> dict[str, list[tuple[int, float]]]:
    """Read a run's log: (step, value) by what was logged; of a step logged twice, after a restart, the last."""
    rows: dict[int, dict[str, float]] = {}
    for line in (Path(run) / LOG).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if "loss" in row or "eval_loss" in row:
            rows.setdefault(row["step"], {}).update(row)
    names = {name for row in rows.values() for name in row} - LEFT_OUT
    return {name: [(step, row[name]) for step, row in sorted(rows.items()) if name in row] for name in sorted(names)}


def plot(runs: dict[str, str | Path], out: str | Path) -> None:
    """Draw the runs side by side, by their titles, into a PNG. Needs matplotlib (in the extra `train`)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5 * len(runs), 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    for place, (title, run) in enumerate(runs.items(), start=1):
        axes = figure.add_subplot(1, len(runs), place)
        for name, points in read_log(run).items():
            axes.plot(*zip(*points, strict=True), label=name, linewidth=2 if name == "loss" else 1)
        axes.set(title=title, xlabel="step", yscale="log")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
    figure.savefig(out, dpi=110)
