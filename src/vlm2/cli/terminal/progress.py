"""Progress on the terminal: downloads, a bar for long work, warnings as single lines."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from typing import TextIO

    from rich.text import Text

    from ...encoders.weights import Progress, Report


@dataclass(frozen=True)
class PartLine:
    """The line of a frozen part. rich calls `__rich__` several times a second, so the megabytes are up to date."""

    progress: Progress

    def __rich__(self) -> Text:
        from rich.text import Text

        part, arrived = self.progress.part, self.progress.bytes
        source = f" from {self.progress.source}" if self.progress.source else ""
        done = f" {arrived / 1e6:.0f} of {part.megabytes} MB" if arrived else ""
        return Text(f"{part.name}: {part.megabytes} MB, {part.licence},{source}{done}")


@contextmanager
def part_lines(stream: TextIO) -> Iterator[Report]:
    """Yield a function that reports the progress of frozen parts, with one line for each part.

    A terminal shows the downloaded megabytes in the line. Otherwise the line begins when the search for the part
    begins, and ends with the source, or with "not ready" after an error.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, soft_wrap=True)
    status, unfinished = console.status(""), False  # the status is shown on terminals only

    def report(progress: Progress) -> None:
        nonlocal unfinished
        if progress.ready:
            console.print(Text(f" from {progress.source}") if unfinished else PartLine(progress))
            unfinished = False
        elif console.is_terminal:
            status.update(PartLine(progress))
        elif not unfinished:
            console.print(PartLine(progress), end="")
            unfinished = True

    with status:
        try:
            yield report
        finally:
            if unfinished:
                console.print(" not ready")


@contextmanager
def progress_bar(
    text: str, total: float | None = None, hidden: bool = False, transient: bool = False
) -> Iterator[Callable[..., None]]:
    """Yield a function that takes how much is done, and perhaps the total. The bar is drawn on stderr.

    A `transient` bar is removed at the end. It is not drawn if stderr is not a terminal.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    columns = (text, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), "left", TimeRemainingColumn())
    options = {"transient": transient, "disable": hidden, "speed_estimate_period": 600}
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
