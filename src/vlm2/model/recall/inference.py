"""What the geometry of the recalled things says to a question, in the words of its answer.

A question is understood by the things that it names and by a few cue words ("facing", "closest", "order", "distance",
"size"); what it means beyond that is left to the language model, which is told nothing then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

from .counting import Counting
from .recollection import Recollection
from .vocabulary import VOCABULARY, named

BEHIND = 135  # degrees from which on a thing is behind
FEET = 3.28084  # in a metre

_OPTION = re.compile(r"^[A-H]\. (.+)$", re.MULTILINE)
_REQUEST = re.compile(r"^(?:Options:|[A-H]\. .+|Answer with .+|Please answer .+)$", re.MULTILINE)
_MOMENT = re.compile(r"\b(camera|lens|viewer|viewpoint|frames?|seconds|second \d+|\d+(?:\.\d+)? s)\b", re.IGNORECASE)
_FACING = re.compile(
    r"\b(?:fac(?:e|es|ing)|look(?:s|ing)?(?: from [\w ]+?)? (?:at|to|towards)|turned to|eyes on|right of|ahead)\b",
    re.IGNORECASE,
)
_STANDING = re.compile(r"\b(?:by|at|beside|next to|near|from|leave) (?:the |a |an |my )?$", re.IGNORECASE)
_NEAREST = re.compile(r"\b(?:closest|closer|nearest|smallest distance|reach first)\b(?! point)", re.IGNORECASE)
_ORDER = re.compile(r"\b(?:order|sequence|sort|came first)\b", re.IGNORECASE)
_DISTANCE = re.compile(r"\b(?:distance|far|apart|(?:centi)?met(?:er|re)s|feet)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\b(?:how many|number of|count(?: of)?)(?: the| all| different)* $", re.IGNORECASE)
_AREA = re.compile(r"\b(?:size|area|square|large|big|floor)\b", re.IGNORECASE)
_OTHERWISE = re.compile(r"\b(?:is|are) there\b|\bhow many\b|\bcan i\b|\bdo i\b", re.IGNORECASE)
_WHICH = re.compile(r"\b(?:or|which|where|how do)\b", re.IGNORECASE)
_FIRST_STEP = re.compile(r"\b1\. ")
_STEP = re.compile(r"(\[please fill in\])|until ([^\[.\d]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """A prompt taken apart: the question, the options' words, and the things that are named, with where."""

    question: str
    options: tuple[str, ...]
    names: tuple[tuple[int, int], ...]  # index of the vocabulary, where the name begins

    @staticmethod
    def of(prompt: str) -> Asked:
        """Read a prompt."""
        cut = _REQUEST.search(prompt)
        question = prompt[: cut.start()] if cut else prompt
        names: dict[int, int] = {}
        for start, _, name in named(question):
            names.setdefault(name, start)
        return Asked(question, tuple(_OPTION.findall(prompt)), tuple(names.items()))

    def after(self, cue: re.Match[str]) -> int | None:
        """Return the first thing named after a cue; before it, where it is said to be "ahead"."""
        if cue.group().lower() == "ahead":
            return next((name for name, start in reversed(self.names) if start < cue.start()), None)
        return next((name for name, start in self.names if start >= cue.end()), None)

    def stand(self, face: int | None = None) -> int | None:
        """Return the thing that someone stands by, another than `face`: the first that a word like "by" precedes."""
        others = [(name, start) for name, start in self.names if name != face]
        placed = [name for name, start in others if _STANDING.search(self.question[:start])]
        return next(iter([*placed, *(name for name, _ in others)]), None)


def infer(recollection: Recollection, prompt: str, counting: Counting | None = None) -> str | None:
    """Return what follows for a question, or None where nothing does; of numbers of things only with `counting`."""
    asked = Asked.of(prompt)
    if _MOMENT.search(asked.question):
        return None  # about what the camera saw at a time
    if (cue := _FACING.search(asked.question)) and len(asked.names) >= 3:
        if _OTHERWISE.search(asked.question) and not _WHICH.search(asked.question):
            return None  # a question for yes or no, or for a number
        return _direction(recollection, asked, cue)
    if _ORDER.search(asked.question) and (len(asked.names) > 1 or asked.options):
        return _order(recollection, asked)
    if cue := _NEAREST.search(asked.question):
        return _nearest(recollection, asked, asked.after(cue) if "reach" not in cue.group().lower() else asked.stand())
    if _DISTANCE.search(asked.question) and len(asked.names) == 2:
        (one, _), (other, _) = asked.names
        return _length(recollection.thing(one).distance(recollection.thing(other)), asked.question)
    if counting is not None and len(asked.names) == 1:
        [(name, start)] = asked.names
        if _NUMBER.search(asked.question[:start]):
            return counting.number(recollection, name)
    if _AREA.search(asked.question) and not asked.names:
        square_feet = "feet" in asked.question
        return f"{recollection.floor * FEET**2:.0f}" if square_feet else f"{recollection.floor:.1f}"
    return None


