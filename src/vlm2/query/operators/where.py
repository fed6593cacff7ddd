"""A thing's place, in words that people use: "in the kitchen, beside the stove"."""

from __future__ import annotations

from typing import ClassVar

from ...objects import ObjectMap, Result, Track
from ...scenes.box_geometry import box_distances
from ..query import NoAnswer, Query, answered, phrasings
from ..selection import one, related, which
from ..things import SUPERLATIVES, Things
from ..words import LIVING, STRUCTURE, THING, a, the_room

KINDS = {"on": "on", "inside": "in", "above": "above", "under": "under", "beside": "beside"}
FAR = 3.0  # metres to the thing that a place is told by, at most


class Where(Query):
    """A thing's room, and what it is on, in, above, under or beside, or else what it is near."""

    relates: ClassVar[bool] = True
    thing: Things

    def answer(self, map: ObjectMap) -> Result:
        """Put the room and the closest relation into words."""
        track, several = one(map, self.thing, self.view)
        room = room_words(map, track)
        place, base = place_of(map, track)
        words = ", ".join(part for part in (f"in {the_room(room)}" if room else "", place) if part)
        if not words:
            raise NoAnswer("unsupported", f"I see nothing else by which to say where the {self.thing.phrase} is.")
        named = f", {a(track.label)}," if self.thing.label == THING else ""
        sentence = f"The {self.thing.phrase}{named} is {words}.{which(self.thing, several)}"
        return answered(words, sentence, [track, *base], ambiguous=several)


def room_words(map: ObjectMap, track: Track) -> str | None:
    """Return what people call a thing's room: its kind, or its name where several are of this kind."""
    name = map.room_of(track)
    kind = next((room.kind for room in map.floor.rooms if room.name == name), name)
    return kind if [room.kind for room in map.floor.rooms].count(kind or "") <= 1 else name


def place_of(map: ObjectMap, track: Track) -> tuple[str, list[Track]]:
    """Return a thing's place relative to the closest thing that can describe it, and that thing. Return nothing where
    none can."""
    unfit = {*STRUCTURE, *LIVING, track.label}  # they tell no place
    others = [t for t in map.tracks if t.label not in unfit and t.status != "removed"]
    gaps = box_distances([track.box], [other.box for other in others])[0]
    near = [
        (gap, other) for gap, other in sorted(zip(gaps, others, strict=True), key=lambda pair: pair[0]) if gap <= FAR
    ]
    for kind, word in KINDS.items():
        for _, other in near:
            if related(map, kind, track, other) and not related(map, "on", other, track):
                return f"{word} the {other.label}", [other]
    beside = [other for _, other in near if not related(map, "on", other, track)]
    same = [other for other in beside if map.room_of(other) == map.room_of(track)]
    return (f"near the {same[0].label}", same[:1]) if same else ("", [])


OPERATOR = Where
POSED = "[resting|sitting|standing|lying|hanging|placed|located|mounted]"
PLACED = "(on [top of]|in|inside|under|above|next to|near|beside)"
PHRASINGS = (
    *phrasings(
        f"{{thing}} (is|are) {POSED} {PLACED} what",
        f"what (is|are) {{thing}} {POSED} {PLACED}",
        "what (does|do) {thing} (rest|sit|stand|lie|hang) (on|upon)",
        "what is {thing} on above or next to",
    ),
    *(
        phrasing
        for words, size in SUPERLATIVES
        for phrasing in phrasings(
            f"(which|what) {{thing:kind}} is [the] ({words}) [one]",
            f"(which|what) is the ({words}) {{thing:kind}}",
            f"(which|what) [one] of {{thing:kind}} is [the] ({words}) [one]",
            thing=Things(size=size),
            situated=False,
        )
    ),
    *phrasings(
        "where (is|are|was|were) {thing} [located|placed|situated|standing|found|positioned|kept|mounted|installed|"
        "hanging|attached|pushed|affixed]",
        "where (can|do|could|did) (i|you|we) (find|see|look for|spot) {thing}",
        "where (does|do) {thing} (sit|set|stand|hang|lie|go|belong) {+thing}",
        "where {thing} (is|are)",
        "{thing} (is|are) where",
        "in which place is {thing}",
        "describe the (place|location|position) of {thing}",
        "what is the (place|location|position) of {thing}",
        "where (is|are) {thing} (at|in the room)",
        "i am looking for {thing} where is it",
        "where did (i|we|you) (leave|put|lose) {thing}",
        "where do i have to look for {thing}",
        situated=False,
    ),
)
INTENTS = {"where": "Where is the {thing}?"}
EXAMPLES = (
    ("Where is the laptop?", "where(laptop)"),
    ("Where can I find the blue chair?", "where(thing(chair, colour=blue))"),
)
