"""A design: one form of a category, from which models of many sizes and finishes are drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from ..home import FurnitureModel
from ..mesh import Mesh, Part, face_normals, joined
from ..textures import texture_image
from .random_draw import Draw, colour_name, linear_from_srgb

Stands = Literal["floor", "top", "wall", "ceiling"]


@dataclass(frozen=True)
class CarryingTop:
    """The height (metres) of a top on which other things may stand. A design yields it beside its parts."""

    height: float


Parts = Iterator[Part | CarryingTop]


@dataclass(frozen=True)
class Design:
    """A form of a category (the form "office" of "chair"), its generator function, and what carries the piece.

    `make` yields the parts of one piece: its front towards +y, z up, its place arbitrary.
    """

    category: str
    form: str
    stands: Stands
    make: Callable[[Draw], Parts]


def design(category: str, form: str, stands: Stands = "floor") -> Callable[[Callable[[Draw], Parts]], Design]:
    """Make the decorated generator function the design of this name. The catalogue finds it in its module."""
    return lambda make: Design(category, form, stands, make)


def settle(mesh: Mesh, stands: Stands) -> Mesh:
    """Return the mesh with its origin where `FurnitureModel` wants it for what carries it."""
    low, high = mesh.bounds.astype(np.float64)
    anchor = (low + high) / 2
    if stands == "wall":
        anchor[1] = low[1]
    else:
        anchor[2] = high[2] if stands == "ceiling" else low[2]
    matrix = np.eye(4)
    matrix[:3, 3] = -anchor
    return mesh.transformed(matrix)


@lru_cache(maxsize=512)
def texture_mean(name: str) -> tuple[float, ...]:
    """Return a texture's mean linear colour."""
    return tuple(float(c) for c in linear_from_srgb(texture_image(name)[::4, ::4].reshape(-1, 3) / 255.0).mean(0))


def dominant_colour(mesh: Mesh) -> str:
    """Return the palette's name of the colour that covers most of the mesh's surface."""
    areas: dict[str, float] = {}
    for part in mesh.parts:
        colour = part.material.colour
        if part.material.texture is not None:
            colour = tuple(c * t for c, t in zip(colour, texture_mean(part.material.texture), strict=True))
        name = colour_name(colour)
        area = np.linalg.norm(face_normals(part.positions, part.faces), axis=1).sum() / 2
        areas[name] = areas.get(name, 0.0) + float(area)
    return max(areas, key=lambda name: areas[name])


def finished(design: Design, name: str, draw: Draw) -> FurnitureModel:
    """Make one model of a design."""
    parts, surface_height = [], None
    for part in design.make(draw):
        if isinstance(part, CarryingTop):
            surface_height = part.height
        else:
            parts.append(part)
    return settled_model(name, design.category, joined(parts), design.stands, surface_height)


def settled_model(
    name: str,
    category: str,
    mesh: Mesh,
    stands: Stands,
    surface_height: float | None,
    licence: str = FurnitureModel.licence,
) -> FurnitureModel:
    """Return the model of a mesh (front towards +y, z up): its origin moved, its size and its colour measured."""
    mesh = settle(mesh, stands)
    width, depth, height = (round(float(s), 4) for s in np.ptp(mesh.bounds, axis=0))
    return FurnitureModel(
        name, category, mesh, (width, depth, height), stands, surface_height, dominant_colour(mesh), licence
    )
