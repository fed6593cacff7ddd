"""`vlm2 train`: carry out a recipe."""

from __future__ import annotations

from typing import Annotated

import typer

# All that follows the recipe's name, `--help` too, belongs to the recipe.
CONTEXT = {"ignore_unknown_options": True, "allow_interspersed_args": False}


def train(
    recipe: Annotated[str | None, typer.Argument(help="Name of a recipe.")] = None,
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="[--NAME VALUE]...", help="Settings; RECIPE --help lists them.")
    ] = None,
    list_recipes: Annotated[bool, typer.Option("--list", help="List the recipes and exit.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Print the settings that would be used and exit.")] = False,
) -> None:
    """Train with a recipe: `vlm2 train mini --answering.steps 9`. The same command continues a killed run."""
    from ..training.recipe import configure, flatten, load_recipe, recipes

    if list_recipes:
        for name, line in recipes().items():
            typer.echo(f"{name:20} {line}")
        return
    if recipe is None:
        raise ValueError(f"Name a recipe: {', '.join(recipes())}. `vlm2 train --list` describes each.")
    module = load_recipe(recipe)
    config = configure(recipe, module.recipe(), settings or [])
    if show:
        for key, value in flatten(config).items():
            typer.echo(f"{key} = {value}")
        return
    module.run(config)
