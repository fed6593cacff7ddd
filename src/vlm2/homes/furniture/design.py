"""A design: one form of a category, from which models of many sizes and finishes are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from ..home import FurnitureModel
from ..mesh import Mesh, Part
from ..textures import texture_image
from .random_draw import Draw, colour_name
from .solids import joined

Stands = Literal["floor", "top", "wall", "ceiling"]


@dataclass(frozen=True)
class FurnitureParts:
    """What a design makes: parts (front towards +y, z up, anywhere), and the height of a top that carries things."""

    parts: Sequence[Part]
    surface_height: float | None = None


@dataclass(frozen=True)
class Design:
    """A form of a category ("office" of "chair"), the function that makes one, and what carries it."""

    category: str
    form: str
    make: Callable[[Draw], FurnitureParts]
    stands: Stands = "floor"


def settle(mesh: Mesh, stands: Stands) -> Mesh:
    """Return the mesh with its origin where `FurnitureModel` wants it for what carries it."""
    low, high = mesh.bounds.astype(np.float64)
    middle = (low + high) / 2
    anchor = {
        "floor": (middle[0], middle[1], low[2]),
        "top": (middle[0], middle[1], low[2]),
        "wall": (middle[0], low[1], middle[2]),
        "ceiling": (middle[0], middle[1], high[2]),
    }[stands]
    matrix = np.eye(4)
    matrix[:3, 3] = -np.asarray(anchor)
    return mesh.transformed(matrix)


@lru_cache(maxsize=512)
def texture_mean(name: str) -> tuple[float, ...]:
    """Return a texture's mean linear colour."""
    srgb = texture_image(name)[::4, ::4].reshape(-1, 3) / 255.0
    return tuple(float(c) for c in np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).mean(0))


def dominant_colour(mesh: Mesh) -> str:
    """Return the palette's word for the material that covers most of the mesh's surface."""
    areas: dict[str, float] = {}
    for part in mesh.parts:
        corners = part.positions[part.faces]
        area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1).sum() / 2
        colour = part.material.colour
        if part.material.texture is not None:
            colour = tuple(c * t for c, t in zip(colour, texture_mean(part.material.texture), strict=True))
        name = colour_name(colour)
        areas[name] = areas.get(name, 0.0) + float(area)
    return max(areas, key=lambda name: areas[name])


def finished(design: Design, name: str, draw: Draw) -> FurnitureModel:
    """Make one model of a design."""
    piece = design.make(draw)
    mesh = settle(joined(piece.parts), design.stands)
    low, high = mesh.bounds
    size = tuple(round(float(s), 4) for s in high - low)
    return FurnitureModel(
        name=name,
        category=design.category,
        mesh=mesh,
        size=size,  # pyright: ignore[reportArgumentType]
        stands=design.stands,
        surface_height=piece.surface_height,
        colour=dominant_colour(mesh),
    )
