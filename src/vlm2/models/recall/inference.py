"""The answer to a question that follows from the geometry of the recalled things, in words.

`question_parsing` decides what a question asks for. Questions that no rule covers get no inferred answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor

from ...scenes.vocabulary import VOCABULARY, named
from .camera_path import CameraPath, lies, moved, reach, walked
from .counting import Counting
from .object_evidence import ObjectEvidence
from .question_parsing import OPTION, REQUEST, ParsedQuestion, VideoTime, ViewerRoles

BEHIND = 135  # degrees from which on a thing is behind
FEET = 3.28084  # in a metre

_QUARTERS = re.compile(r"\b(?:front|quadrant|quarter|corner|diagonal)")
_OR_BACK = re.compile(r"(?:\bor|,|^) (?:\w+ ){0,2}(?:back|behind)\b|\b(?:back|behind)(?: me)? or\b")


def infer(
    evidence: ObjectEvidence, prompt: str, counting: Counting | None = None, path: CameraPath | None = None
) -> str | None:
    """Return the answer that follows for a question, or None where none does. Counts need `counting`, and questions
    about times in the video need the camera's `path`."""
    asked = ParsedQuestion.of(prompt)
    kind, question = asked.kind, asked.question
    if kind == "walked" or (asked.times and kind != "order"):
        if kind is None or path is None or len(path.times) == 0:
            return None
        return _at_times(evidence, asked, path)
    if kind == "order":
        return _order(evidence, asked)
    if kind == "route" and asked.roles is not None:
        return _route(evidence, asked, asked.roles)
    if kind == "direction" and asked.roles is not None:
        return _direction(evidence, asked, asked.roles)
    if kind in ("nearest", "farthest") and asked.compared is not None:
        target, choices = asked.compared
        choose = min if kind == "nearest" else max
        thing = evidence.thing(target)
        return VOCABULARY[choose(choices, key=lambda name: thing.distance_to_any(evidence.thing(name)))]
    if kind == "distance":
        one, other = (evidence.thing(name.name) for name in asked.names)
        return _length(one.distance(other), question)
    if kind == "number" and counting is not None:
        return counting.number(evidence, asked.names[0].name)
    if kind == "area":
        square_feet = re.search(r"\bf(?:ee|oo)?t\b", question) is not None
        return f"{evidence.floor * FEET**2:.0f}" if square_feet else f"{evidence.floor:.1f}"
    return None


def append_recalled(prompt: str, inferred: str | None) -> str:
    """Return a prompt with the inferred answer, if any, between its question and its options.

    The option that has the same words, or alone names the same things ("couch" for "sofa"), stands for the answer.
    """
    if inferred is None:
        return prompt
    options = list(OPTION.finditer(prompt))
    same = [option for option in options if option[1].lower() == inferred.lower()]
    alike = same or [option for option in options if _things(option[1]) == _things(inferred) != []]
    said = alike[0].group() if len(alike) == 1 else inferred
    cut = REQUEST.search(prompt)
    end = cut.start() if cut else len(prompt)
    return f"{prompt[:end].rstrip()} It is: {said}.\n{prompt[end:]}".strip()


def turn(stand: Tensor, face: Tensor, target: Tensor) -> float:
    """Return how far someone at `stand` who looks at `face` turns to look at `target`: degrees, positive to the right.
    World points, y down."""
    ahead, there = ((point - stand)[[0, 2]] for point in (face, target))  # x right, z ahead, seen from above
    angle = torch.atan2(there[0] * ahead[1] - there[1] * ahead[0], there @ ahead)
    return float(torch.rad2deg(angle))


