"""What is to the left, to the right or behind."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from ....scenes.record import Scene, SceneObject
from ... import english
from ...box_geometry import bottom
from ...question_type import Questions, task
from ...selection import by_turns
from ...situated import PHRASES, ask, situated_type, stances
from ...stance import Stance
from ...visibility import named

ASKED = ("left", "right", "back")  # what is in front is what one faces
OVERHEAD = 2.1  # metres above the floor from which on a thing is on no side, but over one's head
MOST = 5  # categories that may be there: of more, any guess would be right

TYPE = situated_type(
    "situated_what",
    "What is {side}?",
    "What is there {side}?",
    "Which object is {side}?",
    "What do I find {side}?",
    "Tell me what is {side}.",
    "What stands or hangs {side}?",
    "Name the thing {side}.",
    "What would I see {side}?",
    "Something is {side}. What is it?",
    "Which thing has its place {side}?",
    "What is the nearest thing {side}?",
)


@task(TYPE)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield questions about sides where one thing is the closest of all on every spot, in random order, its category
    by turns. Whatever may be said to be there is accepted."""
    clear = named(scene, plurals=False)
    found: list[tuple[str, tuple[Stance, str, SceneObject, list[str]]]] = []
    for stance in stances(scene, rng):
        low = np.array([bottom(thing.box) < OVERHEAD for thing in stance.things])
        for side in ASKED:
            closest = _closest(stance, stance.in_room & stance.on_side(side) & low)
            maybe = stance.in_room & ~stance.off_side(side) & low
            there = [stance.things[place].category for place in np.flatnonzero(maybe)]
            if closest is not None and closest.category in clear and len(set(there)) <= MOST:
                found.append((closest.category, (stance, side, closest, there)))
    for category, (stance, side, closest, there) in by_turns(found, rng):
        yield ask(TYPE, stance, english.names_of_all([category, *there]), {"side": PHRASES[side]}, [closest])


def _closest(stance: Stance, there: Bool[np.ndarray, " things"]) -> SceneObject | None:
    """Return the thing that is on every spot the closest of those there; None where it changes with the spot."""
    places = np.flatnonzero(there)
    if not len(places):
        return None
    closest = set(places[stance.distances[:, places].argmin(axis=1)].tolist())
    return stance.things[closest.pop()] if len(closest) == 1 else None
