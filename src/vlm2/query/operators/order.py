"""In which order things were first seen."""

from __future__ import annotations

from itertools import combinations
from typing import Literal

from ...objects import ObjectMap, Result
from ..query import NoAnswer, Query, answered, phrasings
from ..selection import called, select
from ..things import Things
from ..words import listed, same_things


class Order(Query):
    """Kinds of things by the time when the first of each was seen, or only the first or the last of them."""

    things: tuple[Things, ...]
    only: Literal["first", "last"] | None = None

    def answer(self, map: ObjectMap) -> Result:
        """Sort by the first sight of any thing of each kind."""
        firsts = []
        for things in self.things:
            seen = [track for track in select(map, things, self.view) if track.first_seen is not None]
            if not seen:
                raise NoAnswer("unsupported", f"This map does not hold when the {things.phrase} was seen.")
            first = min(seen, key=lambda track: track.first_seen or 0.0)
            firsts.append((first, called(things, first)))
        firsts.sort(key=lambda pair: pair[0].first_seen or 0.0)
        names = tuple(label for _, label in firsts)
        if self.only and not any("," in option for option in self.options):  # options may be whole orders
            track, name = firsts[0 if self.only == "first" else -1]
            return answered(name, f"The {name} came {self.only}.", [track])
        return answered(names, f"First {listed([f'the {name}' for name in names], 'then')}.", [t for t, _ in firsts])

    def choose(self, result: Result) -> int | None:
        """Return the option with the fewest pairs in the wrong order."""
        if not isinstance(result.value, tuple):
            return super().choose(result)
        ours = [same_things(name) for name in result.value]
        wrong = []
        for option in self.options:
            names = [part.strip(" .").lower() for part in option.split(". ", 1)[-1].split(",")]
            places = [next((i for i, name in enumerate(ours) if same_things(text) & name), -1) for text in names]
            wrong.append(sum(later <= earlier for earlier, later in combinations(places, 2)))
        return wrong.index(min(wrong)) if wrong.count(min(wrong)) == 1 else None


OPERATOR = Order
PHRASINGS = (
    *phrasings(
        "what (will be|is|was) the [first-time] [appearance] order [of appearance] of [the following] "
        "[categories|things|objects] {things}",
        "in (what|which) order (do|did|are|were) [i] [you] [first] [these|the following] [things] [first] "
        "[appear|see|seen|show up|pop up] [first] {things}",
        "in (what|which) order (do|did) {things} [first] (appear|come into view|show up) [for the first time]",
        "(which|what) order do {things} come into view for the first time",
        "in (what|which) order (did i see|did you see|were) {things} [seen]",
        "(sort|list|arrange|order) {things} (in the order in which they|by when they) [are] [first] "
        "(appear|seen|appeared|show up)",
        "(sort|arrange) [these] (by when they are first seen|from earliest to latest seen|by first appearance) "
        "{things}",
    ),
    *phrasings(
        "(which|what|which one) did (i|you|we) see first {things}",
        "(which|what|which one) (came|comes|was seen|appeared|appears) first {things}",
        only="first",
    ),
    *phrasings(
        "(which|what|which one) did (i|you|we) see last {things}",
        "(which|what|which one) (came|comes|was seen|appeared|appears) last {things}",
        only="last",
    ),
)
INTENTS = {
    "order": "In which order do these first appear in the video: {among}?",
    "first_of": "Which appeared first in the video: the {among}?",
    "last_of": "Which appeared last in the video: the {among}?",
}
EXAMPLES = (
    ("In which order do these first appear in the video: chair, table, bed?", "order([chair, table, bed])"),
    ("Which did you see first, the sofa or the sink?", "order([sofa, sink], first)"),
)
