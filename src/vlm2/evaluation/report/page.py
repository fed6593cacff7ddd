"""A report as one HTML page that needs nothing else: no network, no script; styles, charts and pictures lie in it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from ..benchmark import Item
from ..bootstrap import Interval
from ..scores import Run
from .charts import dots, histogram
from .findings import Findings

STYLE = Path(__file__).with_name("report.css")
PICTURES = 4  # of a sample's video
PICTURE_WIDTH = 240  # pixels


def page(findings: Findings) -> str:
    """Return the report as HTML."""
    runs, first = findings.runs, findings.runs[0]
    title = f"{first.benchmark.name}, version {first.benchmark.version}"
    videos = len({sample.item.group for sample in first.samples})
    sections = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="soft">{first.scores["questions"]:,} questions about {videos} videos · scorer '
        f"<b>{escape(first.scores['scorer'])}</b> · scores in percent, with 95 % confidence intervals from drawing "
        "whole videos again</p>",
        _cards(findings),
        _section("By task", _tasks(findings)),
        _section("By length of the video", _lengths(findings)),
        _section("Run against run", _comparisons(findings)) if len(runs) > 1 else "",
        _section("How far off the numbers are", _histograms(findings)),
        _section(f"Where {escape(findings.labels[0])} is most wrong", _worst(findings)),
        _section("Receipts", _receipts(findings)),
    ]
    body = "\n".join(filter(None, sections))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE.read_text('utf-8')}</style></head>\n"
        f"<body><main>\n{body}\n</main></body></html>\n"
    )


def percent(share: float) -> str:
    """Write a share (0–1) in percent."""
    return f"{100 * share:.1f}"


def readable(name: str) -> str:
    """Write a question type's name for people."""
    return escape(name.replace("object_", "").replace("obj_", "").replace("_", " "))


def _section(title: str, body: str) -> str:
    return f"<section><h2>{title}</h2>\n{body}\n</section>" if body else ""


def _cards(findings: Findings) -> str:
    cards = []
    for index, (label, table) in enumerate(zip(findings.labels, findings.tables, strict=True)):
        value = table[findings.headline]
        cards.append(
            f'<div class="card run{index}"><div class="label">{escape(label)}</div>'
            f'<div class="big">{percent(value.value)}</div><div class="soft">{_bounds(value)}</div></div>'
        )
    return f'<div class="cards">{"".join(cards)}</div>'


def _bounds(value: Interval) -> str:
    return f"{percent(value.low)} – {percent(value.high)}" if value.low == value.low else "no interval"


def _legend(findings: Findings) -> str:
    keys = (f'<span class="run{i}"><span class="key"></span>{escape(x)}</span>' for i, x in enumerate(findings.labels))
    return f'<div class="legend">{"".join(keys)}</div>'


def _tasks(findings: Findings) -> str:
    rows = [(readable(name), [table.get(name) for table in findings.tables]) for name in findings.names]
    chart = f'<figure class="wide">{_legend(findings)}{dots(rows)}</figure>'
    head = "".join(
        f'<th><span class="run{i}"><span class="key"></span></span>{escape(x)}</th>'
        for i, x in enumerate(findings.labels)
    )
    counts = findings.runs[0].scores["types"]
    body = "".join(
        f'<tr class="{"headline" if name == findings.headline else ""}"><th>{readable(name)}</th>'
        f"<td>{counts.get(name, '')}</td>"
        + "".join(_cell(table.get(name), f"{run}/{name}") for run, table in enumerate(findings.tables))
        + "</tr>"
        for name in findings.names
    )
    table = f"<table><thead><tr><th></th><th>questions</th>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'{chart}<div class="scroll" style="margin-top:14px">{table}</div>'


def _table(corner: str, head: str, rows: Iterable[str]) -> str:
    return f"<table><thead><tr><th>{corner}</th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _cell(value: Interval | None, name: str) -> str:
    if value is None:
        return "<td></td>"
    bounds = f'<span class="ci">{_bounds(value)}</span>'
    return f'<td data-of="{escape(name)}" data-value="{value.value!r}">{percent(value.value)}{bounds}</td>'


def _lengths(findings: Findings) -> str:
    lengths = list(dict.fromkeys(name for table in findings.lengths for name in table))
    if not lengths:
        return ""
    first = findings.runs[0].scores["lengths"]
    head = "".join(f"<th>{name} ({first[name]['questions'] if name in first else 0})</th>" for name in lengths)
    body = []
    for index, (label, tables) in enumerate(zip(findings.labels, findings.lengths, strict=True)):
        cells = "".join(
            _cell(tables.get(name, {}).get(findings.headline), f"{index}/{name}/{findings.headline}")
            for name in lengths
        )
        body.append(
            f'<tr><th><span class="run{index}"><span class="key"></span></span>{escape(label)}</th>{cells}</tr>'
        )
    table = _table(readable(findings.headline), head, body)
    details = "".join(_length_details(findings, index, lengths) for index in range(len(findings.runs)))
    return (
        '<p class="soft">short: under a minute · mid: one to two · long: over two (in brackets: questions)</p>'
        f'<div class="scroll">{table}</div><div style="margin-top:12px">{details}</div>'
    )


def _length_details(findings: Findings, index: int, lengths: Sequence[str]) -> str:
    tables = findings.lengths[index]
    body = "".join(
        f"<tr><th>{readable(name)}</th>"
        + "".join(_cell(tables.get(length, {}).get(name), f"{index}/{length}/{name}/all") for length in lengths)
        + "</tr>"
        for name in findings.names
    )
    head = "".join(f"<th>{name}</th>" for name in lengths)
    return (
        f"<details><summary>{escape(findings.labels[index])}, every task by length</summary><div class='scroll'>"
        f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )


