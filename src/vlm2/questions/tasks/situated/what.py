"""The object to the left, to the right or behind."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from ....scenes.box_geometry import bottom
from ....scenes.record import Scene, SceneObject
from ....scenes.stance import Stance
from ....scenes.visibility import named
from ... import english
from ...question_type import Questions, task
from ...selection import by_turns
from ...situated import PHRASES, ask, situated_type, stances

ASKED = ("left", "right", "back")  # in front is the object that the person faces
OVERHEAD = 2.1  # metres above the floor; an object whose bottom is higher is overhead, on no side
MOST = 5  # categories that may be there; with more, any guess would be right

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
    """Yield questions about sides where the same object is the closest from every spot, in random order, the categories
    by turns. Every category that may be on the side is accepted."""
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
    """Return the object of those in the mask that is the closest from every spot; None if that depends on the spot."""
    places = np.flatnonzero(there)
    if not len(places):
        return None
    closest = set(places[stance.distances[:, places].argmin(axis=1)].tolist())
    return stance.things[closest.pop()] if len(closest) == 1 else None
