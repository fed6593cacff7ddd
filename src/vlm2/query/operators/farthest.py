"""Which thing is farthest from another, or from someone."""

from __future__ import annotations

from typing import ClassVar

from ..query import phrasings
from ..things import NOW
from .nearest import NOTES as NOTES
from .nearest import Nearest


class Farthest(Nearest):
    """The farthest thing from a spot: of some kinds, of the options, or of all things."""

    sign: ClassVar[int] = -1
    word: ClassVar[str] = "farthest from"


OPERATOR = Farthest
FAR = "(farthest|furthest|farther|further|most distant)"
THING = "(thing|object|item)"
PHRASINGS = (
    *phrasings(
        f"which [one] of (these|the following|those) [objects|things|items] [{{among}}] is [the] {FAR} [away] from "
        f"{{to}}",
        f"(which|what) [object|thing|item] is [the] {FAR} [away] from {{to}} [{{among}}]",
        f"what is the {FAR} (thing|object) from {{to}}",
        f"is {{among}} [the] {FAR} from {{to}}",
        f"[out] of {{among}} (which|what) [one] is [the] {FAR} from {{to}}",
        f"(which|what) {{among:single}} (is|are) [the] {FAR} [away] from {{to}}",
        "(which|what) (has|with) the (largest|greatest) distance to {to}",
        f"(which|what) [one] is [the] {FAR} [away] from {{to}} between {{among}}",
    ),
    *phrasings(
        f"(which|what) is the {FAR} [away] {THING} [[away] from me] {{!among:single}}",
        f"(which|what) {THING} is the {FAR} [away] [from me] {{!among:single}}",
        to=NOW,
    ),
)
INTENTS = {
    "farthest_among": "Which is farthest from the {to}: the {among}?",
    "farthest": "What is farthest from the {to}?",
}
EXAMPLES = (("What is farthest from the door?", "farthest(door)"),
            ("Which is farthest from the bed: the sink or the tv?", "farthest(bed, [sink, tv])"))  # fmt: skip
