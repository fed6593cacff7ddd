"""Recipes: one file each in `recipes/`; `recipe()` returns a full configuration and `run(config)` carries it out.

A configuration is a frozen dataclass. `tyro` makes the command line of it: `--answering.steps 10` reaches into a nested
record, and the comments beside the fields are the help texts.
"""

from __future__ import annotations

import json
import types
from collections.abc import Collection, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

from .. import registry

Config = TypeVar("Config")

RECIPES = f"{__package__}.recipes"
SETTINGS = "settings.json"


def recipes() -> dict[str, str]:
    """Return every recipe's name with the first line of its docstring, without importing them."""
    return registry.entries(RECIPES, "recipe")


def load_recipe(name: str) -> types.ModuleType:
    """Import a recipe. Raises ValueError, naming all recipes, for an unknown name."""
    return registry.load(RECIPES, name, "recipe", "recipe")


def configure(name: str, config: Config, settings: Sequence[str]) -> Config:
    """Return a recipe's configuration changed by command line settings, such as `--answering.steps 10`.

    Prints an error or, for `--help`, the settings, and exits, as command lines do.
    """
    import tyro

    return tyro.cli(type(config), prog=f"vlm2 train {name}", default=config, args=list(settings))


def flatten(config: object, prefix: str = "") -> dict[str, Any]:
    """Return all settings by their dotted names, in the order of the records."""
    values: dict[str, Any] = {}
    for field in fields(config):  # pyright: ignore[reportArgumentType]
        value = getattr(config, field.name)
        values |= flatten(value, f"{prefix}{field.name}.") if is_dataclass(value) else {prefix + field.name: value}
    return values


def claim_folder(folder: Path | str, config: object, apart: Collection[str] = ()) -> None:
    """Write a run's settings beside it, so that it is continued with the same settings only.

    The settings in `apart` may change. Raises ValueError, naming the settings that differ, where the folder holds a run
    with others.
    """
    mine = json.loads(json.dumps(flatten(config), default=str))
    file = Path(folder) / SETTINGS
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(mine, indent=1) + "\n", encoding="utf-8")
        return
    there = json.loads(file.read_text(encoding="utf-8"))
    differing = sorted(key for key in {*mine, *there}.difference(apart) if mine.get(key) != there.get(key))
    if differing:
        raise ValueError(
            f"{folder} holds a run with another {', '.join(differing)}; give the same settings to continue it, or "
            "choose another folder."
        )
