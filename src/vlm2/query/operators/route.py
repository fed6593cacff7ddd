"""The turns of a way from thing to thing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

from ...objects import ObjectMap, Result, Track
from ..query import NoAnswer, Query, answered, closest_direction, direction_angle, phrasings, turn
from ..selection import one
from ..things import Things, Viewpoint
from ..viewpoint import AGREE, GroundPose, agreed, poses

TURNS = ("turn left", "turn right", "turn back")


class Route(Query):
    """The turns that are missing in a way.

    One begins at `start` and faces `facing`. A step is a thing to walk to, or None, a turn to fill in.
    """

    relates: ClassVar[bool] = True
    start: Things
    facing: Things
    steps: tuple[Things | None, ...]

    def answer(self, map: ObjectMap) -> Result:
        """Turn at every blank from the way one came to the way to the next thing, between centres."""
        stops = [step and one(map, step)[0] for step in self.steps]
        if not stops or stops[-1] is None or None not in stops:
            raise NoAnswer("unsupported", "The way has no turn to fill in, or none of its steps follows one.")
        found = poses(map, Viewpoint(at=self.start, facing=self.facing))
        value, share = agreed(found, lambda pose: _turns(pose, stops))
        return answered(
            value,
            f"{', then '.join(value).capitalize()}.",
            [*found[0].tracks, *(stop for stop in stops if stop is not None)],
            share,
            ambiguous=share < AGREE,
        )

    def choose(self, result: Result) -> int | None:
        """Return the option that agrees in most turns."""
        assert isinstance(result.value, tuple)
        ours = [direction_angle(name) for name in result.value]
        theirs = [[direction_angle(part) for part in option.split(",")] for option in self.options]
        scores = [
            sum(a == b for a, b in zip(ours, angles, strict=False)) - abs(len(ours) - len(angles)) for angles in theirs
        ]
        return scores.index(max(scores)) if scores.count(max(scores)) == 1 else None


def _turns(pose: GroundPose, stops: Sequence[Track | None]) -> tuple[str, ...]:
    """Return the turn at each blank of a way that begins at a pose."""
    (x, y), heading, blank, found = (pose.x, pose.y), pose.heading, False, []
    for stop in stops:
        if stop is None:
            blank = True
            continue
        onward = math.degrees(math.atan2(stop.box.center[1] - y, stop.box.center[0] - x))
        found += [closest_direction(turn(heading, onward), TURNS)] * blank
        (x, y, _), heading, blank = stop.box.center, onward, False
    return tuple(found)


OPERATOR = Route
NOTES = (
    "note for each please fill in choose either turn back turn left or turn right",
    "you have reached the final destination",
    "you will perform the following actions",
)
PART = "the (foot|end|corner|edge|side) of"
PHRASINGS = phrasings(
    f"[you are] [a] robot (beginning|starting) (at|by) [the standing by|standing by|{PART}] {{start}} [and] facing "
    f"[to|towards|toward] [{PART}] {{facing}} you want to (navigate|get|go) to [the] {{goal}} {{steps}}",
    "(which turns|what are the turns that) [complete|are missing in|are missing on] this route [from {start} facing "
    "{facing} to {goal}] {steps}",
    "i am at {start} facing {facing} and want to get to {goal} fill in the turns {steps}",
    "a robot at {start} faces {facing} and has to reach {goal} name its turns {steps}",
    "guide me from {start} to {goal} i face {facing} now complete the steps {steps}",
    "help a robot from {start} to {goal} it looks at {facing} what goes in the gaps {steps}",
    "standing at {start} with {facing} ahead i walk to {goal} (which turns are missing|fill in the turns) {steps}",
    "(complete|fill in) (these directions|this route) to {goal} for someone at {start} who faces {facing} {steps}",
    "i am at {start} facing {facing} [and] i want to (go|get) to {goal} [which turns are missing|what are the "
    "turns|how do i turn] {steps}",
    "starting at {start} and looking at {facing} how do i turn on my way to {goal} {steps}",
)
EXAMPLES = (
    ("You are a robot beginning at the bed and facing the door. You want to navigate to the desk. You will perform the "
     "following actions (Note: for each [please fill in], choose either 'turn back,' 'turn left,' or 'turn right.'): "
     "1. [please fill in] 2. Go forward until the desk. You have reached the final destination.",
     "route(bed, door, [None, desk])"),
)  # fmt: skip
