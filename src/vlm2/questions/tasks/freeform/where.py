"""Where a thing is: on, above or next to another; and in which room."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ....scenes.record import Scene, SceneObject
from ... import english
from ...question_type import Questions, QuestionType, task
from ...relations import ASIDE, above, beside, resting_on, room_kind, stands_on_floor
from ...selection import shuffled
from ...visibility import is_clear, named, single

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


@task(PLACE, ROOM)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield questions about each thing alone of its kind, in random order: where it is, where another thing names
    that, and its room, where the home has several kinds."""
    clear = named(scene)
    several = len({room.kind for room in scene.rooms}) > 1
    for thing in shuffled(single(scene), rng):
        room = room_kind(scene, thing)
        if thing.category in english.PLURALS or thing.category == "door":
            continue
        slots = {"thing": thing.category}
        answers = [answer for answer in _places(scene, thing) if answer.partition(" the ")[2] in clear]
        if answers:
            answers += [other for answer in answers for other in _other_words(answer)]
            answers += _loosely(scene, thing)
            answers += [f"in the {room}"] if room else []
            yield PLACE.open(answers, slots, [thing])
        if room and several:
            yield ROOM.open([room], slots, [thing])


def _places(scene: Scene, thing: SceneObject) -> list[str]:
    """Return what the boxes say of a thing's place, what one would say first at the start."""
    others = [other for other in scene.objects if other.category not in {thing.category, *english.PLURALS}]
    seen = [other for other in others if scene.trajectory is None or is_clear(other)]
    places = [f"on the {other.category}" for other in seen if resting_on(other, [thing])]
    if not places and not stands_on_floor(thing):
        places = [f"above the {other.category}" for other in seen if stands_on_floor(other) and above(other, [thing])]
    if not places and stands_on_floor(thing):
        places = [f"next to the {other.category}" for other in beside(thing, seen)]
    return list(dict.fromkeys(places))


def _loosely(scene: Scene, thing: SceneObject) -> list[str]:
    """Return what else people say of a thing's place: what it is near to, though not next to."""
    near = beside(thing, scene.objects, within=ASIDE)
    return [f"next to the {name}" for other in near for name in english.names(other.category)]


def _other_words(place: str) -> Iterator[str]:
    """Yield a place in other words: other relations that say the same, and other names of the thing."""
    relation, _, category = place.partition(" the ")
    relations = {"on": ("on", "on top of"), "above": ("above", "over"), "next to": ("next to", "beside", "near")}
    for name in english.names(category):
        yield from (f"{words} the {name}" for words in relations[relation])
