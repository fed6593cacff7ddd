"""Which room is the largest, or the smallest."""

from __future__ import annotations

import math
from typing import Literal

from ...objects import ObjectMap, Result
from ...objects.floor import room_area
from ...scenes.record import Room
from ..query import NoAnswer, Query, answered, chance_less, phrasings
from ..selection import rooms
from ..words import the_room


class CompareRooms(Query):
    """The room with the most, or the least, floor area: of all rooms, or of those with the names or kinds `rooms`."""

    rooms: tuple[str, ...] = ()
    by: Literal["largest", "smallest"] = "largest"

    def answer(self, map: ObjectMap) -> Result:
        """Compare the areas of the rooms' outlines; an error of the scale is common to all and cancels out."""
        found = [room for name in self.rooms for room in rooms(map, name)] if self.rooms else list(map.floor.rooms)
        if not found:
            raise NoAnswer("unsupported", "I do not know how the floor divides into rooms.")
        sign = 1 if self.by == "largest" else -1
        ranked = sorted({room.name: room for room in found}.values(), key=lambda room: -sign * room_area(room))
        best = ranked[0].name
        name = f"{the_room(best)[0].upper()}{the_room(best)[1:]}"
        if len(ranked) == 1:
            return answered(best, f"{name} is the only one that I have seen.")
        gaps = [(room_area(other), _std(map, other)) for other in ranked[1:]]
        area, std = room_area(ranked[0]), _std(map, ranked[0])
        sure = math.prod(chance_less(abs(area - less), math.hypot(std, spread)) for less, spread in gaps)
        told = " and ".join(f"{the_room(room.name)} about {room_area(room):.1f} m²" for room in ranked[:2])
        if several := 1 < len(self.rooms) < len(ranked):  # "the bedroom", of two
            told = " and ".join(f"{the_room(room.name)} about {room_area(room):.1f} m²" for room in ranked)
        return answered(best, f"{name} is the {self.by}: {told}.", confidence=sure, ambiguous=several)


def _std(map: ObjectMap, room: Room) -> float:
    return map.floor.area_std * math.sqrt(room_area(room) / map.floor.area) if map.floor.area else math.inf


OPERATOR = CompareRooms
PHRASINGS = tuple(
    phrasing
    for words, most, by in (
        ("larger|largest|bigger|biggest", "most|more", "largest"),
        ("smaller|smallest", "least|less", "smallest"),
    )
    for phrasing in phrasings(
        f"(which|what) (room|{{rooms:single}}) is [the] ({words}) [one|room]",
        f"(which|what) is the ({words}) (room|{{rooms:single}}) [<there>]",
        f"(which|what) [one] [of the] (room|rooms|{{rooms:single}}) has [the] ({most}|{words}) [floor] "
        "(area|space|floor)",
        f"(which|what) [one|room] is [the] ({words}) [one|room] [between] {{rooms:single}} (or|and) {{rooms:single}}",
        f"(is|are) {{rooms:single}} or {{rooms:single}} ({words}) [one|room]",
        by=by,
    )
)
EXAMPLES = (
    ("Which room is the biggest?", "compare_rooms()"),
    ("Which is smaller, the kitchen or the bathroom?", "compare_rooms([kitchen, bathroom], smallest)"),
)
