"""A person who stands by one object and faces another: on which side of them all other objects are.

"By the sofa" does not say where exactly. So a stance has all spots of free floor around the object, and a fact holds
only if it holds on each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from jaxtyping import Bool, Float64, Int

from .box_geometry import bottom, footprint, point_distances, top, wrapped
from .record import Box, Room, Scene, SceneObject
from .relations import FLAT, in_room

NEAREST, FARTHEST = 0.15, 0.4  # metres from a spot to the object that the person stands by
STEP = 0.1  # metres between neighbouring spots
HEAD = 1.6  # metres above the floor; an object whose bottom is higher is no obstacle

# The bearing in degrees of each side's middle, and what is clearly on a side or clearly not, in degrees from there.
SIDES = {"left": 90.0, "right": -90.0, "front": 0.0, "back": 180.0}
FIRM = 40.0  # at most, for the centre of an object on this side
WHOLE = 85.0  # at most, for every corner of such an object
OFF = 70.0  # at least, for the centre of an object that is not on this side; none of its corners is within `FIRM`

Spots = Float64[np.ndarray, "spots 2"]


@dataclass(frozen=True)
class Stance:
    """A person who stands by `stand`, on any of `spots` (metres, ground plane), and faces the centre of `face`."""

    stand: SceneObject
    face: SceneObject
    room: Room
    spots: Spots
    things: tuple[SceneObject, ...]
    """All other objects of the scene; arrays over `things` are in this order."""

    def places(self, category: str) -> Int[np.ndarray, " instances"]:
        """Return the indices in `things` of a category's instances."""
        return np.flatnonzero([thing.category == category for thing in self.things])

    def instances(self, category: str) -> list[SceneObject]:
        """Return a category's instances among `things`."""
        return [self.things[place] for place in self.places(category)]

    @cached_property
    def angles(self) -> Float64[np.ndarray, "spots things"]:
        """The bearings of the objects' centres in degrees: 0 straight ahead, left is positive, (−180, 180]."""
        return self._bearings(np.array([thing.box.center[:2] for thing in self.things]))

    @cached_property
    def reaches(self) -> Float64[np.ndarray, "2 spots things"]:
        """How many degrees each object extends to the right (≤ 0) and to the left (≥ 0) of its centre."""
        corners = np.stack([footprint(thing.box) for thing in self.things], axis=1)
        beside = wrapped(np.stack([self._bearings(corner) for corner in corners]) - self.angles)
        return np.stack([beside.min(axis=0), beside.max(axis=0)])

    @cached_property
    def distances(self) -> Float64[np.ndarray, "spots things"]:
        """The distances in metres to the objects' footprints."""
        return np.stack([point_distances(self.spots, thing.box) for thing in self.things], axis=1)

    def on_side(self, side: str) -> Bool[np.ndarray, " things"]:
        """Tell which objects are clearly on a side (a key of `SIDES`), seen from every spot."""
        return self._sides[side][0]

    def off_side(self, side: str) -> Bool[np.ndarray, " things"]:
        """Tell which objects are clearly not on a side, seen from every spot."""
        return self._sides[side][1]

    @cached_property
    def _sides(self) -> dict[str, tuple[Bool[np.ndarray, " things"], Bool[np.ndarray, " things"]]]:
        """Tell for each side which objects are clearly on it, and which are clearly not."""
        outside, found = self.distances > 0, {}  # an object under the person is on no side
        for side, middle in SIDES.items():
            off = wrapped(self.angles - middle)
            right, left = off + self.reaches
            on = (np.abs(off) <= FIRM) & (right >= -WHOLE) & (left <= WHOLE)
            # How far an object extends towards the side's middle, and away from it.
            towards = np.where(off > 0, self.reaches[0], -self.reaches[1])
            away = np.where(off > 0, self.reaches[1], -self.reaches[0])
            apart = (np.abs(off) >= OFF) & (np.abs(off) + towards >= FIRM) & (np.abs(off) + away <= 360.0 - FIRM)
            found[side] = (on & outside).all(axis=0), (apart & outside).all(axis=0)
        return found

    @cached_property
    def in_room(self) -> Bool[np.ndarray, " things"]:
        """Tell which objects are in the person's room; doors are in both rooms that they join."""
        return np.array([in_room(thing, self.room) for thing in self.things])

    def _bearings(self, points: Float64[np.ndarray, "things 2"]) -> Float64[np.ndarray, "spots things"]:
        ways = points[None] - self.spots[:, None]
        ahead = np.array(self.face.box.center[:2]) - self.spots
        facing = np.arctan2(ahead[:, 1], ahead[:, 0])
        return wrapped(np.degrees(np.arctan2(ways[..., 1], ways[..., 0]) - facing[:, None]))


def standing_spots(scene: Scene, thing: SceneObject, room: Room) -> Spots:
    """Return the spots around an object that are in the room and in no obstacle, in metres on the ground plane."""
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
    """Return the boxes of the objects that a person can neither step over nor pass under."""
    return [thing.box for thing in scene.objects if bottom(thing.box) < HEAD and top(thing.box) > FLAT]


def inside(room: Room, spots: Spots) -> Bool[np.ndarray, " spots"]:
    """Tell which points of the ground plane lie in a room."""
    return shapely.contains_xy(shapely.Polygon(room.polygon), spots)