def told(prompt: str, inferred: str | None) -> str:
    """Return a prompt with what follows for it, if anything, behind the question and before its options."""
    if inferred is None:
        return prompt
    cut = _REQUEST.search(prompt)
    end = cut.start() if cut else len(prompt)
    return f"{prompt[:end].rstrip()} It is: {inferred}.\n{prompt[end:]}".strip()


def turn(stand: Tensor, face: Tensor, target: Tensor) -> float:
    """Return how far someone at `stand` who looks at `face` turns to look at `target`: degrees, positive to the right.
    World points, y down."""
    ahead, there = ((point - stand)[[0, 2]] for point in (face, target))  # x right, z ahead, seen from above
    angle = torch.atan2(there[0] * ahead[1] - there[1] * ahead[0], there @ ahead)
    return float(torch.rad2deg(angle))


def _direction(recollection: Recollection, asked: Asked, cue: re.Match[str]) -> str | None:
    """Say where the third thing is for who stands at one and faces another, or which turns lead there."""
    face = asked.after(cue)
    stand = asked.stand(face)
    targets = [name for name, _ in asked.names if name not in (stand, face)]
    if face is None or stand is None:
        return None
    if not targets:
        return None
    place = {name: recollection.thing(name).centre for name in (stand, face, *targets)}
    if _STEP.search(asked.question):
        return _route(place, stand, face, asked)
    return _side(turn(place[stand], place[face], place[targets[0]]), f"{asked.question} {' '.join(asked.options)}")


def _side(angle: float, asked: str) -> str:
    """Say an angle as finely as the question does."""
    side = "right" if angle > 0 else "left"
    if "front" in asked or "quadrant" in asked:
        return f"{'front' if abs(angle) < 90 else 'back'}-{side}"
    return "back" if abs(angle) > BEHIND and re.search(r"\b(back|behind)\b", asked) else side


def _route(place: dict[int, Tensor], stand: int, face: int, asked: Asked) -> str | None:
    """Say the turns that a way lacks: from the start, facing something, to each thing that is walked up to."""
    first = _FIRST_STEP.search(asked.question)
    steps = asked.question[first.start() :] if first else asked.question
    here, ahead, turns = place[stand], place[face], []
    for gap, stop in _STEP.findall(steps):
        if gap:
            turns.append(None)
            continue
        goal = next((name for _, _, name in named(stop)), None)
        if goal not in place:
            return None
        if turns and turns[-1] is None:
            angle = turn(here, ahead, place[goal])
            turns[-1] = "Turn Back" if abs(angle) > BEHIND else "Turn Right" if angle > 0 else "Turn Left"
        here, ahead = place[goal], 2 * place[goal] - here
    if not turns or None in turns:
        return None
    options = [option for option in asked.options if option.count(",") == len(turns) - 1]

    def agreeing(option: str) -> int:
        return sum(said == found for said, found in zip(option.split(", "), turns, strict=True))

    return max(options, key=agreeing, default=", ".join(turns))


def _order(recollection: Recollection, asked: Asked) -> str:
    """Say in which order things were first seen; of options, the one with the fewest pairs the wrong way round."""
    options = [[name for _, _, name in named(option)] for option in asked.options]
    if not options:
        names = [name for name, _ in asked.names]
        return _listed(sorted(names, key=lambda name: recollection.thing(name).first_seen))

    def wrong(names: list[int]) -> int:
        times = [recollection.thing(name).first_seen for name in names]
        return sum(later <= earlier for earlier, later in combinations(times, 2))

    return _listed(min(options, key=wrong))


def _nearest(recollection: Recollection, asked: Asked, target: int | None) -> str | None:
    """Say which of the named things, or of the options, is closest to the target."""
    named_options = [name for option in asked.options for _, _, name in named(option)]
    others = [name for name in named_options or [name for name, _ in asked.names] if name != target]
    if target is None or len(others) < 2:
        return None
    thing = recollection.thing(target)
    return VOCABULARY[min(others, key=lambda name: thing.distance(recollection.thing(name)))]


def _length(metres: float, question: str) -> str:
    if re.search(r"\bcm\b|centimet", question):
        return f"{100 * metres:.0f}"
    return f"{metres * FEET:.1f}" if re.search(r"\b(feet|foot)\b", question) else f"{metres:.1f}"


def _listed(names: list[int]) -> str:
    return ", ".join(VOCABULARY[name] for name in names)
