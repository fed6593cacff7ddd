"""Someone who stands by one thing and faces another: where all other things are for them.

Nobody knows where exactly one stands by a sofa. So a stance is all the free floor around the thing at once, and what it
says holds on every spot of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import shapely
from jaxtyping import Bool, Float64, Int

from ..scenes.record import Box, Room, Scene, SceneObject
from .box_geometry import box_corners
from .question import Question
from .question_type import QuestionType
from .relations import FLAT, bottom, stands_on_floor, top
from .selection import shuffled
from .visibility import single

NEAREST, FARTHEST = 0.15, 0.4  # metres from the thing that one stands by
STEP = 0.1  # metres between the spots tried
SPOTS = 8  # that must be free, at least
HEAD = 1.6  # metres above the floor: what begins higher takes no floor away
APART = 1.0  # metres to what one faces, at least
DOORWAY = 0.2  # metres from a room's floor to a door of it, at most

SIDES = {"left": 90.0, "right": -90.0, "front": 0.0, "back": 180.0}
PHRASES = {"left": "to my left", "right": "to my right", "front": "in front of me", "back": "behind me"}
FIRM = 40.0  # degrees from a side's middle, at most, of the middle of a thing that is on this side
WHOLE = 85.0  # degrees from it, at most, of every other part of such a thing
OFF = 70.0  # degrees from it, at least, of the middle of a thing that is not; no part of that is within `FIRM`

Spots = Float64[np.ndarray, "spots 2"]
T = TypeVar("T")


@dataclass(frozen=True)
class Stance:
    """One who stands by `stand`, on any of `spots` (metres, ground plane), and faces the middle of `face`."""

    stand: SceneObject
    face: SceneObject
    room: Room
    spots: Spots
    things: tuple[SceneObject, ...]
    """All other things of the home."""

    def ask(
        self, kind: QuestionType, answers: Iterable[str], slots: dict[str, str], things: Iterable[SceneObject]
    ) -> Question:
        """Return a question in this situation about some things, which each of the answers answers."""
        names = {"stand": self.stand.category, "face": self.face.category}
        return kind.open(answers, names | slots, (self.stand, self.face, *things))

    def places(self, category: str) -> Int[np.ndarray, " instances"]:
        """Return the places in `things` of a category's instances."""
        return np.flatnonzero([thing.category == category for thing in self.things])

    def instances(self, category: str) -> list[SceneObject]:
        """Return a category's instances among `things`."""
        return [thing for thing in self.things if thing.category == category]

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
        return np.stack([ground_distances(self.spots, thing.box) for thing in self.things], axis=1)

    def on_side(self, side: str) -> Bool[np.ndarray, " things"]:
        """Tell of each thing whether it is clearly on a side (a key of `SIDES`), on every spot."""
        return self._sides[side][0]

    def off_side(self, side: str) -> Bool[np.ndarray, " things"]:
        """Tell of each thing whether it is clearly not on a side, on every spot."""
        return self._sides[side][1]

    @cached_property
    def _sides(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        return {side: self._side(middle) for side, middle in SIDES.items()}

    def _side(self, middle: float) -> tuple[Bool[np.ndarray, " things"], Bool[np.ndarray, " things"]]:
        """Tell which things are clearly on the side whose middle has this bearing, and which clearly are not."""
        off = wrapped(self.angles - middle)
        right, left = off + self.reaches
        on = (np.abs(off) <= FIRM) & (right >= -WHOLE) & (left <= WHOLE)
        # How far a thing reaches towards the side's middle, and away from it.
        towards = np.where(off > 0, self.reaches[0], -self.reaches[1])
        away = np.where(off > 0, self.reaches[1], -self.reaches[0])
        apart = (np.abs(off) + towards >= FIRM) & (np.abs(off) + away <= 360.0 - FIRM)
        outside = self.distances > 0  # what one stands on is around one
        return (on & outside).all(axis=0), (apart & (np.abs(off) >= OFF) & outside).all(axis=0)

    @cached_property
    def in_room(self) -> Bool[np.ndarray, " things"]:
        """Tell which things are in the room where one stands; doors are in both rooms that they join."""
        return np.array([
            room_distances(self.room, footprint(thing.box)).min() <= DOORWAY
            if thing.category == "door"
            else thing.room == self.room.name
            for thing in self.things
        ])  # fmt: skip

    def _bearings(self, points: Float64[np.ndarray, "things 2"]) -> Float64[np.ndarray, "spots things"]:
        ways = points[None] - self.spots[:, None]
        ahead = np.array(self.face.box.center[:2]) - self.spots
        facing = np.arctan2(ahead[:, 1], ahead[:, 0])
        return wrapped(np.degrees(np.arctan2(ways[..., 1], ways[..., 0]) - facing[:, None]))


def stances(scene: Scene, rng: np.random.Generator) -> Iterator[Stance]:
    """Yield every stance between two unambiguous things of one room with free floor around the first, in random
    order; none for a scene without rooms."""
    rooms = {room.name: room for room in scene.rooms}
    things = [thing for thing in single(scene) if thing.room in rooms and thing.category != "door"]
    spots = {t.id: standing_spots(scene, t, rooms[str(t.room)]) for t in things if stands_on_floor(t)}
    pairs = [(a, b) for a in things for b in things if a.id in spots and a.id != b.id and a.room == b.room]
    for stand, face in shuffled(pairs, rng):
        free = spots[stand.id]
        if len(free) >= SPOTS and ground_distances(free, face.box).min() >= APART:
            others = tuple(thing for thing in scene.objects if thing.id not in (stand.id, face.id))
            if others:
                yield Stance(stand, face, rooms[str(stand.room)], free, others)


def yes_and_no(
    scene: Scene,
    rng: np.random.Generator,
    candidates: Callable[[Stance], Sequence[T]],
    answer: Callable[[Stance, T], str | None],
) -> Iterator[tuple[Stance, T, str]]:
    """Yield stances, each with a candidate for a question and its answer: "yes" and "no" by turns, in random order."""
    wanted = "yes"
    for stance in stances(scene, rng):
        for candidate in shuffled(candidates(stance), rng):
            if answer(stance, candidate) == wanted:
                yield stance, candidate, wanted
                wanted = "no" if wanted == "yes" else "yes"
                break


def standing_spots(scene: Scene, thing: SceneObject, room: Room) -> Spots:
    """Return the free spots of floor around a thing: in its room, and in no other thing."""
    axes = np.array(thing.box.axes)[:2, :2]
    halves = np.array(thing.box.size[:2]) / 2 + FARTHEST
    lines = [np.linspace(-half, half, int(np.ceil(2 * half / STEP)) + 1) for half in halves]
    grid = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 2)
    spots = np.array(thing.box.center[:2]) + grid @ axes
    away = ground_distances(spots, thing.box)
    free = (away >= NEAREST) & (away <= FARTHEST + 1e-9) & inside(room, spots)
    for obstacle in obstacles(scene):
        free &= ground_distances(spots, obstacle) > 0
    return spots[free]


