"""How far two things are apart, or a thing from someone: between their closest points, or their centres."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

from ...objects import ObjectMap, Result
from ..query import Query, answered, clock, phrasings, quantity
from ..selection import distance_to, length_std, one, which
from ..things import NOW, Spot, Things, Viewpoint
from ..words import PER_METRE


class Distance(Query):
    """The distance from a thing to another, or to where someone is."""

    relates: ClassVar[bool] = True
    first: Things
    second: Spot
    unit: Literal["m", "cm", "feet", "inches", "yards"] = "m"
    between: Literal["surfaces", "centres"] = "surfaces"

    def answer(self, map: ObjectMap) -> Result:
        """Measure between the closest points of the two boxes or their centres, or from the eye to the box."""
        seen_from = self.second if isinstance(self.second, Viewpoint) else self.view
        first, several = one(map, self.first, seen_from)
        metres, others, also = distance_to(map, self.second, [first], self.view)
        scale, gap = PER_METRE[self.unit], float(metres[0])
        if self.between == "centres" and isinstance(self.second, Things):
            gap = math.dist(first.box.center, others[0].box.center)
        std = scale * length_std(map, gap, first, *others)
        end = f"the {self.second.phrase}" if isinstance(self.second, Things) else place_words(self.second)
        words = f"{quantity(scale * gap, self.unit, std).capitalize()} from the {self.first.phrase} to {end}."
        if isinstance(self.second, Things):
            words += which(self.second, also)
        words += which(self.first, several)
        return answered(scale * gap, words, [first, *others], unit=self.unit, std=std, ambiguous=several or also)


def place_words(view: Viewpoint) -> str:
    """Return the words for someone's place: where you are, or were at a time."""
    return "where you are" if view.seconds is None else f"where you were at {clock(view.seconds)}"


OPERATOR = Distance
NOTES = ("measuring from the closest point of each object", "measured at their closest points",
         "measuring at their closest points", "measuring from their closest points")  # fmt: skip
CENTRES = "(centre to centre|center to center|between (their|the) (centres|centers))"
BETWEEN = (
    "what is the [approximate|straight] (distance|gap|space|clearance) (between|from) {first} (and|to) {second}",
    "what is the [approximate|straight] (distance|gap|space|clearance) (between|from) {second} (and|to) [the "
    "nearest point of] {first}",
    "how far [away] (is|are|was|were) {first} [away] from {second}",
    "how far [is it] from {first} to {second}",
    "how far apart (are|is) {first} and {second}",
    "how far {first} and {second} are apart",
    "how far {first} (is|are) [away] from {second}",
    "(the|what) (distance|gap|space) (between|from) {first} (and|to) {second}",
    "(distance|gap|space) (between|from) {first} (and|to) {second}",
    "how much (space|room|distance) (is there|lies) between {first} and {second}",
    "how (close|near) (is|was|are) {first} to {second}",
    "how many {unit} (are there|is it|are|lie) (between|from) {first} (and|to) {second}",
    "how many {unit} separate {first} and {second}",
    "how many {unit} [away] (is|are|was) {first} [away] from {second}",
    "how many {unit} lie between {second} and {first}",
    "how far (am|is|was) {second} [away] from {first}",
    "how many {unit} away from {second} (is|was) {first}",
    "(what|how much|how many) [{unit}] (gap|distance|space|separates|separate) [separates] {second} (from|and) {first}",
    "(what|the) distance of {second} from {first}",
    "how (big|wide|large|long) is the (gap|space|distance|clearance) between {first} and {second}",
    "[from] {first} to {second} (how far|how many {unit})",
)
PHRASINGS = (
    *phrasings(*BETWEEN),
    *phrasings(*(f"{wording} {CENTRES}" for wording in BETWEEN), between="centres"),
    *phrasings("how far [away] (is|was) {first}", "how many {unit} away (is|was) {first}", second=NOW),
)
INTENTS = {
    "distance": "How far is the {a} from the {b}[, in {unit}]?",
    "distance_me": "How far is the {thing} from me[, in {unit}]?",
}
EXAMPLES = (
    ("How far is the chair from the table, in feet?", "distance(chair, table, feet)"),
    ("What is the distance between the bed and the lamp on the desk?", "distance(bed, thing(lamp, place=on(desk)))"),
    ("How far is the bed from the desk, centre to centre?", "distance(bed, desk, between=centres)"),
    ("How far was the sofa from me at 0:31?", "distance(sofa, view(seconds=31.0))"),
)
