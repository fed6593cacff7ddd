"""How many things of a category there are in a room or on a thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from ....scenes.record import Scene
from ... import speech
from ...question import Question
from ...relations import resting_on, room_kind
from ...visibility import named, single
from ...wording import Wording, ask_words, shuffled
from ..vsi.object_counting import plural

NAME = "freeform_how_many"

WORDINGS = {
    NAME: (
        Wording("How many {things} are {place}?"),
        Wording("How many {things} can be found {place}?"),
        Wording("Count the {things} {place}."),
        Wording("What is the number of {things} {place}?"),
        Wording("How many {things} did you see {place}?"),
        Wording("How many {things} do I have {place}?"),
        Wording("Looking {place}, how many {things} are there?"),
        Wording("Tell me how many {things} are {place}."),
        Wording("If I count the {things} {place}, what do I get?", held_out=True),
        Wording("Number of {things} {place}?", held_out=True),
        Wording("I want to know how many {things} one finds {place}.", held_out=True),
    )
}


def questions(scene: Scene, rng: np.random.Generator) -> Iterator[Question]:
    """Yield one question for each category and place that holds some of it, in random order.

    A place is a room or a thing that is alone of its kind. One is an answer, too.
    """
    groups = {name: things for name, things in named(scene).items() if name not in speech.PLURALS}
    rooms = Counter(room.kind for room in scene.rooms)
    supports = single(scene)
    found = []
    for category, things in groups.items():
        kinds = [room_kind(scene, thing) for thing in things]
        found += [
            (category, f"in the {kind}", [thing for thing, its in zip(things, kinds, strict=True) if its == kind])
            for kind in dict.fromkeys(kinds)
            if kind is not None and rooms[kind] == 1 and None not in kinds
        ]
        found += [
            (category, f"on the {support.category}", list(on))
            for support in supports
            if (on := resting_on(support, things))
        ]
    for category, place, there in shuffled(found, rng):
        slots = {"things": plural(category), "place": place}
        answers = speech.number(len(there))
        yield ask_words(NAME, WORDINGS[NAME], answers, slots, [thing.id for thing in there])
