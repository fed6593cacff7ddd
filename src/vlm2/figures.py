"""Tables of figures for a terminal, in which no figure is ever cut."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def print_figures(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    title: str = "",
    caption: str = "",
    console: Console | None = None,
) -> None:
    """Print rows whose first cell names them and whose other cells are figures.

    Headings wrap, figures do not. If the columns do not fit beside each other, they are printed as several tables, one
    below the other, each with the rows' names. The width is 80 text columns where no terminal gives another.
    """
    from rich.console import Console

    console = console or Console(highlight=False)
    if title:
        console.print(title, markup=False)
    first, columns = 1, len(headings)
    while first < columns:
        last = first + 1
        while last < columns and _width(console, _table(headings, rows, first, last + 1)) <= console.width:
            last += 1
        console.print(_table(headings, rows, first, last))
        first = last
    if caption:
        console.print(caption, style="dim", markup=False)


def figure(value: float | None, form: str, unknown: str = "–") -> str:
    """Return a value in a format such as "{:.2f} s", or `unknown` for None."""
    return unknown if value is None else form.format(value)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], first: int, last: int) -> Table:
    """Lay out the names and the columns from `first` to before `last`."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(Text(headings[0]), overflow="fold")
    for column in range(first, last):
        widest = max([len(row[column]) for row in rows], default=0)
        words = textwrap.fill(headings[column], max(widest, *map(len, headings[column].split()), 1))
        table.add_column(Text(words, no_wrap=True), justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(cell) for cell in (row[0], *row[first:last])))
    return table


def _width(console: Console, table: Table) -> int:
    return console.measure(table, options=console.options.update(width=10_000)).minimum