def _at_times(evidence: ObjectEvidence, asked: ParsedQuestion, path: CameraPath) -> str | None:
    """Return where the camera went between two times, or where things were in its frame at one."""
    times = asked.times or (VideoTime(0.0, is_share=True), VideoTime(1.0, is_share=True))
    first, *later = (path.share(time.value) if time.is_share else time.value for time in times)
    if asked.kind == "walked":
        return _length(walked(path, *sorted((first, later[0]))), asked.question)
    pose = path.at(first)
    if asked.kind == "displacement":
        return _length(float(moved(path, first, later[0]).norm()), asked.question)
    if asked.kind == "course":
        right, _, ahead = moved(path, first, later[0]).tolist()
        ways = {"forward": ahead, "backward": -ahead, "right": right, "left": -right}
        said = [[way for way in ways if re.search(rf"\b{way}s?\b", option.lower())] for option in asked.options]
        if any(len(found) != 1 for found in said):
            return None
        options = {option: ways[found] for option, (found,) in zip(asked.options, said, strict=True)} or ways
        return max(options, key=options.__getitem__)
    if asked.kind == "reach":
        return _length(reach(evidence, asked.names[0].name, pose), asked.question)
    if asked.kind == "reached":
        return VOCABULARY[min(asked.choices, key=lambda name: reach(evidence, name, pose))]
    axis, (thing, other) = asked.axis, asked.measured
    if axis is None:
        return None
    places = [lies(evidence, name, pose)[axis] for name in (thing, other)]
    return asked.end(axis, later=bool(places[0] > places[1]))


def _direction(evidence: ObjectEvidence, asked: ParsedQuestion, roles: ViewerRoles) -> str:
    """Return the direction of a thing for someone at one thing who faces another, as finely as the question asks."""
    stand, face, target = (evidence.thing(name).centre for name in (roles.stand, roles.face, roles.others[-1]))
    angle = turn(stand, face, target)
    words = f" {', '.join(asked.options) or asked.question}".lower()
    side = "right" if angle > 0 else "left"
    if _QUARTERS.search(words):
        return f"{'front' if abs(angle) < 90 else 'back'}-{side}"
    return "back" if abs(angle) > BEHIND and _OR_BACK.search(words) else side


def _route(evidence: ObjectEvidence, asked: ParsedQuestion, roles: ViewerRoles) -> str | None:
    """Return the missing turns of a route from the start, facing a thing, to each of its stops."""
    here, ahead = (evidence.thing(name).centre for name in (roles.stand, roles.face))
    turns: list[str | None] = []
    for gap, goal in asked.steps:
        if gap:
            turns.append(None)
            continue
        if goal is None:
            return None
        there = evidence.thing(goal).centre
        if turns and turns[-1] is None:
            angle = turn(here, ahead, there)
            turns[-1] = "Turn Back" if abs(angle) > BEHIND else "Turn Right" if angle > 0 else "Turn Left"
        here, ahead = there, 2 * there - here
    if not turns or None in turns:
        return None
    options = [option for option in asked.options if option.count(",") == len(turns) - 1]

    def agreeing(option: str) -> int:
        return sum(said.strip() == found for said, found in zip(option.split(","), turns, strict=True))

    return max(options, key=agreeing, default=", ".join(str(found) for found in turns))


def _order(evidence: ObjectEvidence, asked: ParsedQuestion) -> str:
    """Return the order in which things were first seen; of options, the one with the fewest wrong pairs."""
    if not asked.options:
        names = [name.name for name in asked.names]
        return _listed(sorted(names, key=lambda name: evidence.thing(name).first_seen))

    def wrong(names: Sequence[int]) -> int:
        times = [evidence.thing(name).first_seen for name in names]
        return sum(later <= earlier for earlier, later in combinations(times, 2))

    return _listed(min(asked.listed, key=wrong))


def _things(text: str) -> list[int]:
    return [index for _, _, index in named(text)]


def _length(metres: float, question: str) -> str:
    if re.search(r"\bcm\b|centimet", question):
        return f"{100 * metres:.0f}"
    return f"{metres * FEET:.1f}" if re.search(r"\b(feet|foot)\b", question) else f"{metres:.1f}"


def _listed(names: Sequence[int]) -> str:
    return ", ".join(VOCABULARY[name] for name in names)
