"""Progress on the terminal: downloads, a bar for long work, warnings as single lines."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from typing import TextIO

    from ...encoders.weights import Progress, Report


@contextmanager
def part_lines(stream: TextIO) -> Iterator[Report]:
    """Yield a function that reports the progress of frozen parts, with one line for each part.

    A terminal shows the downloaded megabytes in the line. Otherwise the line begins when the search for the part
    begins, and ends with the source, or with "not ready" after an error.
    """
    from rich.console import Console
    from rich.markup import escape

    console = Console(file=stream, highlight=False, markup=False, soft_wrap=True)
    status, unfinished = console.status(""), False  # the status is shown on terminals only

    def report(progress: Progress) -> None:
        nonlocal unfinished
        part = progress.part
        facts = f"{part.name}: {part.megabytes} MB, {part.licence},"
        source = f" from {progress.source}" if progress.source else ""
        if progress.ready:
            console.print(source if unfinished else facts + source)
            unfinished = False
        elif console.is_terminal:
            arrived = f" {progress.bytes / 1e6:.0f} of {part.megabytes} MB" if progress.bytes else ""
            status.update(escape(facts + source + arrived))
        elif not unfinished:
            console.print(facts, end="")
            unfinished = True

    with status:
        try:
            yield report
        finally:
            if unfinished:
                console.print(" not ready")


@contextmanager
def progress_bar(text: str, total: float | None = None, hidden: bool = False) -> Iterator[Callable[..., None]]:
    """Yield a function that takes how much is done, and perhaps the total. The bar is drawn on a terminal's stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    columns = (text, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), "left", TimeRemainingColumn())
    options = {"transient": True, "disable": hidden, "speed_estimate_period": 600}
    with Progress(*columns, console=Console(stderr=True), **options) as bar:
        task = bar.add_task(text, total=total)
        yield lambda done, total=total: bar.update(task, completed=done, total=total)


@contextmanager
def warning_lines() -> Iterator[None]:
    """Show vlm2's own warnings as one yellow line each, and no warnings of libraries."""
    from ...encoders.frozen_part import LicenceNotice
    from ...video import VideoWarning

    def show(message: Warning | str, *_: object, **__: object) -> None:
        typer.secho(f"Warning: {message}", fg=typer.colors.YELLOW, err=True)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", VideoWarning)
        warnings.simplefilter("always", LicenceNotice)
        warnings.showwarning = show
        yield
