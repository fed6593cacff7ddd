"""Which thing is closest to another, or to someone."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...objects import ObjectMap, Result
from ..query import NoAnswer, Query, answered, chance_less, closest_direction, phrasings, quantity
from ..selection import called, distance_to, is_moment, length_std, seen_then, which
from ..things import NOW, Spot, Things, Viewpoint
from ..viewpoint import QUARTERS, camera_pose, time_of
from ..words import STRUCTURE
from ..words import THING as NAMELESS
from .bearing import said
from .where import place_of


class Nearest(Query):
    """The closest thing to a spot: of some kinds, of the options, or of all things."""

    relates: ClassVar[bool] = True
    to: Spot
    among: tuple[Things, ...] = ()

    sign: ClassVar[int] = 1
    word: ClassVar[str] = "closest to"

    def answer(self, map: ObjectMap) -> Result:
        """Compare the distances between closest points; a kind's distance is that of its closest thing."""
        kinds = self.among or tuple(Things(label=option) for option in self.options) or (Things(),)
        label_of, then = {}, self.view or (None if self.to == NOW else self.to)
        for kind in kinds:
            for track in seen_then(map, kind, then):
                label_of.setdefault(track.id, called(kind, track))
        tracks = [track for track in map.tracks if track.id in label_of]
        metres, bases, several = distance_to(map, self.to, tracks, self.view)
        own = {base.id for base in bases}
        ranked = [(self.sign * float(m), m, t) for m, t in zip(metres, tracks, strict=True) if t.id not in own]
        ranked = sorted((row for row in ranked if row[2].label not in STRUCTURE), key=lambda row: row[0])
        if not ranked:
            raise NoAnswer("not_seen", "I have seen nothing else.")
        _, gap, best = ranked[0]
        alike = len(kinds) == 1 and kinds[0].label != NAMELESS and not kinds[0].size
        rest = [row for row in ranked[1:] if alike or label_of[row[2].id] != label_of[best.id]]
        std = length_std(map, gap, best, *bases)
        sure = (
            chance_less(rest[0][0] - ranked[0][0], np.hypot(std, length_std(map, rest[0][1], rest[0][2])))
            if rest
            else 1.0
        )
        end = "you" if isinstance(self.to, Viewpoint) else f"the {self.to.phrase}"
        told, tellers = place_of(map, best) if alike and rest else ("", [])
        place = f" {told}" if told and tellers[0].id not in own else ""
        words = f"The {label_of[best.id]}{place} is {self.word} {end}: {quantity(gap, 'm', std)}"
        if isinstance(self.to, Viewpoint) and is_moment(self.to):
            angle = camera_pose(map.path, time_of(map, self.to)).angle(best)
            words += f", {said(closest_direction(angle, QUARTERS))}"
        words += "."
        words += which(self.to, several) if isinstance(self.to, Things) else ""
        return answered(label_of[best.id], words, [best, *bases], sure, ambiguous=several)


OPERATOR = Nearest
NOTES = ("measuring from the closest point of each object", "measuring at their closest points",
         "measured at their closest points")  # fmt: skip
CLOSEST = "(closest|nearest|closer|nearer)"
THING = "(thing|object|item|furniture|piece of furniture)"
HIT = "(run into|bump into|hit|touch|reach|meet|encounter|come across)"
PHRASINGS = (
    *phrasings(
        f"which [one] of (these|the following|those) [objects|things|items|pieces] [{{among}}] (is|stands|lies) "
        f"[the] {CLOSEST} [to] {{to}} [{{among}}]",
        f"(which|what) (is|stands) [the] {CLOSEST} to {{to}} {{among}}",
        f"(which|what) (is|stands) [the] {CLOSEST} to {{to}}",
        f"(which|what) [object|thing|item] (is|was|stands) [the] {CLOSEST} to {{to}}",
        f"(which|what) (is|was) [the] {CLOSEST} (object|thing|item) to {{to}}",
        f"(which|what) [one] (is|was) {CLOSEST} to {{to}} [between] {{among}}",
        f"between {{among}} (which|what) [one] is [the] {CLOSEST} to {{to}}",
        f"(which|what) [one] is {CLOSEST} to {{to}} than the others {{among}}",
        f"is {{among}} [the] {CLOSEST} to {{to}}",
        f"is {{to}} {CLOSEST} to {{among}}",
        f"(is|was) {{to}} {CLOSEST} to {{among:single}} or to {{among:single}}",
        f"[out] of {{among}} (which|what) [one] (is|stands) [the] {CLOSEST} to {{to}}",
        "(which|what) (has|have|with) the (smallest|shortest|least) (distance|space|gap) to {to}",
        "which of (these|the following) [things|objects|items] has the (smallest|shortest|least) (distance|space) "
        "(to|between it and) {to}",
        "of these [things|objects] which has the (smallest|shortest) distance to {to}",
        f"which of these [things|objects] did {{to}} have {CLOSEST}",
        f"(which|what) {{among:single}} (is|are|sits|stands|hangs|lies) [the] {CLOSEST} [to] {{to}}",
        "of {among} which one is at the smallest distance from {to}",
        "which of these [things] would i have reached first",
        f"which [one] (was {{to}} standing|was {{to}}|am {{to}}) {CLOSEST} to {{among}}",
        f"name the {CLOSEST} to {{to}} among {{among}}",
        f"what is the {CLOSEST} (thing|object) to {{to}}",
        "starting from {to} which is the shortest way to {among}",
        "which of (these|the following) would {to} (have reached|reach) first {among}",
        "name the thing next to {to} among {among}",
        f"{{to}} is [the] {CLOSEST} to (what|which) [object|thing|item]",
        f"what is {{to}} [the] {CLOSEST} to",
        "what is the next thing to {to}",
    ),
    *phrasings("which of these [things|objects] would i [have] (reach|reached) first", to=NOW),
    *phrasings(
        f"(which|what) [one] is [the] {CLOSEST} [between] {{among}}",
        f"am i {CLOSEST} to {{among}}",
        f"where is the {CLOSEST} {{among:single}} [to me|to here|from here]",
        f"(which|what) is the {CLOSEST} {THING} [to me] {{!among:single}}",
        f"(which|what) {THING} {{!among:single}} is [the] {CLOSEST} [to me]",
        f"(which|what) is the first {THING} [that] [(i|you) [would|will|could] {HIT}] {{!among:single}}",
        f"(which|what) (would|will|do) i {HIT} [first] {{!among:single}}",
        to=NOW,
    ),
    *(
        phrasing
        for way in ("left", "right")
        for phrasing in phrasings(
            f"(which|what) [is] [the] [first] [{THING}] is (to|on|at) my immediate {way} [side]",
            f"(which|what) is [the] [first] [{THING}] (to|on|at) my immediate {way} [side]",
            to=NOW,
            among=(Things(side=way),),
        )
    ),
)
INTENTS = {
    "nearest_among": "Which is closest to the {to}: the {among}?",
    "nearest": "What is closest to the {to}?",
    "nearest_kind": "Which {kind} is closest to the {to}?",
}
EXAMPLES = (
    ("Which is closest to the tv: the sofa or the chair?", "nearest(tv, [sofa, chair])"),
    ("Is the table closer to the sofa or to the sink?", "nearest(table, [sofa, sink])"),
    ("What is nearest to the bed?", "nearest(bed)"),
)
