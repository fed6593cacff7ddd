"""Progress on the terminal: downloads, a bar while a video is watched, warnings as single lines."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from typing import TextIO

    from ...encoders.weights import Progress, Report
    from ...video import VideoFile

LONG_VIDEO = 10.0  # seconds; longer videos get a progress bar


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
def video_bar(video: VideoFile) -> Iterator[Callable[[float], None]]:
    """Yield a function that takes the seconds watched so far. A long video has a bar if stderr is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    hidden = video.seconds < LONG_VIDEO or not console.is_terminal
    with Progress(console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task("Watching", total=video.seconds)
        yield lambda seconds: bar.update(task, completed=seconds)


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
