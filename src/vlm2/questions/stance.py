"""Someone who stands by one thing and faces another: where all other things are for them.

Nobody knows where exactly one stands by a sofa. So a stance is all the free floor around the thing at once, and what it
says holds on every spot of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from jaxtyping import Bool, Float64, Int

from ..scenes.record import Box, Room, Scene, SceneObject
from .box_geometry import bottom, footprint, point_distances, top, wrapped
from .relations import FLAT, in_room

NEAREST, FARTHEST = 0.15, 0.4  # metres from the thing that one stands by
STEP = 0.1  # metres between the spots tried
HEAD = 1.6  # metres above the floor: what begins higher takes no floor away

SIDES = {"left": 90.0, "right": -90.0, "front": 0.0, "back": 180.0}
FIRM = 40.0  # degrees from a side's middle, at most, of the middle of a thing that is on this side
WHOLE = 85.0  # degrees from it, at most, of every other part of such a thing
OFF = 70.0  # degrees from it, at least, of the middle of a thing that is not; no part of that is within `FIRM`

Spots = Float64[np.ndarray, "spots 2"]


@dataclass(frozen=True)
class Stance:
    """One who stands by `stand`, on any of `spots` (metres, ground plane), and faces the middle of `face`."""

    stand: SceneObject
    face: SceneObject
    room: Room
    spots: Spots
    things: tuple[SceneObject, ...]
    """All other things of the home."""

    def places(self, category: str) -> Int[np.ndarray, " instances"]:
        """Return the places in `things` of a category's instances."""
        return np.flatnonzero([thing.category == category for thing in self.things])

    def instances(self, category: str) -> list[SceneObject]:
        """Return a category's instances among `things`."""
        return [self.things[place] for place in self.places(category)]

    @cached_property
    def angles(self) -> Float64[np.ndarray, "spots things"]:
        """The bearings of the things' middles in degrees: 0 straight ahead, left is positive, (−180, 180]."""
        return self._bearings(np.array([thing.box.center[:2] for thing in self.things]))

    @cached_property
    def reaches(self) -> Float64[np.ndarray, "2 spots things"]:
        """How many degrees each thing reaches to the right (≤ 0) and to the left (≥ 0) of its middle."""
        corners = np.stack([footprint(thing.box) for thing in self.things], axis=1)
        beside = wrapped(np.stack([self._bearings(row) for row in corners]) - self.angles)
        return np.stack([beside.min(axis=0), beside.max(axis=0)])

    @cached_property
    def distances(self) -> Float64[np.ndarray, "spots things"]:
        """The distances in metres to the things' footprints."""
        return np.stack([point_distances(self.spots, thing.box) for thing in self.things], axis=1)

    def on_side(self, side: str) -> Bool[np.ndarray, " things"]:
        """Tell of each thing whether it is clearly on a side (a key of `SIDES`), on every spot."""
        return self._sides[side][0]

    def off_side(self, side: str) -> Bool[np.ndarray, " things"]:
        """Tell of each thing whether it is clearly not on a side, on every spot."""
        return self._sides[side][1]

    @cached_property
    def _sides(self) -> dict[str, tuple[Bool[np.ndarray, " things"], Bool[np.ndarray, " things"]]]:
        """Tell which things are clearly on each side, and which clearly are not."""
        outside, found = self.distances > 0, {}  # what one stands on is around one
        for side, middle in SIDES.items():
            off = wrapped(self.angles - middle)
            right, left = off + self.reaches
            on = (np.abs(off) <= FIRM) & (right >= -WHOLE) & (left <= WHOLE)
            # How far a thing reaches towards the side's middle, and away from it.
            towards = np.where(off > 0, self.reaches[0], -self.reaches[1])
            away = np.where(off > 0, self.reaches[1], -self.reaches[0])
            apart = (np.abs(off) >= OFF) & (np.abs(off) + towards >= FIRM) & (np.abs(off) + away <= 360.0 - FIRM)
            found[side] = (on & outside).all(axis=0), (apart & outside).all(axis=0)
        return found

    @cached_property
    def in_room(self) -> Bool[np.ndarray, " things"]:
        """Tell which things are in the room where one stands; doors are in both rooms that they join."""
        return np.array([in_room(thing, self.room) for thing in self.things])

    def _bearings(self, points: Float64[np.ndarray, "things 2"]) -> Float64[np.ndarray, "spots things"]:
        ways = points[None] - self.spots[:, None]
        ahead = np.array(self.face.box.center[:2]) - self.spots
        facing = np.arctan2(ahead[:, 1], ahead[:, 0])
        return wrapped(np.degrees(np.arctan2(ways[..., 1], ways[..., 0]) - facing[:, None]))


def standing_spots(scene: Scene, thing: SceneObject, room: Room) -> Spots:
    """Return the free spots of floor around a thing: in its room, and in no other thing."""
    axes = np.array(thing.box.axes)[:2, :2]
    halves = np.array(thing.box.size[:2]) / 2 + FARTHEST
    lines = [np.linspace(-half, half, int(np.ceil(2 * half / STEP)) + 1) for half in halves]
    grid = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 2)
    spots = np.array(thing.box.center[:2]) + grid @ axes
    away = point_distances(spots, thing.box)
    free = (away >= NEAREST) & (away <= FARTHEST + 1e-9) & inside(room, spots)
    for obstacle in obstacles(scene):
        free &= point_distances(spots, obstacle) > 0
    return spots[free]


def obstacles(scene: Scene) -> list[Box]:
    """Return the boxes of what one neither walks over nor passes under."""
    return [thing.box for thing in scene.objects if bottom(thing.box) < HEAD and top(thing.box) > FLAT]


def inside(room: Room, spots: Spots) -> Bool[np.ndarray, " spots"]:
    """Tell which points of the ground plane lie in a room."""
    return shapely.contains_xy(shapely.Polygon(room.polygon), spots)
