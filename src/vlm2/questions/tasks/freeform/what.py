"""The object that is on another, or above it."""

from __future__ import annotations

import numpy as np

from ....scenes.record import Scene
from ....scenes.relations import above, resting_on, stands_on_floor
from ....scenes.visibility import is_clear, single
from ....scenes.vocabulary import PLURALS
from ... import english
from ...question_type import Questions, QuestionType, task
from ...selection import shuffled

MOST = 3  # categories there; with more, any guess would be right

TYPE = QuestionType(
    name="freeform_what",
    held_out=3,
    texts=(
        "What is {relation} the {thing}?",
        "What do you see {relation} the {thing}?",
        "What can be found {relation} the {thing}?",
        "Which object is {relation} the {thing}?",
        "Name something that is {relation} the {thing}.",
        "What did I put {relation} the {thing}?",
        "There is something {relation} the {thing}. What?",
        "Tell me what is {relation} the {thing}.",
        "What would I find if I looked {relation} the {thing}?",
        "Which thing has its place {relation} the {thing}?",
        "What was {relation} the {thing} in the video?",
    ),
)


@task(TYPE)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield one question for each unambiguous object with a clearly visible object on it or above it, in random order.

    The answer is the object that the video shows largest; every other object there is accepted, too.
    """
    standing = [thing for thing in single(scene) if stands_on_floor(thing)]
    for base, relation in shuffled([(base, relation) for base in standing for relation in ("on", "above")], rng):
        there = (resting_on if relation == "on" else above)(base, scene.objects)
        seen = [thing for thing in there if is_clear(scene, thing)]
        categories = {thing.category for thing in there}
        if not seen or len(categories) > MOST or categories & (PLURALS | {base.category}):
            continue
        seen.sort(key=lambda thing: -sum(sighting.share for sighting in thing.sightings))
        answers = english.names_of_all(thing.category for thing in (*seen, *there))
        slots = {"relation": relation, "thing": base.category}
        yield TYPE.open(answers, slots, [base, *there])
