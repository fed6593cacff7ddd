"""A thing's place relative to another as the camera sees them at one time: left or right, up or down, near or far."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np

from ...objects import ObjectMap, Result, Track
from ...objects.box_measures import point_box_distance
from ..query import NoAnswer, Query, answered, chance_less, clock, phrasings
from ..selection import one
from ..things import Things
from ..viewpoint import time_of

ENDS = {"sideways": ("left", "right"), "height": ("up", "down"), "depth": ("near", "far")}


class Side(Query):
    """On which side of another thing a thing is in the picture; `along` follows from the options where it is None.

    Without a view, the picture is the keyframe that shows both best.
    """

    relates: ClassVar[bool] = True
    first: Things
    second: Things
    along: Literal["sideways", "height", "depth"] | None = None

    def answer(self, map: ObjectMap) -> Result:
        """Compare the two in the camera's frame: their slopes from its axis, or their distances."""
        offered = " ".join(self.options).lower()
        along = self.along or next((axis for axis, ends in ENDS.items() if all(end in offered for end in ends)), None)
        view = self.view
        if along is None or (view is not None and view.seconds is None and view.share is None):
            raise NoAnswer(
                "unsupported", "Ask whether it is left or right, up or down, near or far, as the camera sees it."
            )
        (first, several), (second, also) = one(map, self.first, view), one(map, self.second, view)
        time = self._shown_time(map, first, second) if view is None else time_of(map, view)
        low, high = ENDS[along]
        gap = _slope(map, second, along, time) - _slope(map, first, along, time)
        value = low if gap > 0 else high
        sure = chance_less(abs(gap), math.hypot(first.position_std, second.position_std))
        seen = f"at {clock(time)}" if view is None else "from the camera"
        sentence = f"Seen {seen}, the {self.first.phrase} is {value} compared with the {self.second.phrase}."
        return answered(value, sentence, [first, second], sure, ambiguous=several or also)

    def _shown_time(self, map: ObjectMap, first: Track, second: Track) -> float:
        """Return the time of the keyframe that shows both things best. Raises NoAnswer where none shows both."""
        shares = {view.time: view.share for view in first.views}
        both = [(min(shares[view.time], view.share), view.time) for view in second.views if view.time in shares]
        if not map.path or not both:
            raise NoAnswer(
                "unsupported",
                f"I keep no picture with both the {self.first.phrase} and the {self.second.phrase}. Say where you "
                "stand and what you face, or name a time of the video.",
            )
        return max(both)[1]


def _slope(map: ObjectMap, track: Track, along: str, time: float) -> float:
    if along == "depth":
        return point_box_distance(map.path.poses[map.path.frame(time)][:, 3], track.box)
    right, down, ahead = map.path.in_camera(np.array([track.box.center]), time)[0]
    return math.atan2(right if along == "sideways" else down, ahead)  # about metres, at a metre's distance


OPERATOR = Side
NEAR = "(near or far|nearer or farther|far or near|near/far)"
PHRASINGS = (
    *phrasings(
        "(is|was) {first} (left or right|to the left or to the right|to the left or the right|on the left or on the "
        "right|to the left or right|to the left/right) of {second}",
        "did i see {first} left or right of {second}",
        "(which side of|on which side of) {second} (shows|is|was) {first}",
        "relative to {second} is {first} to the left/right",
        "is {first} on (the left or [the] right|the left or on the right) of {second}",
        along="sideways",
    ),
    *phrasings(
        "(is|was) {first} (up or down|further up or further down|above or below|higher or lower) [than|from|of] "
        "{second}",
        "relative to {second} is {first} to the up/down",
        "did i see {first} up or down from {second}",
        along="height",
    ),
    *phrasings(
        f"(is|was) {{first}} {NEAR} [compared] [to|than] {{second}}",
        "was {first} nearer to the camera than {second} or farther",
        "relative to the camera is {first} near/far compared to {second}",
        along="depth",
    ),
    *phrasings(
        "which way from {second} is {first}", "(where|how) (is|does) {first} [lie] (relative|compared) to {second}"
    ),
)
EXAMPLES = (("At 12 s, was the lamp left or right of the tv?", "side(lamp, tv, sideways, view=view(seconds=12.0))"),)
