"""The floor area of a room, or of all rooms together."""

from __future__ import annotations

import math
from typing import Literal

from ...objects import ObjectMap, Result
from ...objects.floor import room_area
from ..query import NoAnswer, Query, answered, phrasings, quantity
from ..selection import rooms, together
from ..words import PER_SQUARE_METRE, the_room

SHIFT, TURN = 0.5, 30.0  # metres, degrees: a camera that did less shows only a part of a room


class Area(Query):
    """The floor area of the rooms of a name or kind; without one, of everything."""

    room: str | None = None
    unit: Literal["m²", "square feet"] = "m²"

    def answer(self, map: ObjectMap) -> Result:
        """Add up the rooms' outlines, or take the whole floor."""
        kinds = rooms(map, self.room) if self.room else ()
        area = sum(room_area(room) for room in kinds) if kinds else map.floor.area
        if area <= 0:
            raise NoAnswer("not_seen", "I have seen no floor.")
        if map.path and not map.path.moved(SHIFT, TURN):
            raise NoAnswer(
                "not_seen",
                "The camera stood still, so I have seen too little of the floor to tell its area. Walk or "
                "turn while you film.",
            )
        share = area / map.floor.area if map.floor.area else 1.0
        scale = PER_SQUARE_METRE[self.unit]
        std = scale * math.hypot(map.floor.area_std * math.sqrt(share), 2 * map.scale_std * area)
        joined = together(map, self.room)
        name = joined or (the_room(self.room) if self.room else "all the floor that I have seen")
        words = f"{name[0].upper()}{name[1:]}: {quantity(scale * area, self.unit, std)}."
        return answered(scale * area, words, unit=self.unit, std=std, ambiguous=bool(joined))


OPERATOR = Area
NOTES = ("if multiple rooms are shown estimate the size of the combined space", "all rooms together",
         "if i filmed more than one room i want them all added together")  # fmt: skip
PLACE = (
    "([this|the] (room|rooms|place|home|house|flat|apartment|[whole] space|entire place)|it|everything shown|{room})"
)
PHRASINGS = phrasings(
    f"what is the (size|area|floor area|total area) of {PLACE}",
    f"how (big|large|spacious) is {PLACE}",
    f"[what is] the [total] [floor] (area|size) [of {PLACE}]",
    f"how many {{unit}} (is|does) {PLACE} [have|cover]",
    f"[floor] area of {PLACE}",
    f"(estimate|give me) the (size|area|floor area|living area) [of {PLACE}]",
    "how much (space|floor|floor space) is there [in {room}]",
    "how many {unit} [of floor] are there [in {room}]",
)
INTENTS = {
    "area": "What is the total floor area[, in {unit}]?",
    "area_room": "What is the area of the {room}[, in {unit}]?",
}
EXAMPLES = (
    ("How big is this place in square meters?", "area()"),
    ("What is the area of the kitchen in square feet?", "area(kitchen, 'square feet')"),
)
