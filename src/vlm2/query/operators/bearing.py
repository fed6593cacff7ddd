"""In which direction a thing is for someone who stands somewhere and faces something."""

from __future__ import annotations

from typing import ClassVar

from pydantic import model_validator

from ...objects import ObjectMap, Result
from ..query import NoAnswer, Query, answered, chance_of_direction, closest_direction, phrasings, turn
from ..selection import one, which
from ..things import NOW, Things
from ..viewpoint import AGREE, QUARTERS, agreed, poses

DEGREES, CLOCK = ("degrees",), ("clock",)
DIFFERENT = 30.0  # degrees between the angles from two places where one may be
ELSEWHERE = "You could be at several places, and it is not the same from all of them."
HOURS = tuple(f"{hour} o'clock" for hour in range(1, 13))


class Bearing(Query):
    """The direction of a thing from the viewpoint: the closest of `choices`, or else of left, right, front, back.

    `of` is what a side is named of ("left of the tv"); it is what one faces.
    """

    relates: ClassVar[bool] = True
    here: ClassVar[bool] = True
    target: Things
    choices: tuple[str, ...] = ()
    of: Things | None = None

    @model_validator(mode="after")
    def _check(self) -> Bearing:
        if self.of is not None and (self.view is None or self.view.at is None):
            raise ValueError("a side of a thing needs someone at another thing who looks at it")
        if self.target.side is not None and len(self.choices) > 1:
            raise ValueError("a thing that is told to be on a side is not asked for its side")
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
            apart = max(abs(turn(angle, pose.angle(target))) for pose in found)
            side = f" to your {'left' if angle > 0 else 'right'}" if round(angle) else ""
            words = f"The {self.target.phrase} is {abs(angle):.0f}°{side}.{which(self.target, several)}"
            words += f" {ELSEWHERE}" if apart > DIFFERENT else ""
            tracks, unclear = [target, *found[0].tracks], several or apart > DIFFERENT
            return answered(round(angle), words, tracks, unit="degrees", ambiguous=unclear)
        choices = HOURS if self.choices == CLOCK else self.choices or self.options or QUARTERS
        value, share = agreed(found, lambda pose: closest_direction(pose.angle(target), choices))
        words = f"The {self.target.phrase} is {said(value)}.{which(self.target, several)}"
        share *= chance_of_direction(found[0].angle(target), found[0].angle_std(target), choices)
        open_place = share < AGREE and len(found) > 1
        if open_place:
            words += f" {ELSEWHERE}"
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
HERE = (
    "from (here|me)|from where i (am [standing|sitting|seated]|stand|sit)|where i am (standing|sitting|seated)|"
    "[located] (to me|relative to me|in relation to me|(according|relative) to my position)|from my [current] position"
)
WAY = "[(in|to)] (which|what) (way|direction|side)"
GO = (
    "(do|must|should|would|will|can|could) i [have to|need to] (go|turn|walk|look|move|head|face|travel|run) "
    "[to|towards|toward]"
)
ASK = f"({WAY}|where|how) {GO}"
WISH = "(i|if i|when i) (want|wanted|need|needed|wish|have|had) to"
REACH = (
    "(get [to]|reach|see|face|find|go to|walk to|come to|approach|access|enter|use|open|close|shut|take|grab|fetch|"
    "pick [up]|touch|read|watch|water|play|fix|check|clean|look (at|in|into|through|out [of])|see (out|out of)|"
    "see (myself|my reflection) in|(turn|switch) (on|off)|(sit|lie|lay) [down] (on|in|at)|(write|step|stand) on|"
    "(wash|dry) my (hands|face) (in|at|on)|(throw|put|drop|dump|place|hang) {waste} (in|into|on|onto))"
)
LEAVE = "(leave|exit|get out of|go out of|move out of|walk out of|get out|go out)"
OUT = (
    f"{LEAVE} [(the|this|my)] [(room|bathroom|bedroom|kitchen|office|suite|house|place)] [here] "
    "[(through|by|via|out) (the|a) door]"
)
FIRE = "(if there (is|was|were)|in case of) [a|an] (fire|emergency|fire emergency)"
PHRASINGS = (
    *phrasings(
        "(is|are) {target} {choices} [of ({of}|it|me)]",
        f"(where|on which side|in which (quadrant|corner)|{WAY}) (is|are) {{target}} [on|in|located] [{HERE}] "
        "[{choices}]",
        "where (is|are) {target} [located|placed|situated]",
        f"on (which|what) side [of me] (is|are) {{target}} [{HERE}] [{{choices}}]",
        f"{WAY} of me (is|are) {{target}} [on] [{{choices}}]",
        f"{{target}} (is|are) (on|to|at|in) (which|what) (side|direction) [of me] [{HERE}]",
        "where (does|do) {target} (lie|stand|sit|hang) [{choices}]",
        f"[{WISH} {OUT}] (where|in (which|what) direction) (do|would|will|can) i (find|see) {{target}}",
        f"{ASK} {{target}} [{{choices}}]",
        f"{ASK} (for|towards|[in order] to {REACH}|{WISH} {REACH}|[if i] want to {REACH}) {{target}} [{{choices}}]",
        f"({WISH}|[in order] to) {REACH} {{target}} ({ASK}|{WAY}|where) [{{choices}}]",
        "(do|would|must|should) i turn {choices} to (see|face|reach|get to|go to|find) {target}",
        "on which side of {of} is {target}",
        "which side of {of} (is|has) {target}",
        "on which side of {of} is {target} [{choices}]",
        "which (direction|way) do i take to (get to|reach) {target}",
        "(which|what) (way|direction) leads to {target} [{choices}]",
        "{choices} (which|what) way leads to {target}",
        "which of these directions leads to {target}",
        "i want to go to {target} which (way|direction)",
        "how do i (get to|reach|access|face) {target}",
        "if i needed {target} which way would i go",
        "(do|would|will) i find {target} {choices}",
        "{target} {choices}",
        "in which quarter (around me|of my surroundings) (is|lies) {target}",
        situated=True,
    ),
    *phrasings(
        f"[{FIRE}] {ASK} ([in order] to {OUT}|{WISH} {OUT}|[if i] want to {OUT}|{OUT})",
        f"({WISH}|[in order] to) {OUT} [{FIRE}] ({ASK}|{WAY}|where)",
        f"{FIRE} {ASK}",
        f"({WAY}|where) is the (exit|way out) [{{choices}}]",
        f"how do i {OUT}",
        situated=True,
        target=Things(label="door"),
    ),
    *phrasings("at what [angle|bearing] is {target}", "how many degrees (is|do i turn to) {target}",
               "what is the (angle|bearing) (to|of) {target}", choices=DEGREES, situated=True),
    *phrasings("at what o'clock is {target}", "what o'clock is {target}", choices=CLOCK, situated=True),
)  # fmt: skip
INTENTS = {
    f"direction{name}": "I am standing by the {at} and facing the {facing}. " + asked
    for name, asked in (
        ("", "Where is the {target}?"),
        ("_2", "Is the {target} to my left or right?"),
        ("_3", "Is the {target} to my left, right or back?"),
        ("_4", "Is the {target} to my front-left, front-right, back-left or back-right?"),
        ("_clock", "At what o'clock is the {target}?"),
        ("_degrees", "How many degrees is the {target}?"),
    )
}
EXAMPLES = (
    ("If I am standing by the bed and facing the door, is the desk to my left, right, or back?",
     "bearing(desk, [left, right, back], view=view(at=bed, facing=door))"),
    ("I am at the sofa, facing the tv. Where is the lamp?", "bearing(lamp, view=view(at=sofa, facing=tv))"),
)  # fmt: skip
