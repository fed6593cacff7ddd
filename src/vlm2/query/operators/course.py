"""In which direction the camera moved between two times, as it looked at the first."""

from __future__ import annotations

import math
from typing import ClassVar

from ...objects import ObjectMap, Result
from ..query import NoAnswer, Query, answered, chance_of_direction, closest_direction, phrasings, turn
from ..things import Viewpoint
from ..viewpoint import camera_drift, camera_pose, time_of

WAYS = ("forward", "backward", "left", "right")
STILL = 0.01  # metres: a shorter way has no direction


class Course(Query):
    """The main direction of the movement: the closest of `choices`, or else forward, backward, left, right."""

    relates: ClassVar[bool] = True
    start: Viewpoint
    end: Viewpoint
    choices: tuple[str, ...] = ()

    def answer(self, map: ObjectMap) -> Result:
        """Compare the way between the two places with the heading at the start, on the ground plane."""
        first, last = (camera_pose(map.path, time_of(map, view)) for view in (self.start, self.end))
        if math.hypot(last.x - first.x, last.y - first.y) < STILL:
            raise NoAnswer("unsupported", "The camera did not move between these times.")
        way = math.degrees(math.atan2(last.y - first.y, last.x - first.x))
        angle, choices = turn(first.heading, way), self.choices or self.options or WAYS
        value = closest_direction(angle, choices)
        spread = math.degrees(math.atan2(camera_drift(map), math.hypot(last.x - first.x, last.y - first.y)))
        sure = chance_of_direction(angle, spread, choices)
        return answered(value, f"{value.capitalize()}, as the camera looked at the start.", confidence=sure)


OPERATOR = Course
WHO = "(the camera|i|you|we)"
PHRASINGS = phrasings(
    f"(which|what|in which|in what) (way|direction) (did|had|have) {WHO} [mainly] (move|go|walk|moved|gone|walked) "
    f"[as i faced at the beginning|seen from its start|{{choices}}]",
    f"did {WHO} (move|go|walk) {{choices}}",
    "looking the way i looked in which direction had i gone",
    "what was the primary consistent direction of the camera's movement relative to its orientation at the start "
    "[the options are {choices}]",
    "what was the [overall] (direction|course) of (the camera|my movement)",
    "which of these describes my movement",
    "was the camera's way {choices} [of its first view]",
    "where [to] did the camera go",
)
EXAMPLES = (("In which direction did I walk from 2 s to 9 s?", "course(view(seconds=2.0), view(seconds=9.0))"),)
