"""Whether there is such a thing: yes or no."""

from __future__ import annotations

from ...objects import ObjectMap, Result
from ..query import NoneSuch, Query, answered, denying, phrasings
from ..selection import labelled, select
from ..things import Things
from ..words import a


class Exists(Query):
    """Whether a thing of this description was seen."""

    things: Things

    def answer(self, map: ObjectMap) -> Result:
        """Look for one. "No" is an answer where things of this kind were seen, but none of this description."""
        try:
            with denying(False):
                found = select(map, self.things, self.view)
        except NoneSuch as error:
            return answered(False, f"No: {error}", labelled(map, self.things.label))
        return answered(
            True,
            f"Yes, {a(self.things.phrase, self.things.label)}.",
            [max(found, key=lambda track: track.label_confidence)],
        )


OPERATOR = Exists
PHRASINGS = (
    *phrasings(
        "(is|are|was|were) there {things} {+things}",
        "(is|was) {things} {!things}",
        "(do|does|did|can|could) (i|you|we|one) (have|find|own|spot) {things} {+things}",
        "((do|does|did|can|could) (you|we|one)|did i) see {things} {+things}",
        "(do|can|could) i see {things} {!things}",
        "{!things} (is|are) there {things}",
        "(is|was) {things} seen {+things}",
        "{things} is {!things}",
        "does {things} have its place {!things}",
        "(is|are) [one of] the things {!things} {things}",
        "there (is|are) {things} {+things}",
        "is it possible to see {things} {!things}",
        "[any chance [that]] [(if|whether)] there (is|are|was|were) {things} {+things}",
        "any chance of {things} {+things}",
        "any {things} {!things}",
        "(does|do|did) (this|the) (place|home|house|flat|apartment) (have|come with) {things} {+things}",
    ),
    *phrasings("am i facing {things}", things=Things(side="front")),
)
INTENTS = {
    "exists": "Is there a {thing}?",
    "exists_room": "Is there a {thing} in the {room}?",
}
EXAMPLES = (
    ("Is there a lamp in the bedroom?", "exists(thing(lamp, room=bedroom))"),
    ("Is the chair red?", "exists(thing(chair, colour=red))"),
    ("Is there a cup on the desk?", "exists(thing(cup, place=on(desk)))"),
)
