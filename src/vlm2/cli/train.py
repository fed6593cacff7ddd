"""`vlm2 train`: carry out a recipe."""

from __future__ import annotations

from typing import Annotated

import typer


def train(
    recipe: Annotated[str | None, typer.Argument(help="Name of a recipe; --list shows them.")] = None,
    settings: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Changes to it.")] = None,
    list_recipes: Annotated[bool, typer.Option("--list", help="List the recipes and exit.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Print the configuration and exit.")] = False,
) -> None:
    """Train with a recipe: `vlm2 train mini loop.steps=100`. Run again, it goes on from its last checkpoint."""
    from ..training.recipe import find, flat, override, recipes

    if list_recipes:
        for name, line in recipes().items():
            typer.echo(f"{name:20} {line}")
        return
    if recipe is None:
        raise ValueError(f"Name a recipe: {', '.join(recipes())}. `vlm2 train --list` tells what each does.")
    module = find(recipe)
    config = override(module.recipe(), settings or [])
    if show:
        for key, value in flat(config).items():
            typer.echo(f"{key}={value}")
        return
    module.run(config)
