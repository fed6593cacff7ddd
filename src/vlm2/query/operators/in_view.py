"""The things in view at a time."""

from __future__ import annotations

from typing import ClassVar

from ...objects import ObjectMap, Result
from ..query import NoAnswer, Query, answered, clock, phrasings
from ..selection import labelled
from ..sight import in_sight
from ..things import NOW, Things
from ..viewpoint import camera_pose, time_of
from ..words import a, listed


class InView(Query):
    """The kinds of things in view at the viewpoint's time, the closest to the middle of the picture first."""

    here: ClassVar[bool] = True

    def answer(self, map: ObjectMap) -> Result:
        """Take the things in the picture behind no wall, and those that a keyframe shows."""
        view = self.view or NOW
        time = time_of(map, view)
        pose = camera_pose(map.path, time)
        shown = in_sight(map, view, labelled(map, Things().label))
        if not shown:
            raise NoAnswer("not_seen", f"I see nothing that I know at {clock(time)}.")
        shown.sort(key=lambda track: abs(pose.angle(track)))
        names = tuple(dict.fromkeys(track.label for track in shown))
        return answered(names, f"At {clock(time)}: {listed([a(name) for name in names])}.", shown)


OPERATOR = InView
PHRASINGS = phrasings(
    "what (is|was) (in view|visible|in the picture|on the screen)",
    "what (do|did|can|could) (i|you|we) see",
    "what does the camera (see|show)",
    "what am i looking at",
    situated=True,
)
INTENTS = {"in_view": "What was in view at {time}?"}
EXAMPLES = (("What was in view at 0:12?", "in_view(view=view(seconds=12.0))"),)
