"""In which direction a thing is for someone who stands somewhere and faces something."""

from __future__ import annotations

from pydantic import model_validator

from ...objects import ObjectMap, Result
from ..query import NoAnswer, Query, answered, chance_of_direction, closest_direction, phrasings
from ..selection import one, which
from ..things import NOW, Things
from ..viewpoint import AGREE, QUARTERS, agreed, poses

DEGREES, CLOCK = ("degrees",), ("clock",)
HOURS = tuple(f"{hour} o'clock" for hour in range(1, 13))


class Bearing(Query):
    """The direction of a thing from the viewpoint: the closest of `choices`, or else of left, right, front, back.

    `of` is what a side is named of ("left of the tv"); it is what one faces.
    """

    target: Things
    choices: tuple[str, ...] = ()
    of: Things | None = None

    @model_validator(mode="after")
    def _check(self) -> Bearing:
        if self.of is not None and (self.view is None or self.view.at is None):
            raise ValueError("a side of a thing needs someone at another thing who looks at it")
        return self

    def answer(self, map: ObjectMap) -> Result:
        """Compute the angle between centres on the ground plane, from every pose that the viewpoint leaves open."""
        view = self.view or NOW
        if self.of is not None and self.of != view.facing:
            if view.facing is not None:
                raise NoAnswer("unsupported", f"Left and right of the {self.of.phrase} depend on where one looks from.")
            view = view.model_copy(update={"facing": self.of})
        target, several = one(map, self.target, view)
        found = [pose for pose in poses(map, view) if target not in pose.tracks] or poses(map, view)
        if self.choices == DEGREES:
            angle = found[0].angle(target)
            side = "left" if angle > 0 else "right"
            return answered(
                round(angle), f"{abs(angle):.0f}° to your {side}.", [target, *found[0].tracks], unit="degrees"
            )
        choices = HOURS if self.choices == CLOCK else self.choices or self.options or QUARTERS
        value, share = agreed(found, lambda pose: closest_direction(pose.angle(target), choices))
        words = f"The {self.target.phrase} is {said(value)}.{which(self.target, several)}"
        share *= chance_of_direction(found[0].angle(target), found[0].angle_std(target), choices)
        open_place = share < AGREE and len(found) > 1
        if open_place:
            words += " You could be at several places, and it is not the same from all of them."
        return answered(value, words, [target, *found[0].tracks], share, ambiguous=several or open_place)


def said(direction: str) -> str:
    """Return a direction for people: "to your left", "behind you"."""
    plain = {"back": "behind you", "behind": "behind you", "front": "in front of you"}
    return plain.get(direction, f"at {direction}" if "o'clock" in direction else f"to your {direction}")


OPERATOR = Bearing
NOTES = (
    "an object is to my back if i would have to turn at least 135 degrees in order to face it",
    "the directions refer to the quadrants of a cartesian plane if i am standing at the origin and facing along the "
    "positive y-axis",
)
PHRASINGS = (
    *phrasings(
        "(is|are) {target} {choices} [of ({of}|it|me)]",
        "(where|on which side|in which (direction|quadrant|corner)|which side) (is|are) {target} [on] [to me|from "
        "me|from here|relative to me] [{choices}]",
        "where (is|are) {target} {choices}",
        "where (does|do) {target} (lie|stand|sit|hang) [{choices}]",
        "(where|in (which|what) direction) (do|would|will) i find {target}",
        "(which|what|in which|in what) (way|direction|side) (is|are) {target} [on|in] [from here|from me] [{choices}]",
        "(which|what|in which|in what) (way|direction|side) (do|must|should|would|will|can) i [have to|need to] "
        "(go|turn|walk|look|move|head|face) [for|towards|to|[if i (want|wanted|need|needed)] to (get to|reach|see|face|"
        "find|go to|open|close|use)] {target} [{choices}]",
        "where (do|should|must|would) i (turn|go|look|walk|head) [to (get to|reach|see|face|find|go to)|for|towards] "
        "{target} [{choices}]",
        "(do|would|must|should) i turn {choices} to (see|face|reach|get to|go to|find) {target}",
        "on which side of {of} is {target}",
        "which side of {of} (is|has) {target}",
        "on which side of {of} is {target} [{choices}]",
        "which (direction|way) do i take to (get to|reach) {target}",
        "(which|what) (way|direction) leads to {target} [{choices}]",
        "{choices} (which|what) way leads to {target}",
        "which of these directions leads to {target}",
        "i want to go to {target} which (way|direction)",
        "if i needed {target} which way would i go",
        "(do|would|will) i find {target} {choices}",
        "{target} {choices}",
        "in which quarter (around me|of my surroundings) (is|lies) {target}",
        situated=True,
    ),
    *phrasings(
        "(which|what|in which|in what) (way|direction) (do|must|should|would|will|can) i [have to|need to] "
        "(go|turn|walk|move|head) [if i (want|wanted|need|needed)] to (leave|exit|get out of) [the room|here]",
        "(which|what|in which|in what) (way|direction) is the exit",
        "where is the exit",
        "how (do|should|would|can) i (move|go|walk|turn) to (leave|exit) [the room]",
        situated=True,
        target=Things(label="door"),
    ),
    *phrasings("at what [angle|bearing] is {target}", "how many degrees (is|do i turn to) {target}",
               "what is the (angle|bearing) (to|of) {target}", choices=DEGREES, situated=True),
    *phrasings("at what o'clock is {target}", "what o'clock is {target}", choices=CLOCK, situated=True),
)  # fmt: skip
EXAMPLES = (
    ("If I am standing by the bed and facing the door, is the desk to my left, right, or back?",
     "bearing(desk, [left, right, back], view=view(at=bed, facing=door))"),
    ("I am at the sofa, facing the tv. Where is the lamp?", "bearing(lamp, view=view(at=sofa, facing=tv))"),
)  # fmt: skip
