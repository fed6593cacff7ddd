"""Encoders that turn frames into 3D, and the maths around them.

Every module of this folder that has `build(config)` is an encoder; its name is the module's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ... import registry

if TYPE_CHECKING:
    from .encoder import GeometryEncoder


def build_encoder(name: str, config: dict[str, Any]) -> GeometryEncoder:
    """Build an untrained geometry encoder from its name and configuration. Raise ValueError for an unknown name."""
    return registry.load(__name__, name, "build", "geometry encoder").build(config)
