"""What is to the left, to the right or behind."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool

from ....scenes.record import Scene, SceneObject
from ... import speech
from ...question import Question
from ...situation import situated
from ...stance import PHRASES, Stance, stances
from ...visibility import named
from ...wording import ask_words, shuffled

NAME = "situated_what"
ASKED = ("left", "right", "back")  # what is in front is what one faces
CLOSER = 0.3  # metres, at least, that the answer is closer than anything else there
MOST = 4  # categories that may be there: of more, any guess would be right

WORDINGS = {
    NAME: situated(
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
}


def questions(scene: Scene, rng: np.random.Generator) -> Iterator[Question]:
    """Yield questions about sides on which one thing is the closest on every spot, in random order. Whatever may be
    said to be there is accepted."""
    clear = {name for name in named(scene) if name not in speech.PLURALS}
    for stance in stances(scene, rng):
        for side in shuffled(ASKED, rng):
            maybe = stance.in_room & ~stance.off_side(side)
            closest = _closest(stance, maybe & stance.on_side(side), maybe)
            there = [stance.things[place].category for place in np.flatnonzero(maybe)]
            if closest is None or closest.category not in clear or len(set(there)) > MOST:
                continue
            answers = speech.names_of_all([closest.category, *there])
            slots = {**stance.slots, "side": PHRASES[side]}
            objects = (stance.stand.id, stance.face.id, closest.id)
            yield ask_words(NAME, WORDINGS[NAME], answers, slots, objects)


def _closest(
    stance: Stance, there: Bool[np.ndarray, " things"], maybe: Bool[np.ndarray, " things"]
) -> SceneObject | None:
    """Return the thing that, of all that may be there, is clearly the closest on every spot."""
    for place in np.flatnonzero(there):
        others = maybe.copy()
        others[place] = False
        ahead = stance.distances[:, others] - stance.distances[:, [place]]
        if (ahead >= CLOSER).all():
            return stance.things[place]
    return None
