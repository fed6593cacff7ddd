"""How many rooms there are, and which."""

from __future__ import annotations

from typing import Literal

from ...objects import ObjectMap, Result
from ..query import NoAnswer, Query, answered, phrasings
from ..words import listed, plural


class CountRooms(Query):
    """The number of rooms, of one kind where `kind` is given; or their names."""

    kind: str | None = None
    form: Literal["number", "names"] = "number"

    def answer(self, map: ObjectMap) -> Result:
        """Count the floor's rooms."""
        if not map.floor.rooms:
            raise NoAnswer("unsupported", "I do not know how the floor divides into rooms.")
        found = [room for room in map.floor.rooms if self.kind in (None, room.kind, room.name)]
        names = tuple(room.name for room in found)
        number = f"{len(found)} {plural(self.kind or 'room') if len(found) != 1 else self.kind or 'room'}"
        sentence = f"I have seen {number}" + (f": {listed([f'the {name}' for name in names])}." if names else ".")
        return answered(len(found) if self.form == "number" else names, sentence)


OPERATOR = CountRooms
PHRASINGS = (
    *phrasings("how many (rooms|{kind}) [<there>]", "(number|count) of (rooms|{kind})"),
    *phrasings("(which|what) rooms [<there>]", "list (the|all|all the) rooms", form="names"),
)
INTENTS = {
    "rooms": "How many rooms are there?",
    "rooms_kind": "How many {kinds} are there?",
    "rooms_names": "Which rooms are there?",
}
EXAMPLES = (("How many rooms are there?", "rooms()"), ("How many bedrooms are there?", "rooms(bedroom)"))
