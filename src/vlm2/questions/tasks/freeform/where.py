"""The place of an object (on, above or next to another), and its room."""

from __future__ import annotations

import numpy as np

from ....scenes.record import Scene, SceneObject
from ....scenes.relations import ASIDE, above, beside, resting_on, room_kind, stands_on_floor
from ....scenes.visibility import is_clear, named, single
from ....scenes.vocabulary import PLURALS
from ... import english
from ...question_type import Questions, QuestionType, task
from ...selection import shuffled

PLACE = QuestionType(
    name="freeform_where",
    held_out=3,
    texts=(
        "Where is the {thing}?",
        "Where is the {thing} located?",
        "Where can I find the {thing}?",
        "Where did you see the {thing}?",
        "Can you tell me where the {thing} is?",
        "In which place is the {thing}?",
        "Where do I have to look for the {thing}?",
        "I am looking for the {thing}. Where is it?",
        "What is the {thing} on, above or next to?",
        "The {thing} is where?",
        "Describe the place of the {thing}.",
    ),
)
ROOM = QuestionType(
    name="freeform_which_room",
    held_out=2,
    texts=(
        "Which room is the {thing} in?",
        "In which room is the {thing}?",
        "In what kind of room did you see the {thing}?",
        "What room has the {thing}?",
        "Which room do I go to for the {thing}?",
        "Tell me the room that the {thing} is in.",
        "The {thing}: in which room?",
        "What is the room with the {thing} called?",
        "To get to the {thing}, which room must I enter?",
        "Name the room where the {thing} is.",
    ),
)


RELATIONS = {"on": ("on", "on top of"), "above": ("above", "over"), "next to": ("next to", "beside", "near")}
"""The relations that answer where a thing is, each with the words that are accepted for it."""


@task(PLACE, ROOM)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield up to two questions for each unambiguous object, in random order.

    They are about its place, if another object can name it, and its room, if the home has rooms of several kinds.
    """
    clear = named(scene)
    several = len({room.kind for room in scene.rooms}) > 1
    for thing in shuffled(single(scene), rng):
        if thing.category in PLURALS or thing.category == "door":
            continue
        slots, room = {"thing": thing.category}, room_kind(scene, thing)
        places = [(relation, category) for relation, category in _places(scene, thing) if category in clear]
        if places:
            answers = [f"{relation} the {category}" for relation, category in places]
            for relation, category in places:
                answers += [f"{words} the {name}" for name in english.names(category) for words in RELATIONS[relation]]
            for other in beside(thing, scene.objects, within=ASIDE):  # near, though not next to
                answers += [f"next to the {name}" for name in english.names(other.category)]
            answers += [f"in the {room}"] if room else []
            yield PLACE.open(answers, slots, [thing])
        if room and several:
            yield ROOM.open([room], slots, [thing])


def _places(scene: Scene, thing: SceneObject) -> list[tuple[str, str]]:
    """Return an object's places by its box: relations, each with the category of the other object."""
    others = [other for other in scene.objects if other.category not in {thing.category, *PLURALS}]
    seen = [other for other in others if is_clear(scene, other)]
    places = [("on", other) for other in seen if resting_on(other, [thing])]
    if not places and stands_on_floor(thing):
        places = [("next to", other) for other in beside(thing, seen)]
    elif not places:
        places = [("above", other) for other in seen if stands_on_floor(other) and above(other, [thing])]
    return list(dict.fromkeys((relation, other.category) for relation, other in places))
