"""Whether there is an object of a category to the left, to the right, in front or behind: yes or no."""

from __future__ import annotations

import numpy as np

from ....query.words import a
from ....scenes.record import Scene
from ....scenes.stance import Stance
from ....scenes.visibility import named
from ...question_type import Questions, task
from ...situated import PHRASES, ask, situated_type, yes_and_no

TYPE = situated_type(
    "situated_is",
    "Is there {a_thing} {side}?",
    "Is {a_thing} {side}?",
    "Do I have {a_thing} {side}?",
    "Is there any {thing} {side}?",
    "Can I find {a_thing} {side}?",
    "Is one of the things {side} {a_thing}?",
    "Would you say that there is {a_thing} {side}?",
    "Is it true that {a_thing} is {side}?",
    "{side_first}, is there {a_thing}?",
    "Does {a_thing} have its place {side}?",
    "Yes or no: is there {a_thing} {side}?",
)


def truth(stance: Stance, category: str, side: str) -> str | None:
    """Return "yes" if an instance in the room is clearly on the side, "no" if every instance of the home (behind walls,
    too) is clearly not, else None. Also None if the stance itself has the only instance."""
    places = stance.places(category)
    if not len(places):
        return None
    if (stance.on_side(side) & stance.in_room)[places].any():
        return "yes"
    return "no" if stance.off_side(side)[places].all() else None


@task(TYPE)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield questions in random order, their answers yes and no by turns."""
    candidates = [(category, side) for side in PHRASES for category in named(scene, plurals=False)]
    asked = yes_and_no(scene, rng, lambda stance: candidates, lambda stance, candidate: truth(stance, *candidate))
    for stance, (category, side), right in asked:
        phrase = PHRASES[side]
        slots = {"thing": category, "a_thing": a(category), "side": phrase, "side_first": phrase.capitalize()}
        yield ask(TYPE, stance, [right], slots, stance.instances(category))
