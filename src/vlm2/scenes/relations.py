"""Relations between objects by their boxes: on, above, next to; and which room an object is in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from .box_geometry import bottom, box_distance, footprint, in_box, top
from .record import Box, Room, Scene, SceneObject

RESTING = 0.02  # metres between an object's bottom and the top that it rests on, at most
OVERHANG = 0.05  # metres that an object's centre may lie outside the object that it rests on
OFF_WALL = 0.15  # metres that it may lie outside the object that it hangs above: furniture stands off the wall
BESIDE = 0.3  # metres of free space between neighbours, at most
ASIDE = 0.8  # metres beyond which nobody would call an object a neighbour
ON_FLOOR = 0.1  # metres from the floor to the bottom of an object that stands on it, at most
DOORWAY = 0.2  # metres from a room's floor to a door of it, at most
FLAT = 0.1  # metres; an object whose top is lower can be walked on


def stands_on_floor(thing: SceneObject) -> bool:
    """Tell whether an object stands on the floor and is not flat like a mat."""
    return bottom(thing.box) <= ON_FLOOR and top(thing.box) > FLAT


def resting_on(support: SceneObject, things: Sequence[SceneObject]) -> tuple[SceneObject, ...]:
    """Return the objects that rest on top of `support`."""
    return tuple(
        thing
        for thing in things
        if thing.id != support.id
        and abs(bottom(thing.box) - top(support.box)) <= RESTING
        and _is_over(thing.box, support.box, OVERHANG)
    )


def above(base: SceneObject, things: Sequence[SceneObject]) -> tuple[SceneObject, ...]:
    """Return the objects of the same room that hang or stand above `base` without touching it."""
    return tuple(
        thing
        for thing in things
        if thing.room == base.room
        and bottom(thing.box) > max(top(base.box) + RESTING, ON_FLOOR)
        and _is_over(thing.box, base.box, OFF_WALL)
    )


def beside(thing: SceneObject, others: Sequence[SceneObject], within: float = BESIDE) -> tuple[SceneObject, ...]:
    """Return the objects that stand on the floor of the same room at most `within` metres away, the closest first."""
    near = [
        (box_distance(thing.box, other.box), other)
        for other in others
        if other.id != thing.id and other.room == thing.room and stands_on_floor(other)
    ]
    return tuple(other for distance, other in sorted(near, key=lambda pair: pair[0]) if distance <= within)


def in_room(thing: SceneObject, room: Room) -> bool:
    """Tell whether an object is in a room. A door is in both rooms that it joins."""
    if thing.category != "door":
        return thing.room == room.name
    return shapely.Polygon(room.polygon).distance(shapely.MultiPoint(footprint(thing.box))) <= DOORWAY


def room_kind(scene: Scene, thing: SceneObject) -> str | None:
    """Return the kind of the room that an object is in; None if that is not known, and for doors."""
    kinds = {room.name: room.kind for room in scene.rooms}
    return None if thing.room is None or thing.category == "door" else kinds.get(thing.room)


def _is_over(upper: Box, lower: Box, outside: float) -> bool:
    """Tell whether a box's centre lies over another box seen from above, or at most `outside` metres beside it."""
    local = np.abs(in_box(np.array([upper.center]), lower)[0])
    flat = np.abs(np.array(lower.axes)[:, 2]) < 0.5
    return bool((local[flat] <= np.array(lower.size)[flat] / 2 + outside).all())
