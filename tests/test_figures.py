"""Tables of figures: no figure is cut at any width."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from vlm2.figures import print_figures

HEADINGS = ("shape", *(f"heading number {k}" for k in range(12)))
ROWS = [[f"row {r} [bold]", *(f"{1111.25 * (r + 1) * (k + 1):.2f}" for k in range(12))] for r in range(3)]


@pytest.mark.parametrize("width", [40, 80, 120, 300])
def test_every_figure_is_whole_at_any_width(width):
    out = io.StringIO()
    print_figures(HEADINGS, ROWS, "a [title]", "a caption", Console(file=out, width=width))
    printed = out.getvalue()
    assert all(len(line) <= width for line in printed.splitlines()) and "…" not in printed
    assert sorted(re.findall(r"\d+\.\d+", printed)) == sorted(cell for row in ROWS for cell in row[1:])
    assert "a [title]" in printed and "[bold]" in printed and "a caption" in printed


def test_one_table_where_there_is_room():
    out = io.StringIO()
    print_figures(("", "early", "late"), [("ms a frame", "1.0", "2.0"), ("MB", "", "9")], console=Console(file=out))
    assert out.getvalue().count("early") == 1 and "─" in out.getvalue()
    assert len(out.getvalue().splitlines()[0]) <= 80
