"""`vlm2 import`: convert published checkpoints to folders for `--model`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .terminal.options import Json, print_json

if TYPE_CHECKING:
    from ..models.convert import KeyReport

app = typer.Typer(
    help="Convert published weights to a folder for --model, with a report on every tensor.",
    no_args_is_help=True,
)

Source = Annotated[str, typer.Argument(metavar="SRC", help="A folder, or owner/model on the Hugging Face hub.")]
Out = Annotated[Path, typer.Option(help="A new folder.")]


@app.command("llava-video")
def llava_video(
    source: Source,
    out: Out,
    geometry: Annotated[str, typer.Option(help="π³'s weights: a folder, a file, or a hub name.")] = "yyfz233/Pi3",
    seed: Annotated[int, typer.Option(help="Random seed of newly initialised tensors.")] = 0,
    json: Json = False,
) -> None:
    """Convert LLaVA-Video-7B-Qwen2 (or LLaVA-NeXT-Video-7B-Qwen2) and π³ to an untrained VLM²-7B."""
    from ..models.convert import import_llava_video

    _show(import_llava_video(source, out, geometry, seed), out, json)


@app.command("pi3")
def pi3(source: Source, out: Out, json: Json = False) -> None:
    """Convert π³, the geometry encoder, from a folder, a .safetensors or a .pth file. Not for commercial use."""
    from ..models.convert import import_pi3

    _show(import_pi3(source, out), out, json)


def _show(report: KeyReport, out: Path, json: bool) -> None:
    from ..models.parts import PartRecord

    if json:
        print_json(report.to_json())
        return
    typer.echo(f"{report.source} → {out}")
    for line in report.lines():
        typer.echo(line)
    folders = [folder for folder in (out, *sorted(out.iterdir())) if folder.is_dir()]
    for record in filter(None, map(PartRecord.read, folders)):
        typer.echo(f"{record.name}: {record.parameters:,} parameters, {record.licence}, sha256 {record.sha256[:12]}…")
        if record.notice:
            typer.secho(record.notice, fg=typer.colors.YELLOW)
