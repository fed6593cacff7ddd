"""When a thing was first or last seen."""

from __future__ import annotations

from typing import Literal

from ...objects import ObjectMap, Result
from ..query import NoAnswer, Query, answered, clock, phrasings
from ..selection import select
from ..things import Things


class Seen(Query):
    """The second of the video at which a thing was first, or last, seen."""

    things: Things
    which: Literal["first", "last"] = "first"

    def answer(self, map: ObjectMap) -> Result:
        """Take the first, or the last, of the times of all things that are meant."""
        known = [track for track in select(map, self.things, self.view) if track.first_seen is not None]
        if not known:
            raise NoAnswer("unsupported", "This map does not hold when things were seen.")
        if self.which == "first":
            track = min(known, key=lambda track: track.first_seen or 0.0)
            time = track.first_seen or 0.0
        else:
            track = max(known, key=lambda track: track.last_seen or 0.0)
            time = track.last_seen or 0.0
        return answered(time, f"The {self.things.phrase} was {self.which} seen at {clock(time)}.", [track], unit="s")


OPERATOR = Seen
SEE = "(see|notice|spot|film|pass|encounter)"
PHRASINGS = (
    *phrasings(
        f"when (did|do) (i|you|we) first {SEE} {{things}}",
        f"when (did|do) (i|you|we) {SEE} {{things}} [for the first time|first]",
        "when (does|did|do) {things} first (appear|show up|come into view)",
        "when (does|did|do) {things} (appear|show up|come into view) [for the first time|first]",
        "when (was|were|is|are) {things} [first] seen [first|for the first time]",
        "(at what time|at which second) (was|is) {things} first seen",
        "at (what|which) (point|time|moment|second) [in the video] (does|did|do) {things} [first] (appear|show up|come "
        "into view)",
        f"when was the first time [that] (i|you|we) (saw|{SEE}) {{things}}",
    ),
    *phrasings(
        f"when (did|do) (i|you|we) last {SEE} {{things}}",
        f"when (did|do) (i|you|we) {SEE} {{things}} (last|for the last time)",
        "when (was|were|is|are) {things} last seen",
        "when (was|were) {things} seen (last|for the last time)",
        f"when was the last time [that] (i|you|we) (saw|{SEE}) {{things}}",
        which="last",
    ),
)
INTENTS = {
    "first_seen": "When did you first see the {thing}?",
    "last_seen": "When did you last see the {thing}?",
}
EXAMPLES = (
    ("When did you first see the sofa?", "seen(sofa)"),
    ("When was the red cup last seen?", "seen(thing(cup, colour=red), last)"),
)
