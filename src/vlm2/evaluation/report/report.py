"""The report of runs: a page for people, and the same numbers as a Markdown table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ..bootstrap import Interval
from ..predictions import write_whole
from .findings import Findings
from .page import page, percent


def write_report(findings: Findings, file: Path) -> tuple[Path, Path]:
    """Write the page and, beside it, the table; return where they are."""
    file.parent.mkdir(parents=True, exist_ok=True)
    table = file.with_suffix(".md")
    write_whole(file, page(findings).encode())
    write_whole(table, markdown(findings).encode())
    return file, table


def markdown(findings: Findings) -> str:
    """Return the report's tables as Markdown."""
    first = findings.runs[0]
    parts = [
        f"## {first.benchmark.name}, version {first.benchmark.version}",
        f"{first.scores['questions']} questions, scorer `{first.scores['scorer']}`. Percent, with 95 % intervals from "
        "drawing whole videos again.",
        _table(
            ["", "questions", *findings.labels],
            (
                [name, str(first.scores["types"].get(name, "")), *(_cell(t.get(name)) for t in findings.tables)]
                for name in findings.names
            ),
        ),
    ]
    lengths = list(dict.fromkeys(name for table in findings.lengths for name in table))
    if lengths:
        rows = (
            [label, *(_cell(tables.get(name, {}).get(findings.headline)) for name in lengths)]
            for label, tables in zip(findings.labels, findings.lengths, strict=True)
        )
        parts += [f"`{findings.headline}` by length of the video:", _table(["", *lengths], rows)]
    if findings.comparisons:
        rows = (
            [
                f"{findings.labels[one]} − {findings.labels[other]}",
                f"{100 * found.difference.value:+.1f}",
                f"{100 * found.difference.low:+.1f} – {100 * found.difference.high:+.1f}",
                f"{found.p:.3f}",
            ]
            for (one, other), found in findings.comparisons.items()
        )
        parts += ["Run against run, paired by video:", _table(["", "difference", "95 % interval", "p"], rows)]
    return "\n\n".join(parts) + "\n"


def _cell(value: Interval | None) -> str:
    if value is None:
        return ""
    bounds = f" ({percent(value.low)}–{percent(value.high)})" if value.low == value.low else ""
    return percent(value.value) + bounds


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
