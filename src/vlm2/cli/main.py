"""The command `vlm2`. Each module beside this one is a verb, with a function of that name or a group `app`."""

from __future__ import annotations

import os
import pkgutil
import sys
from importlib import import_module
from typing import Annotated

import typer

from ..heap import use_one_heap

DEBUG = "VLM2_DEBUG"
NO_VERBS = ("main", "terminal")

app = typer.Typer(
    name="vlm2",
    help="Watch a video, remember it in 3D, answer spatial questions about it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def verbs() -> list[str]:
    """Return the names of the verbs."""
    files = (module.name for module in pkgutil.iter_modules([os.path.dirname(__file__)]))
    return [name for name in files if name not in NO_VERBS]


def _show_version(wanted: bool) -> bool:
    if wanted:
        from vlm2 import __version__

        typer.echo(f"vlm2 {__version__}")
        raise typer.Exit
    return wanted


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    pass


def _add_verbs() -> None:
    for verb in verbs():
        module = import_module(f"vlm2.cli.{verb}")
        if isinstance(group := getattr(module, "app", None), typer.Typer):
            app.add_typer(group, name=verb)
        else:
            app.command(verb, context_settings=getattr(module, "CONTEXT", None))(getattr(module, verb))


_add_verbs()


def main() -> None:
    """Run the command line. A user's error is one red line and exit status 2. VLM2_DEBUG=1 shows the traceback."""
    use_one_heap()
    try:
        app()
    except (ValueError, OSError) as error:
        if os.environ.get(DEBUG):
            raise
        typer.secho(f"Error: {error}", fg=typer.colors.RED, err=True)
        sys.exit(2)
