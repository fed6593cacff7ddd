"""Which room a thing is in."""

from __future__ import annotations

from ...objects import ObjectMap, Result
from ..query import NoAnswer, Query, answered, phrasings
from ..selection import one, which
from ..things import Things
from ..words import the_room
from .where import room_words


class InRoom(Query):
    """The room that a thing is in."""

    thing: Things

    def answer(self, map: ObjectMap) -> Result:
        """Return the kind of the room, by which people call it."""
        track, several = one(map, self.thing, self.view)
        name = map.room_of(track)
        if name is None:
            raise NoAnswer("unsupported", f"I do not know which room the {self.thing.phrase} is in.")
        kind = room_words(map, track) or name
        sentence = f"The {self.thing.phrase} is in {the_room(kind)}.{which(self.thing, several)}"
        return answered(kind, sentence, [track], ambiguous=several)


OPERATOR = InRoom
PHRASINGS = phrasings(
    "(which|what) room (is|are) {thing} [located] [in]",
    "in (which|what) [kind of] room (is|are|did you see|can i find) {thing} [located]",
    "(which|what) room (has|contains) {thing}",
    "(name|tell me) the room (where {thing} is|that {thing} is in)",
    "(which|what) room do i go to for {thing}",
    "what is the room with {thing} called",
    "{thing} in (which|what) room",
    "the room (where {thing} is|that {thing} is in|of {thing})",
    "to get to {thing} (which|what) room (must|do) i enter",
)
INTENTS = {"room_of": "Which room is the {thing} in?"}
EXAMPLES = (("Which room is the bed in?", "room(bed)"),)
