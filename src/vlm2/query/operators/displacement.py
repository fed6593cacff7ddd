"""How far the camera moved between two times: straight from the one place to the other."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np

from ...objects import ObjectMap, Result
from ..query import Query, answered, phrasings, quantity
from ..things import Viewpoint
from ..viewpoint import camera_drift, eye_of
from ..words import PER_METRE


class Displacement(Query):
    """The straight distance between the camera's places at two times."""

    relates: ClassVar[bool] = True
    start: Viewpoint
    end: Viewpoint
    unit: Literal["m", "cm", "feet", "inches", "yards"] = "m"

    def answer(self, map: ObjectMap) -> Result:
        """Measure between the two poses."""
        metres = float(np.linalg.norm(eye_of(map, self.end)[0] - eye_of(map, self.start)[0]))
        value = PER_METRE[self.unit] * metres
        std = PER_METRE[self.unit] * math.hypot(map.scale_std * metres, camera_drift(map))
        return answered(value, f"{quantity(value, self.unit, std).capitalize()}.", unit=self.unit, std=std)


OPERATOR = Displacement
WHO = "(the camera|i|you|we|it)"
PHRASINGS = phrasings(
    f"how far did {WHO} (move|go|get|come|travel)",
    f"how far (is|was) {WHO} [away] from where {WHO} (was|started)",
    "how far from where i was was i",
    "how many {unit} apart are the (places of the camera|camera's places)",
    "what is the [straight] distance between the camera and it",
    "what is the [straight] distance between the camera",
    "how many {unit} did (i|we) get away from where (i|we) (stood|was|were)",
    "by how many {unit} did the (camera's place|place of the camera) change",
    "(what|which) distance lies between the viewpoints",
    "how many {unit} did (the camera|i) move",
    "how many {unit} apart are the places of the camera",
    "what is the [straight] distance (between the camera and|of the camera)",
    f"how many {{unit}} [away] was {WHO} from (my|its) place",
)
EXAMPLES = (
    ("How far did the camera move between 3 s and 10 s?", "displacement(view(seconds=3.0), view(seconds=10.0))"),
)
