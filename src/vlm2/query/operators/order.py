"""In which order things were first seen."""

from __future__ import annotations

from itertools import combinations

from ...objects import ObjectMap, Result
from ..query import NoAnswer, Query, answered, phrasings
from ..selection import called, select
from ..things import Things
from ..words import listed, same_things


class Order(Query):
    """Kinds of things by the time when the first of each was seen."""

    things: tuple[Things, ...]

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
        return answered(names, f"First {listed([f'the {name}' for name in names], 'then')}.", [t for t, _ in firsts])

    def choose(self, result: Result) -> int | None:
        """Return the option with the fewest pairs in the wrong order."""
        assert isinstance(result.value, tuple)
        ours = [same_things(name) for name in result.value]
        wrong = []
        for option in self.options:
            names = [part.strip(" .").lower() for part in option.split(". ", 1)[-1].split(",")]
            places = [next((i for i, name in enumerate(ours) if same_things(text) & name), -1) for text in names]
            wrong.append(sum(later <= earlier for earlier, later in combinations(places, 2)))
        return wrong.index(min(wrong)) if wrong.count(min(wrong)) == 1 else None


OPERATOR = Order
PHRASINGS = phrasings(
    "what (will be|is|was) the [first-time] [appearance] order [of appearance] of [the following] "
    "[categories|things|objects] {things}",
    "in (what|which) order (do|did|are|were) [i] [you] [first] [these|the following] [things] [first] "
    "[appear|see|seen|show up|pop up] {things}",
    "in (what|which) order (do|did) {things} [first] (appear|come into view|show up) [for the first time]",
    "(which|what) order do {things} come into view for the first time",
    "in (what|which) order (did i see|did you see|were) {things} [seen]",
    "(sort|list|arrange|order) {things} (in the order in which they|by when they) [are] [first] "
    "(appear|seen|appeared|show up)",
    "(sort|arrange) [these] (by when they are first seen|from earliest to latest seen|by first appearance) {things}",
    "(which|what) did (i|you|we) see first {things}",
    "(which|what) (came|comes|was seen|appeared|appears) first {things}",
)
EXAMPLES = (("In which order do these first appear in the video: chair, table, bed?", "order([chair, table, bed])"),)
