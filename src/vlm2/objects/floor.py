"""The floor: its area, its rooms with their outlines, and the doorways between them."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

import shapely
from pydantic import Field, model_validator
from shapely.geometry.base import BaseGeometry

from ..scenes.record import Box, Room
from .box_measures import CORNERS, box_points
from .frozen import FrozenRecord


class Doorway(FrozenRecord):
    """A way between two rooms: its middle on the ground plane (metres), and the rooms' names."""

    middle: tuple[float, float]
    rooms: tuple[str, str]


class Floor(FrozenRecord):
    """The floor that was seen: its area and the standard deviation of that (m²), its rooms and doorways. The area of a
    map's floor is the sum of the areas of its rooms."""

    area: Annotated[float, Field(ge=0.0)] = 0.0
    area_std: Annotated[float, Field(ge=0.0)] = 0.0
    rooms: tuple[Room, ...] = ()
    doorways: tuple[Doorway, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Floor:
        names = [room.name for room in self.rooms]
        if len(set(names)) < len(names):
            raise ValueError(f"two rooms have the same name: {', '.join(names)}")
        if bad := [room.name for room in self.rooms if len(room.polygon) < 3]:
            raise ValueError(f"room {bad[0]!r} has an outline of fewer than three corners")
        if unknown := {name for way in self.doorways for name in way.rooms} - set(names):
            raise ValueError(f"a doorway leads to {min(unknown)!r}, which is no room of this floor")
        return self

    def room_at(self, x: float, y: float, within: float = 0.3) -> Room | None:
        """Return the room closest to a place; None if its outline is more than `within` metres away."""
        place = shapely.Point(x, y)
        near = [(ground_of(room).distance(place), room) for room in self.rooms]
        gap, room = min(near, key=lambda pair: pair[0], default=(within, None))
        return room if gap <= within else None

    def borders(self, room: Room, box: Box, within: float = 0.2) -> bool:
        """Return whether a box is partly in a room or at most `within` metres from it, as is a door in its wall."""
        footprint = shapely.MultiPoint(box_points(box, CORNERS)[:, :2]).convex_hull
        return ground_of(room).distance(footprint) <= within


def room_area(room: Room) -> float:
    """Return the area of a room in square metres."""
    return float(ground_of(room).area)


def ground_of(room: Room) -> BaseGeometry:
    """Return the ground inside a room's outline, which may cross or touch itself."""
    return _ground(tuple(map(tuple, room.polygon)))


@lru_cache(maxsize=128)
def _ground(outline: tuple[tuple[float, ...], ...]) -> BaseGeometry:
    ground = shapely.Polygon(outline)
    return ground if ground.is_valid else shapely.make_valid(ground)