def _comparisons(findings: Findings) -> str:
    body = []
    for (one, other), found in findings.comparisons.items():
        gap = found.difference
        sign = f"{100 * gap.value:+.1f}".replace("-", "−")
        body.append(
            f"<tr><th>{escape(findings.labels[one])} − {escape(findings.labels[other])}</th>"
            f'<td data-of="{one}-{other}" data-value="{gap.value!r}">{sign}</td>'
            f"<td>{100 * gap.low:+.1f} – {100 * gap.high:+.1f}</td><td>{_p(found.p)}</td>"
            f"<td>{found.questions}</td><td>{found.videos}</td></tr>"
        )
    head = "<th>difference</th><th>95 % interval</th><th>p</th><th>questions</th><th>videos</th>"
    return (
        f'<p class="soft">Paired: both runs on the same draws of videos. {readable(findings.headline)}, in points.</p>'
        f'<div class="scroll">{_table("", head, body)}</div>'
    )


def _p(value: float) -> str:
    return "&lt; 0.01" if value < 0.01 else f"{value:.2f}"


def _histograms(findings: Findings) -> str:
    if not findings.errors:
        return ""
    figures = []
    for name, values in findings.errors.items():
        lost = [int((run != run).sum()) for run in values]
        note = f" · no number: {', '.join(map(str, lost))}" if any(lost) else ""
        figures.append(
            f"<figure><figcaption><b>{readable(name)}</b> · {len(values[0])} questions{note}</figcaption>"
            f"{histogram(values, name)}</figure>"
        )
    return (
        '<p class="soft">Relative errors, (answer − truth) / truth; the outermost bins hold all that lies beyond.</p>'
        f'{_legend(findings)}<div class="small">{"".join(figures)}</div>'
    )


def _worst(findings: Findings) -> str:
    return "".join(_sample(findings, item, replies) for item, replies in findings.worst)


def _sample(findings: Findings, item: Item, replies: Sequence[str | None]) -> str:
    pictures = "".join(
        f'<img src="{source}" alt="at {time:.1f} s" title="{time:.1f} s">'
        for time, source in _pictures(findings.runs, item.group)
    )
    options = "".join(f"<li>{escape(option)}</li>" for option in item.options or ())
    said = "".join(
        f'<span class="run{i}"><span class="key"></span>{escape(label)}: <b>{escape(reply) or "(nothing)"}</b></span>'
        for i, (label, reply) in enumerate(zip(findings.labels, replies, strict=True))
        if reply is not None
    )
    truth = escape(" / ".join(item.answers[:4]))
    return (
        '<article class="sample">'
        + (f'<div class="strip">{pictures}</div>' if pictures else "")
        + f'<div class="soft">{readable(item.question_type)} · {escape(item.id)}</div>'
        f'<p class="question">{escape(item.question)}</p>'
        + (f"<ul>{options}</ul>" if options else "")
        + f'<div class="replies"><span>truth: <b>{truth}</b></span>{said}</div></article>'
    )


def _pictures(runs: Sequence[Run], group: str) -> Iterable[tuple[float, str]]:
    """Give some frames of a video as JPEG in data addresses, with their seconds; none where no run knows its file."""
    from PIL import Image

    from ...video import VideoFile

    for run in runs:
        file = run.receipt["videos"].get(group, {}).get("file")
        if file and Path(file).is_file():
            for frame in VideoFile(file).spread(PICTURES):
                image = Image.fromarray(frame.image)
                image.thumbnail((PICTURE_WIDTH, PICTURE_WIDTH))
                packed = io.BytesIO()
                image.save(packed, "JPEG", quality=72)
                yield frame.time, f"data:image/jpeg;base64,{base64.b64encode(packed.getvalue()).decode()}"
            return


def _receipts(findings: Findings) -> str:
    body = "".join(_receipt_row(label, run) for label, run in zip(findings.labels, findings.runs, strict=True))
    head = "".join(f"<th>{name}</th>" for name in ("run", "frames", "data", "weights", "threads", "code", "seconds"))
    whole = "".join(
        f"<details><summary>{escape(label)}: the whole receipt</summary><pre>"
        f"{escape(json.dumps(without_videos(run.receipt), indent=1, ensure_ascii=False))}</pre></details>"
        for label, run in zip(findings.labels, findings.runs, strict=True)
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        f'<div style="margin-top:12px">{whole}</div>'
    )


def without_videos(receipt: Any) -> dict[str, Any]:
    """Leave the list of videos out of a receipt: it is long, and its paths are of one machine."""
    return {key: value for key, value in receipt.items() if key != "videos"}


def _receipt_row(label: str, run: Run) -> str:
    told, processes = run.receipt["run"], run.receipt["processes"]
    frames = told.get("frames", {})
    shown = {"memory": f"memory, {frames.get('fps')} a second", "spread": f"{frames.get('count')} spread"}
    weights = told["model"].get("files", {}).get("model.safetensors", "")
    seconds = sum(process.get("seconds", 0) for process in processes)
    cells = (
        label,
        shown.get(frames.get("rule"), "none"),
        told["data"]["revision"][:16],
        weights[:12] or "none",
        str(told.get("threads", "")),
        ", ".join(dict.fromkeys(process["code"][:12] for process in processes)),
        f"{seconds:,.0f}",
    )
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
