"""Encoders that turn frames into 3D, and the maths around them. An encoder's name is its module's name."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .encoder import GeometryEncoder

_NOT_ENCODERS = {"alignment", "cameras", "encoder", "features", "linear", "loops", "tracking", "windows"}


def encoder_names() -> list[str]:
    """List the geometry encoders by name: every other module of this room is one, and has `build(config)`."""
    return sorted(module.name for module in iter_modules(__path__) if module.name not in _NOT_ENCODERS)


def build_encoder(name: str, config: dict[str, Any]) -> GeometryEncoder:
    """Build an untrained geometry encoder from its name and configuration. Raise ValueError for an unknown name."""
    if name not in encoder_names():
        raise ValueError(f"No geometry encoder {name!r}; there is {', '.join(encoder_names())}.")
    return import_module(f"{__name__}.{name}").build(config)
