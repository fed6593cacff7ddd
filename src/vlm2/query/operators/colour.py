"""Which colour things have."""

from __future__ import annotations

from collections import Counter

from ...objects import ObjectMap, Result
from ..query import NoAnswer, Query, answered, phrasings
from ..selection import select
from ..things import Things
from ..words import COLOURS, listed, plural


class Colour(Query):
    """The colour of things; ambiguous where they do not have the same."""

    things: Things

    def answer(self, map: ObjectMap) -> Result:
        """Take the first colour word of each track."""
        found = [track for track in select(map, self.things, self.view) if track.colours]
        if not found:
            raise NoAnswer("unsupported", f"I have not made out the colour of the {self.things.phrase}.")
        ranked = [colour for colour, _ in Counter(track.colours[0] for track in found).most_common()]
        words = listed(list(found[0].colours), "or") if len(found) == 1 else listed(ranked)
        label = self.things.label
        name = self.things.phrase.replace(label, plural(label), 1) if len(found) > 1 else self.things.phrase
        sentence = f"The {name}: {words}."
        return answered(ranked[0], sentence, found, ambiguous=len(ranked) > 1)


OPERATOR = Colour
EITHER = f"({'|'.join(sorted(COLOURS))})"
PHRASINGS = phrasings(
    f"(is|are|was|were) {{things}} {EITHER} or {EITHER}",
    "(what|which) (color|colour|colors|colours) (is|are|was|were) {things}",
    "(what|which) (is|are|was) the (color|colour) of {things}",
    "(what|which) (color|colour) [of] {things} (is|are) {!things}",
    "the (color|colour) of {things}",
    "(color|colour) of {things}",
    "in what (color|colour) (did you see|is|are) {things}",
    "name the (color|colour) of {things}",
    "(what|which) (color|colour) {things} (is|are)",
    "(what|which) (color|colour) (does|do) {things} have",
    "{things} {+things} (what|which) (color|colour)",
    "how would you describe {things} by (color|colour)",
    "(what|which) (color|colour) would you say {things} (is|are)",
)
INTENTS = {"colour": "What colour is the {thing}?"}
EXAMPLES = (
    ("What color is the sofa?", "colour(sofa)"),
    ("Which colour is the chair next to the desk?", "colour(thing(chair, place=beside(desk)))"),
)
