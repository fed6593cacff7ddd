"""How many things there are."""

from __future__ import annotations

from typing import Literal

from ...objects import ObjectMap, Result
from ..query import Query, answered, denying, phrasings
from ..selection import select, together
from ..things import NOW, Things
from ..words import plural, singular


class Count(Query):
    """The number of things, or whether it is even or odd."""

    things: Things
    form: Literal["number", "parity"] = "number"

    def answer(self, map: ObjectMap) -> Result:
        """Count the tracks; a number known apart from them counts for a label alone."""
        with denying(self._value(0)):
            found = select(map, self.things, self.view)
        if self.things == Things(label=self.things.label) and self.view is None:
            number = sum(map.counts.get(name, 0) for name in {track.label for track in found}) or len(found)
        else:
            number = len(found)
        label = self.things.label
        joined = together(map, self.things.room)
        asked = self.things.model_copy(update={"room": None}) if joined else self.things
        name = asked.phrase.replace(label, singular(label) if number == 1 else plural(label), 1)
        words = f" in {joined}" if joined else ""
        return answered(self._value(number), f"I count {number} {name}{words}.", found, ambiguous=bool(joined))

    def _value(self, number: int) -> int | str:
        return number if self.form == "number" else ("odd" if number % 2 else "even")


OPERATOR = Count
PHRASINGS = (
    *phrasings(
        "how many [different|separate] {things} [<there>] {+things}",
        "[what is] (the|a) [total] (number|count|amount|quantity) of {things} [<there>] {+things}",
        "(number|count|amount) of {things} {+things}",
        "count [up] {things} {+things}",
        "(i need to know|i want to know) the [total] (number|count) of {things} {+things}",
        "how many {things} {+things} (in total|altogether|overall|in all)",
        "how many {things} (would|will|do) (i|one) (count|find|see|have) {+things}",
        "how many {things} (there are|one finds) {+things}",
        "of {things} how many are {!things}",
        "if i count {things} {+things} what do i get",
        "{!things} how many {things} <there> {+things}",
        "how many {things} am i facing",
    ),
    *phrasings(
        "how many {things} (is|are) [there] in view [(now|right now|at the moment|from here)]",
        "how many {things} (are visible|can i see|do i see) (now|right now|at the moment|from here)",
        view=NOW,
    ),
    *phrasings(
        "(is|are) [the] (number|amount|count) of {things} {+things} [an] (odd or even|even or odd) [number]",
        "(is|are) there [an|a] (odd or even|even or odd) (number|numbers|amount) of {things} {+things}",
        "(is|are) the total (number|amount|count) of {things} {+things} [an] (odd or even|even or odd) [number]",
        form="parity",
    ),
)
INTENTS = {
    "count": "How many {things} are there?",
    "count_room": "How many {things} are in the {room}?",
}
EXAMPLES = (
    ("How many chairs are there?", "count(chair)"),
    ("How many red chairs are in the kitchen?", "count(thing(chair, colour=red, room=kitchen))"),
    ("I am standing by the sofa, facing the tv. How many lamps are on my left?",
     "count(thing(lamp, side=left), view=view(at=sofa, facing=tv))"),
)  # fmt: skip
