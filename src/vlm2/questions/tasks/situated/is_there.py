"""Whether there is a thing of a kind to the left or right, in front or behind: yes or no."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ....scenes.record import Scene
from ... import english as speech
from ...question import Question
from ...situated_wording import situated
from ...stance import PHRASES, Stance, stances
from ...visibility import named
from ...wording import ask_words, shuffled

NAME = "situated_is"

WORDINGS = {
    NAME: situated(
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
}


def truth(stance: Stance, category: str, side: str) -> str | None:
    """Return "yes" where some instance in the room is clearly on the side, "no" where none of the home is, through no
    wall either; None in between, and where one stands by the only one or faces it."""
    places = stance.places(category)
    if not len(places):
        return None
    if (stance.on_side(side) & stance.in_room)[places].any():
        return "yes"
    return "no" if stance.off_side(side)[places].all() else None


def questions(scene: Scene, rng: np.random.Generator) -> Iterator[Question]:
    """Yield questions with the answers yes and no by turns, in random order."""
    categories = [name for name in named(scene) if name not in speech.PLURALS]
    wanted = "yes"
    for stance in stances(scene, rng):
        for side, category in shuffled([(side, name) for side in PHRASES for name in categories], rng):
            if truth(stance, category, side) == wanted:
                slots = {
                    **stance.slots,
                    "thing": category,
                    "a_thing": speech.indefinite(category),
                    "side": PHRASES[side],
                    "side_first": PHRASES[side].capitalize(),
                }
                instances = [stance.things[place].id for place in stance.places(category)]
                objects = [stance.stand.id, stance.face.id, *instances]
                yield ask_words(NAME, WORDINGS[NAME], [wanted], slots, objects)
                wanted = "no" if wanted == "yes" else "yes"
                break
