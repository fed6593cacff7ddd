"""The kinds of the things at a place."""

from __future__ import annotations

from pydantic import model_validator

from ...objects import ObjectMap, Result
from ..query import Query, answered, phrasings
from ..selection import select
from ..things import SUPERLATIVES, Things
from ..words import THING, a, listed


class Identify(Query):
    """The kinds of the things that a selection means, those seen largest first."""

    things: Things

    @model_validator(mode="after")
    def _check(self) -> Identify:
        if self.things.label != THING or self.things == Things():
            raise ValueError("what a thing of a known kind is has no answer; ask what is somewhere")
        return self

    def answer(self, map: ObjectMap) -> Result:
        """Name the tracks by their labels."""
        found = select(map, self.things, self.view)
        found.sort(key=lambda track: -max((view.share for view in track.views), default=0.0))
        names = tuple(dict.fromkeys(track.label for track in found))
        sentence = f"{listed([a(name) for name in names])}."
        return answered(names, sentence[:1].upper() + sentence[1:], found)

    def choose(self, result: Result) -> int | None:
        """Return the option that names the first of the things that any option names."""
        assert isinstance(result.value, tuple)
        places = (super(Identify, self).choose(result.model_copy(update={"value": name})) for name in result.value)
        return next((place for place in places if place is not None), None)


OPERATOR = Identify
THINGS = "(object|objects|thing|things|item|items|furniture|piece of furniture)"
PHRASINGS = (
    *(
        phrasing
        for words, size in SUPERLATIVES
        for phrasing in phrasings(
            f"(which|what) {THINGS} is [the] ({words}) [one]",
            f"(which|what) is the ({words}) {THINGS} {{+things}}",
            things=Things(size=size),
        )
    ),
    *phrasings(
        f"(what|which) [{THINGS}] (is|are|was|were|stands|sits|lies|hangs) [there] "
        f"[located|placed|sitting|standing|hanging|mounted|lying] {{!things}}",
        f"(what|which) [{THINGS}] (can|do|did|would|will|could) (i|you|we|one) (see|find|have) {{!things}}",
        f"(what|which) [{THINGS}] (can|could) be (found|seen) {{!things}}",
        f"(what|which) [{THINGS}] is {{!things}}",
        "(what|which) (is|are) {things}",
        "(what|which) {things} (is|are) {!things}",
        "what {!things}",
        f"{{!things}} (what|which) [{THINGS}] (will|would|do|can|could) i (see|find)",
        f"name (something|the {THINGS}) [that is] {{!things}}",
        "there is something {!things} what [is it]",
        "something is {!things} what is it",
        f"(what|which) [{THINGS}] has its place {{!things}}",
        "(what|which) (stands|hangs|lies) or (stands|hangs|lies) {!things}",
        "what did (i|you|we) put {!things}",
        "what would i (find|see) if i looked {!things}",
    ),
)
INTENTS = {
    "on": "What is on the {thing}?",
    "under": "What is under the {thing}?",
    "beside": "What is beside the {thing}?",
}
EXAMPLES = (
    ("What is on the desk?", "identify(thing(place=on(desk)))"),
    ("I am standing at the bed and facing the window. What is behind me?",
     "identify(thing(side=back), view=view(at=bed, facing=window))"),
)  # fmt: skip
