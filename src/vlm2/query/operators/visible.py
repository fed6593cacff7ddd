"""Whether someone can see a thing from where they are, without turning."""

from __future__ import annotations

from typing import ClassVar

from ...objects import ObjectMap, Result
from ..query import Query, answered, denying, phrasings
from ..selection import select
from ..sight import in_sight, sees
from ..things import NOW, Things
from ..viewpoint import AGREE, agreed, poses


class Visible(Query):
    """Whether a thing is in view from the viewpoint: ahead, and behind no wall."""

    here: ClassVar[bool] = True
    things: Things

    def answer(self, map: ObjectMap) -> Result:
        """Look from every pose that the viewpoint leaves open. "No" is likely where no such thing was seen at all."""
        view = self.view or NOW
        with denying(False):
            found = select(map, self.things, view if self.things.side else None)
        seen = in_sight(map, view, found)
        value, share = bool(seen), 1.0
        if view.at is not None or view.facing is not None:
            value, share = agreed(poses(map, view), lambda pose: any(sees(map, pose, track) for track in found))
        sentence = f"{'Yes' if value else 'No'}, the {self.things.phrase} is {'' if value else 'not '}in view."
        return answered(value, sentence, seen if value else found, share, ambiguous=share < AGREE)


OPERATOR = Visible
HERE = (
    "[at|from|in] (here|where i (am [standing|sitting|seated]|stand|sit)|my [current] (position|seat|spot))|"
    "from the direction i am facing"
)
NOW_HERE = "(now|right now|from here|here)"
PHRASINGS = (
    *phrasings(
        f"(can|do|could) i see {{things}} [{HERE}|without turning [around|my head]]",
        "(is|are) {things} (in view|in my view|visible|visible from here)",
        f"(can|could) i (see|look at) {{things}} [from here] [as i look now|{HERE}]",
        f"(am i able|is it possible) to see {{things}} [{HERE}|without (turning|moving|a turn) [around|my head]]",
        "(was|were) [there] {things} (in view|visible|in the picture)",
        "(can|could) {things} be seen [from here] [without (a turn|turning)]",
        "without turning [around|my head] (can|do) i see {things}",
        "does my view include {things}",
        "(can|do) i see {things} like this",
        situated=True,
    ),
    *phrasings(
        f"(can|do|could) i [still] see {{things}} [{NOW_HERE}]",
        f"(can|do|could) (you|we) [still] see {{things}} {NOW_HERE}",
        f"(is|are) [there] {{things}} [still] (in view|in sight|visible) [{NOW_HERE}]",
        situated=False,
    ),
)
INTENTS = {"visible": "I am standing by the {at} and facing the {facing}. Can I see the {thing}?"}
EXAMPLES = (
    ("I am standing by the bed and facing the window. Can I see the door?",
     "visible(door, view=view(at=bed, facing=window))"),
    ("Can I see the bed now?", "visible(bed)"),
)  # fmt: skip