def obstacles(scene: Scene) -> list[Box]:
    """Return the boxes of what one neither walks over nor passes under."""
    return [thing.box for thing in scene.objects if bottom(thing.box) < HEAD and top(thing.box) > FLAT]


def wrapped(degrees: np.ndarray) -> np.ndarray:
    """Return angles in (−180, 180]."""
    return 180.0 - (180.0 - degrees) % 360.0


def footprint(box: Box) -> Float64[np.ndarray, "4 2"]:
    """Return the corners on the ground plane of a box that stands upright."""
    return box_corners(box)[::2, :2]


def ground_distances(spots: Spots, box: Box) -> Float64[np.ndarray, " spots"]:
    """Return the distances in metres from points on the ground plane to a box's footprint; 0 inside it."""
    local = (spots - np.array(box.center[:2])) @ np.array(box.axes)[:2, :2].T
    return np.linalg.norm(np.maximum(np.abs(local) - np.array(box.size[:2]) / 2, 0.0), axis=-1)


def inside(room: Room, spots: Spots) -> Bool[np.ndarray, " spots"]:
    """Tell which points of the ground plane lie in a room."""
    return shapely.contains_xy(shapely.Polygon(room.polygon), spots)


def room_distances(room: Room, spots: Spots) -> Float64[np.ndarray, " spots"]:
    """Return the distances in metres from points on the ground plane to a room's floor; 0 inside it."""
    return np.asarray(shapely.distance(shapely.Polygon(room.polygon), shapely.points(spots)))
