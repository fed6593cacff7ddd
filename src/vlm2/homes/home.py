"""A home before it is rendered: rooms, shell, furniture in place, lights. Metres, z up, floor at z = 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64, Int

from ..scenes.record import Room
from .floor_plan import WallOpening
from .mesh import Mesh

Split = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class FurnitureModel:
    """One model of the catalogue, in its own frame: origin at the centre of the base, +y its front, z up.

    x (width) points to the right of a person who stands behind it and looks to its front. `size` is its width, depth
    and height in metres. `stands` names its support: the floor, the top of another piece, a wall (then the origin is
    the centre of its back), or the ceiling (the centre of its top). `surface_height` is the height in metres of a top
    that carries things, if it has one. `colour` is the palette's name of the colour of most of its surface.
    """

    name: str
    category: str
    mesh: Mesh
    size: tuple[float, float, float]
    stands: Literal["floor", "top", "wall", "ceiling"] = "floor"
    surface_height: float | None = None
    colour: str | None = None
    licence: str = "Apache-2.0"


@dataclass(frozen=True)
class Placement:
    """A piece in the home: its instance id (≥ 1, unique), its model and where it stands."""

    id: int
    model: FurnitureModel
    world_from_model: Float64[np.ndarray, "4 4"]
    room: str


@dataclass(frozen=True)
class Light:
    """A point light: position in metres, linear colour times strength (1 lights a white wall at 2 m well)."""

    position: tuple[float, float, float]
    colour: tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Opening(WallOpening):
    """A door or a window that is built: its leaf, or its frame and glass, is a countable thing with instance id `id`.

    `mesh` is in world coordinates. `yaw` is the direction of its width about z in radians (the leaf of an open door is
    turned out of its wall).
    """

    id: int
    mesh: Mesh
    yaw: float = 0.0


@dataclass(frozen=True)
class Home:
    """A furnished home. `shell` is walls, floors, ceilings and skirting in world coordinates, instance id 0."""

    seed: int
    split: Split
    rooms: tuple[Room, ...]
    shell: Mesh
    openings: tuple[Opening, ...]
    placements: tuple[Placement, ...]
    lights: tuple[Light, ...]


@dataclass(frozen=True)
class CameraWalk:
    """A camera's path: seconds, poses (OpenCV axes: x right, y down, z forward), horizontal field of view (radians)."""

    times: Float64[np.ndarray, " frames"]
    world_from_camera: Float64[np.ndarray, "frames 4 4"]
    horizontal_fov: float

    def at(self, frames: Int[np.ndarray, " chosen"]) -> CameraWalk:
        """Return the walk at some of its frames."""
        return CameraWalk(self.times[frames], self.world_from_camera[frames], self.horizontal_fov)
