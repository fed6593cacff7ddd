"""The report of runs: a page for people, and the same numbers as a Markdown table."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float64

from ...cache import whole_file
from ..bootstrap import Interval
from ..scores import Run
from .data import ReportData

if TYPE_CHECKING:
    from jinja2 import Environment

IMAGES = 4  # of the video of a sample
IMAGE_WIDTH = 240  # pixels
EDGES = np.linspace(-1, 2, 25)
"""Relative errors at the edges of a histogram's bins; the outermost bins also count all errors beyond them."""


def write_report(data: ReportData, file: Path) -> tuple[Path, Path]:
    """Write the page and, beside it, the table; return their paths."""
    file.parent.mkdir(parents=True, exist_ok=True)
    table = file.with_suffix(".md")
    for path, text in ((file, _render("report.html.jinja", data)), (table, markdown(data))):
        with whole_file(path) as partial:
            partial.write_text(text, "utf-8")
    return file, table


def markdown(data: ReportData) -> str:
    """Return the report's tables as Markdown."""
    return _render("report.md.jinja", data)


def bin_shares(errors: Float64[np.ndarray, " samples"]) -> Float64[np.ndarray, " bins"]:
    """Return the share of all replies in each bin of `EDGES`. A reply that is no number (NaN) is in no bin."""
    counts, _ = np.histogram(np.clip(errors[~np.isnan(errors)], EDGES[0], EDGES[-1]), EDGES)
    return counts / max(len(errors), 1)


def _render(template: str, data: ReportData) -> str:
    first = data.runs[0]
    return (
        _templates()
        .get_template(template)
        .render(
            data=data,
            scores=first.scores,
            title=f"{first.benchmark.name}, version {first.benchmark.version}",
            videos=len({sample.item.group for sample in first.samples}),
            frames_of=partial(_frames_of, data.runs),
        )
    )


@cache
def _templates() -> Environment:
    from jinja2 import ChainableUndefined, Environment, FileSystemLoader

    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=lambda name: not (name or "").endswith(".md.jinja"),
        undefined=ChainableUndefined,  # a value that a run lacks is an empty cell
    )
    filters = {
        "percent": _percent,
        "points": lambda gap, minus="−": f"{100 * gap:+.1f}".replace("-", minus),
        "bounds": _bounds,
        "readable": lambda name: name.replace("object_", "").replace("obj_", "").replace("_", " "),
        "place": lambda share: round(200 + 640 * min(max(share, 0.0), 1.0), 2),
        "bin_shares": bin_shares,
        "no_numbers": _no_numbers,
        "receipt": _whole_receipt,
        "object_rows": _object_rows,
    }
    templates.filters.update(filters)
    return templates


def _bounds(value: Interval, dash: str = " – ") -> str:
    """Return an interval's bounds in percent, "" where they are NaN."""
    return "" if np.isnan(value.low) else f"{100 * value.low:.1f}{dash}{100 * value.high:.1f}"


def _no_numbers(runs: Sequence[Float64[np.ndarray, " samples"]]) -> str:
    """Return how many replies of each run are no numbers, "" where all are."""
    counts = [int(np.isnan(errors).sum()) for errors in runs]
    return f" · no number: {', '.join(map(str, counts))}" if any(counts) else ""


def _object_rows(data: ReportData) -> Iterator[tuple[str, list[str]]]:
    """Yield the rows about the object memory: a title, and a cell for each run that has one."""
    parts, headline = [part for _, part in data.with_objects], data.headline
    rated = [part["confidence"] for part in parts]
    yield "questions answered by the objects", [f"{100 * part['coverage']:.1f} %" for part in parts]
    yield "score of those", [_percent(part["answered"].get(headline)) for part in parts]
    yield "score of all, a refusal counts 0", [_percent(part["refused_as_wrong"].get(headline)) for part in parts]
    yield "mean score, upper half of confidence", [_percent(one and one["upper"]) for one in rated]
    yield "mean score, lower half of confidence", [_percent(one and one["lower"]) for one in rated]
    yield "difference of the halves", [_percent(one and one["upper"] - one["lower"]) for one in rated]
    intervals = [part["intervals"] for part in parts]
    yield "90 % intervals that hold the truth", [_percent(one["held"]) for one in intervals]
    yield "numbers with an interval", [f"{one['stated']} of {one['numbers']}" for one in intervals]


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"


def _whole_receipt(receipt: Mapping[str, Any]) -> str:
    """Return a receipt as JSON without its list of videos, which is long and has paths of one machine."""
    return json.dumps({key: value for key, value in receipt.items() if key != "videos"}, indent=1, ensure_ascii=False)


def _frames_of(runs: Sequence[Run], group: str) -> Iterator[tuple[float, str]]:
    """Yield a few frames of a video: seconds, and a JPEG as a data URI; none where no run's receipt has the file."""
    from PIL import Image

    from ...video import VideoFile

    files = (run.receipt["videos"].get(group, {}).get("file") for run in runs)
    file = next((file for file in files if file and Path(file).is_file()), None)
    if file is not None:
        for frame in VideoFile(file).spread(IMAGES):
            image, packed = Image.fromarray(frame.image), io.BytesIO()
            image.thumbnail((IMAGE_WIDTH, IMAGE_WIDTH))
            image.save(packed, "JPEG", quality=72)
            yield frame.time, f"data:image/jpeg;base64,{base64.b64encode(packed.getvalue()).decode()}"
