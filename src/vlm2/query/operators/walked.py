"""How long the camera's path is, between two times or from start to end."""

from __future__ import annotations

from typing import Literal

from ...objects import ObjectMap, Result
from ..pieces import lost
from ..query import Query, answered, phrasings, quantity
from ..things import NOW, Viewpoint
from ..viewpoint import time_of
from ..words import PER_METRE


class Walked(Query):
    """The length of the camera's path."""

    start: Viewpoint = Viewpoint(share=0.0)
    end: Viewpoint = NOW
    unit: Literal["m", "cm", "feet", "inches", "yards"] = "m"

    def answer(self, map: ObjectMap) -> Result:
        """Add up the steps between the poses."""
        start, end = time_of(map, self.start), time_of(map, self.end)
        metres = map.path.walked(start, end)
        value, std = PER_METRE[self.unit] * metres, PER_METRE[self.unit] * map.scale_std * metres
        result = answered(value, f"{quantity(value, self.unit, std).capitalize()}.", unit=self.unit, std=std)
        return (
            result if len(map.path.pieces_between(start, end)) == 1 else lost(result, map, "how its path goes on there")
        )


OPERATOR = Walked
PHRASINGS = phrasings(
    "how far (did|have) (i|you|we|the camera) (walk|walked|travel|travelled|traveled|go|gone) <whole>",
    "(what|which|how much) distance (did|have) (i|you|we|the camera) "
    "(walk|walked|travel|travelled|traveled|cover|covered) <whole>",
    "how (long|far) (is|was) (the|my) [camera] (path|route|walk|way|tour) [of the camera]",
    "what is the length of (the|my) [camera] (path|route|walk|way) [of the camera]",
    "how many {unit} (did|have) (i|you|we|the camera) (walk|walked|travel|travelled|traveled) <whole>",
)
INTENTS = {"walked": "How far did I walk[, in {unit}]?"}
EXAMPLES = (("How far did I walk?", "walked()"),)
