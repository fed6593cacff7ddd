"""A track of the map: one thing that was seen, its properties, and their uncertainty."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from ..scenes.record import Box
from .frozen import FrozenRecord

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Metres = Annotated[float, Field(ge=0.0)]
Status = Literal["seen", "stale", "removed"]


class TrackView(FrozenRecord):
    """A keyframe that shows a thing: its frame index, its time in seconds, and the thing's share of the image."""

    frame: Annotated[int, Field(ge=0)]
    time: Annotated[float, Field(ge=0.0)]
    share: Share


class Track(FrozenRecord):
    """One thing: label, box (metres, z up), when it was seen, and the keyframes that show it.

    `position_std` and `size_std` are standard deviations in metres, of the centre and of the longest edge.
    `label_confidence` is the share of the label in the thing's evidence, `evidence` the sum of the label's scores over
    the frames that show the thing. A `stale` thing was missed by frames that should show it; a `removed` one was missed
    more often than seen, and queries skip it. `colours` are words, the most certain first; `room` is the name of a room
    of the floor.
    """

    id: int
    label: Annotated[str, Field(min_length=1)]
    box: Box
    colours: tuple[str, ...] = ()
    room: str | None = None
    first_seen: float | None = None
    last_seen: float | None = None
    views: tuple[TrackView, ...] = ()
    position_std: Metres = 0.0
    size_std: Metres = 0.0
    label_confidence: Share = 1.0
    evidence: Annotated[float, Field(ge=0.0)] = 1.0
    status: Status = "seen"

    @model_validator(mode="after")
    def _check(self) -> Track:
        numbers = [*self.box.center, *self.box.size, *(value for axis in self.box.axes for value in axis)]
        axes = np.array(self.box.axes)
        if (
            not all(map(math.isfinite, numbers))
            or min(self.box.size) < 0
            or np.abs(axes @ axes.T - np.eye(3)).max() > 0.02
        ):
            raise ValueError(
                f"track {self.id} has no proper box: finite numbers, edges of 0 m or more, orthonormal axes"
            )
        if (self.first_seen is None) != (self.last_seen is None) or (self.first_seen or 0) > (self.last_seen or 0):
            raise ValueError(f"track {self.id} was first seen at {self.first_seen} s but last at {self.last_seen} s")
        return self


def upright_box(center: tuple[float, float, float], size: tuple[float, float, float], heading: float = 0.0) -> Box:
    """Return a box that stands upright and is turned by `heading` degrees about the vertical, counter-clockwise."""
    cos, sin = math.cos(math.radians(heading)), math.sin(math.radians(heading))
    return Box(center, size, ((cos, sin, 0.0), (-sin, cos, 0.0), (0.0, 0.0, 1.0)))
