"""Recipes: one file each in `recipes/`; `recipe()` gives a full configuration and `run(config)` carries it out."""

from __future__ import annotations

import ast
import difflib
import json
import types
from collections.abc import Collection, Iterable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from .. import registry

Config = TypeVar("Config")

RECIPES = f"{__package__}.recipes"
SETTINGS = "settings.json"


def recipes() -> dict[str, str]:
    """Return every recipe's name with the first line of its docstring. Imports none of them."""
    return registry.entries(RECIPES, "recipe")


def find(name: str) -> types.ModuleType:
    """Import a recipe. Raises ValueError naming the ones there are."""
    return registry.load(RECIPES, name, "recipe", "recipe")


def override(config: Config, settings: Iterable[str]) -> Config:
    """Return the configuration with `key=value` settings applied; `loop.steps=10` reaches into a record in it.

    Raises ValueError for what is no `key=value`, for an unknown key, and for a value of another type.
    """
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not (equals and key):
            raise ValueError(f"{setting!r} is no setting; write key=value, for example loop.steps=100.")
        config = _set(config, key.split("."), text, setting)
    return config


def flat(config: object, prefix: str = "") -> dict[str, Any]:
    """Return every setting by its dotted key, in the order of the records."""
    values: dict[str, Any] = {}
    for field in fields(config):  # pyright: ignore[reportArgumentType]
        value = getattr(config, field.name)
        values.update(flat(value, f"{prefix}{field.name}.") if is_dataclass(value) else {prefix + field.name: value})
    return values


def claim(folder: Path | str, config: object, apart: Collection[str] = ()) -> None:
    """Write a run's settings beside it, so that it is never gone on with by others; those in `apart` may change.

    Raises ValueError, naming what differs, where the folder holds a run with other settings.
    """
    mine = json.loads(json.dumps(flat(config), default=str))
    file = Path(folder) / SETTINGS
    if file.is_file():
        there = json.loads(file.read_text(encoding="utf-8"))
        differing = sorted(key for key in {*mine, *there}.difference(apart) if mine.get(key) != there.get(key))
        if differing:
            raise ValueError(
                f"{folder} holds a run with another {', '.join(differing)}; give the same settings to go on with it, "
                "or choose another folder."
            )
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(mine, indent=1) + "\n", encoding="utf-8")


def _set(config: Any, path: list[str], text: str, setting: str) -> Any:
    name, *rest = path
    known = {field.name for field in fields(config)}
    if name not in known:
        raise ValueError(
            f"{setting}: there is no {name!r}{_nearest(name, known)} There are: {', '.join(sorted(known))}."
        )
    if rest:
        inner = getattr(config, name)
        if not is_dataclass(inner):
            raise ValueError(f"{setting}: {name!r} is a single value ({inner!r}); write {name}=...")
        return replace(config, **{name: _set(inner, rest, text, setting)})
    return replace(config, **{name: _value(text, get_type_hints(type(config))[name], setting)})


def _value(text: str, kind: Any, setting: str) -> Any:
    """Read the text as a value of the annotated type."""
    options = get_args(kind)
    if get_origin(kind) in (Union, types.UnionType):
        if text.lower() == "none" and type(None) in options:
            return None
        return _value(text, next(option for option in options if option is not type(None)), setting)
    if get_origin(kind) is Literal:
        if text not in map(str, options):
            raise ValueError(f"{setting}: choose one of {', '.join(map(str, options))}.")
        return next(option for option in options if str(option) == text)
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise ValueError(f"{setting}: choose true or false.")
        return text.lower() == "true"
    if kind is str:
        return text
    if is_dataclass(kind):
        raise ValueError(f"{setting}: this is a record; set its parts: {', '.join(f.name for f in fields(kind))}.")
    try:
        return kind(text) if kind in (int, float, Path) else _literal(text, get_origin(kind) or kind)
    except (ValueError, SyntaxError, TypeError):
        name = getattr(kind, "__name__", str(kind)) if get_origin(kind) is None else str(kind)
        raise ValueError(f"{setting}: {text!r} is no {name}.") from None


def _literal(text: str, kind: type) -> Any:
    value = ast.literal_eval(text)
    if kind is tuple and isinstance(value, list):
        value = tuple(value)
    if not isinstance(value, kind):
        raise TypeError(text)
    return value


def _nearest(name: str, known: Iterable[str]) -> str:
    nearest = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {nearest[0]!r}?" if nearest else "."
