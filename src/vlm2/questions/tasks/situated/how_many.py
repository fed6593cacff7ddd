"""The number of objects of a category to the left, to the right, in front or behind."""

from __future__ import annotations

from itertools import product

import numpy as np

from ....query.words import plural
from ....scenes.record import Scene
from ....scenes.stance import Stance
from ....scenes.visibility import named
from ... import english
from ...question_type import Questions, task
from ...selection import by_turns
from ...situated import PHRASES, ask, situated_type, stances

TYPE = situated_type(
    "situated_how_many",
    "How many {things} are {side}?",
    "How many {things} do I have {side}?",
    "Count the {things} {side}.",
    "What is the number of {things} {side}?",
    "How many {things} are there {side}?",
    "Tell me how many {things} are {side}.",
    "How many {things} can be found {side}?",
    "How many {things} would I count {side}?",
    "Number of {things} {side}?",
    "Of the {things} in this room, how many are {side}?",
    "How many {things} have their place {side}?",
)


def truth(stance: Stance, category: str, side: str) -> int | None:
    """Return how many instances in the room are clearly on a side.

    None if some instance of the home may or may not be there, or if there is no instance beside the stance's own.
    """
    places = stance.places(category)
    if not len(places):
        return None
    there, off = stance.on_side(side) & stance.in_room, stance.off_side(side)
    return int(there[places].sum()) if (there | off)[places].all() else None


@task(TYPE)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield questions about categories with several instances, at least one on the side, in random order, the numbers
    by turns."""
    several = [name for name, things in named(scene, plurals=False).items() if len(things) > 1]
    found = (
        (count, (stance, side, category))
        for stance, side, category in product(stances(scene, rng), PHRASES, several)
        if (count := truth(stance, category, side))
    )
    for count, (stance, side, category) in by_turns(found, rng):
        slots = {"things": plural(category), "side": PHRASES[side]}
        yield ask(TYPE, stance, english.number(count), slots, stance.instances(category))
