"""How big a thing is: its longest side, its height, and other lengths."""

from __future__ import annotations

import math
from typing import Literal

from ...objects import ObjectMap, Result, Track
from ...objects.box_measures import sides
from ...scenes.record import Box
from ..query import Query, answered, phrasings, quantity
from ..selection import one, which
from ..things import Things
from ..words import PER_METRE, listed

Side = Literal["longest", "shortest", "height", "length", "width"]


class Size(Query):
    """One side of a thing: the longest or shortest edge, the height, the greater or the smaller horizontal edge."""

    thing: Things
    side: Side = "longest"
    unit: Literal["m", "cm", "feet", "inches", "yards"] = "cm"

    def answer(self, map: ObjectMap) -> Result:
        """Measure the box."""
        track, several = one(map, self.thing, self.view)
        value, std = self._measured(map, track, self.side)
        name = {"longest": "longest side", "shortest": "shortest side"}.get(self.side, self.side)
        words = f"The {name} of the {self.thing.phrase} is {quantity(value, self.unit, std)}"
        if self.side == "width":
            length, spread = self._measured(map, track, "length")
            # people may mean this side: the width of a sofa is its front
            words += f"; its longer horizontal side is {quantity(length, self.unit, spread)}"
        if self.side == "longest":
            digits = 0 if self.unit in ("cm", "inches") else 1
            all_sides = [f"{self._measured(map, track, side)[0]:.{digits}f}" for side in ("length", "width", "height")]
            words += f"; its length, width and height are {listed(all_sides)} {self.unit}"
        words += f".{which(self.thing, several)}"
        return answered(value, words, [track], unit=self.unit, std=std, ambiguous=several)

    def _measured(self, map: ObjectMap, track: Track, side: Side) -> tuple[float, float]:
        """Return a side of a thing and its standard deviation, in the unit."""
        scale, metres = PER_METRE[self.unit], side_of(track.box, side)
        share = metres / max(*track.box.size, 1e-9)  # errors of a size grow with it
        return scale * metres, scale * math.hypot(share * track.size_std, map.scale_std * metres)


def side_of(box: Box, side: Side) -> float:
    """Return one side of a box in metres."""
    greater, smaller, height = sides(box)
    return {"longest": max(greater, height), "shortest": min(smaller, height), "height": height, "length": greater,
            "width": smaller}[side]  # fmt: skip


OPERATOR = Size
LONGEST = "(longest|largest|greatest|biggest)"
PHRASINGS = (
    *phrasings(
        f"what is the [length of the] {LONGEST} (dimension|side|edge|measurement) (of|for) {{thing}}",
        f"what is the length of the {LONGEST} dimension (length width or height) of {{thing}} [measured]",
        f"how (big|large) is {{thing}} [along its {LONGEST} (side|edge|dimension)]",
        f"how long is the {LONGEST} (side|edge|dimension) of {{thing}}",
        f"how large is {{thing}} give its {LONGEST} dimension",
        "(what is the size|what size|the size|size) of {thing} [longest edge]",
        "what size (is|are) {thing}",
        "[(what are|give me|list)] [the] (dimensions|measurements) of {thing}",
        f"[what is the] {LONGEST} (dimension|side|edge) of {{thing}}",
        f"how many {{unit}} does {{thing}} measure (at its {LONGEST}|along its {LONGEST} side)",
        f"how many {{unit}} [long] is the {LONGEST} (side|edge|dimension) of {{thing}}",
        f"what does {{thing}} measure at its {LONGEST}",
        f"what does {{thing}} measure along its {LONGEST} (side|edge)",
    ),
    *phrasings("how (tall|high) (is|are) {thing}", "what is the height of {thing}", "how tall {thing} is",
               "how many {unit} (tall|high) is {thing}", side="height"),
    *phrasings("how long (is|are) {thing}", "what is the length of {thing}", "how many {unit} long is {thing}",
               side="length"),
    *phrasings("how (wide|deep) (is|are) {thing}", "what is the (width|depth) of {thing}",
               "how many {unit} wide is {thing}", side="width"),
    *phrasings("what is the (shortest|smallest) (side|dimension|edge) of {thing}", side="shortest"),
)  # fmt: skip
INTENTS = {
    "size_longest": "What is the length of the longest side of the {thing}[, in {unit}]?",
    "size_height": "How tall is the {thing}[, in {unit}]?",
    "size_width": "How wide is the {thing}[, in {unit}]?",
    "size_length": "How long is the {thing}[, in {unit}]?",
}
EXAMPLES = (
    ("How tall is the bookshelf in meters?", "size(bookshelf, height, m)"),
    ("How big is the red chair along its longest side?", "size(thing(chair, colour=red))"),
)
