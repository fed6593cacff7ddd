"""How things stand to one another, from their boxes: on, above, next to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from ..scenes.record import Box, Room, Scene, SceneObject
from .box_geometry import bottom, box_distance, footprint, in_box, top

RESTING = 0.02  # metres between a thing's bottom and the top that it rests on, at most
OVERHANG = 0.05  # metres that a thing's middle may lie outside what it rests on
OFF_WALL = 0.15  # metres that it may lie outside what it hangs above: the gap between furniture and the wall
BESIDE = 0.3  # metres of free space between neighbours, at most
ASIDE = 0.8  # metres from which on nobody would call a thing a neighbour
ON_FLOOR = 0.1  # metres above the floor that the bottom of a standing thing may be
DOORWAY = 0.2  # metres from a room's floor to a door of it, at most
FLAT = 0.1  # metres of height below which a thing is something to walk on


def stands_on_floor(thing: SceneObject) -> bool:
    """Tell whether a thing stands on the floor and is no mat."""
    return bottom(thing.box) <= ON_FLOOR and top(thing.box) > FLAT


def resting_on(support: SceneObject, things: Sequence[SceneObject]) -> tuple[SceneObject, ...]:
    """Return the things that rest on the top of another."""
    return tuple(
        thing
        for thing in things
        if thing.id != support.id
        and abs(bottom(thing.box) - top(support.box)) <= RESTING
        and _is_over(thing.box, support.box, OVERHANG)
    )


def above(base: SceneObject, things: Sequence[SceneObject]) -> tuple[SceneObject, ...]:
    """Return the things of the same room that hang or stand clear above another."""
    return tuple(
        thing
        for thing in things
        if thing.room == base.room
        and bottom(thing.box) > max(top(base.box) + RESTING, ON_FLOOR)
        and _is_over(thing.box, base.box, OFF_WALL)
    )


def beside(thing: SceneObject, others: Sequence[SceneObject], within: float = BESIDE) -> tuple[SceneObject, ...]:
    """Return the standing things of the same room that are no more than `within` metres from a standing thing, the
    closest first."""
    near = [
        (box_distance(thing.box, other.box), other)
        for other in others
        if other.id != thing.id and other.room == thing.room and stands_on_floor(other)
    ]
    return tuple(other for distance, other in sorted(near, key=lambda pair: pair[0]) if distance <= within)


def in_room(thing: SceneObject, room: Room) -> bool:
    """Tell whether a thing is in a room. A door is in both rooms that it joins."""
    if thing.category != "door":
        return thing.room == room.name
    return shapely.Polygon(room.polygon).distance(shapely.MultiPoint(footprint(thing.box))) <= DOORWAY


def room_kind(scene: Scene, thing: SceneObject) -> str | None:
    """Return the kind of room that a thing is in; None where that is not known. A door is in no one room."""
    kinds = {room.name: room.kind for room in scene.rooms}
    return None if thing.room is None or thing.category == "door" else kinds.get(thing.room)


def _is_over(upper: Box, lower: Box, outside: float) -> bool:
    """Tell whether the middle of one box lies over another, seen from above, or no more than so many metres outside."""
    local = np.abs(in_box(np.array([upper.center]), lower)[0])
    flat = np.abs(np.array(lower.axes)[:, 2]) < 0.5
    return bool((local[flat] <= np.array(lower.size)[flat] / 2 + outside).all())
