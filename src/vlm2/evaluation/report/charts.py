"""Pictures of a report as inline SVG: points with their intervals, and histograms. Colours are the page's classes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from jaxtyping import Float64

from ..bootstrap import Interval

WIDTH = 860
LABELS = 200  # pixels for the names on the left
HISTOGRAM = 320  # the width of one
ROW = 16  # pixels a run in a row
EDGES = np.linspace(-1, 2, 25)
"""Relative errors of a histogram's bins; what lies outside is counted in the outermost."""


def dots(rows: Sequence[tuple[str, Sequence[Interval | None]]]) -> str:
    """Draw shares (0–1) as points with their intervals on one axis: a row a name, in it a point a run."""
    runs = max(len(values) for _, values in rows)
    high = ROW * runs + 10
    height = high * len(rows) + 24
    parts = []
    for tick in range(0, 101, 20):
        x = _place(tick / 100)
        parts.append(f'<line class="grid" x1="{x}" y1="0" x2="{x}" y2="{height - 20}"/>')
        parts.append(f'<text class="tick" x="{x}" y="{height - 6}" text-anchor="middle">{tick}</text>')
    for index, (name, values) in enumerate(rows):
        top = index * high
        if index % 2:
            parts.append(f'<rect class="band" x="0" y="{top}" width="{WIDTH}" height="{high}"/>')
        parts.append(f'<text class="name" x="{LABELS - 12}" y="{top + high / 2 + 4}" text-anchor="end">{name}</text>')
        for run, value in enumerate(values):
            if value is not None:
                parts.append(_dot(value, run, top + 5 + ROW * run + ROW / 2))
    return _svg(height, parts, "Scores with 95 % confidence intervals")


def _dot(value: Interval, run: int, y: float) -> str:
    line = ""
    if value.low == value.low:
        line = f'<line class="span" x1="{_place(value.low)}" y1="{y}" x2="{_place(value.high)}" y2="{y}"/>'
    return f'<g class="run{run}">{line}<circle cx="{_place(value.value)}" cy="{y}" r="4.5"/></g>'


def _place(share: float) -> float:
    return round(LABELS + min(max(share, 0.0), 1.0) * (WIDTH - LABELS - 20), 2)


def histogram(errors: Sequence[Float64[np.ndarray, " samples"]], title: str) -> str:
    """Draw the distributions of relative errors of several runs over each other, as shares of all replies."""
    shares = [bin_shares(values) for values in errors]
    most = max((float(share.max()) for share in shares if len(share)), default=0.0) or 1.0
    height, left, right, base = 150, 8, HISTOGRAM - 8, 128
    wide = (right - left) / (len(EDGES) - 1)
    zero = left + (0 - EDGES[0]) / (EDGES[-1] - EDGES[0]) * (right - left)
    parts = [f'<line class="zero" x1="{zero:.1f}" y1="8" x2="{zero:.1f}" y2="{base}"/>']
    for run, share in enumerate(shares):
        points = [f"{left:.1f},{base}"]
        for index, value in enumerate(share):
            y = base - float(value) / most * (base - 12)
            points += [f"{left + index * wide:.1f},{y:.1f}", f"{left + (index + 1) * wide:.1f},{y:.1f}"]
        points.append(f"{right:.1f},{base}")
        parts.append(f'<polyline class="run{run} area" points="{" ".join(points)}"/>')
    parts.append(f'<line class="axis" x1="{left}" y1="{base}" x2="{right}" y2="{base}"/>')
    for value, text in ((-1, "−100 %"), (0, "right"), (1, "+100 %"), (2, "+200 %")):
        x = left + (value - EDGES[0]) / (EDGES[-1] - EDGES[0]) * (right - left)
        anchor = "start" if value == -1 else "end" if value == 2 else "middle"
        parts.append(f'<text class="tick" x="{x:.1f}" y="{base + 16}" text-anchor="{anchor}">{text}</text>')
    return _svg(height, parts, f"Relative errors of {title}", HISTOGRAM)


def bin_shares(errors: Float64[np.ndarray, " samples"]) -> Float64[np.ndarray, " bins"]:
    """Return the share of all replies in each bin of `EDGES`; replies that are no numbers are in none."""
    said = np.clip(errors[~np.isnan(errors)], EDGES[0], EDGES[-1])
    counts, _ = np.histogram(said, EDGES)
    return counts / max(len(errors), 1)


def _svg(height: float, parts: Sequence[str], title: str, width: float = WIDTH) -> str:
    inside = "".join(parts)
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}"><title>{escape(title)}</title>'
        f"{inside}</svg>"
    )
