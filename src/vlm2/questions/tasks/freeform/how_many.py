"""The number of objects of a category in a room, or on another object."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....query.words import plural
from ....scenes.record import Scene, SceneObject
from ....scenes.relations import resting_on, room_kind
from ....scenes.visibility import named, single
from ... import english
from ...question_type import Questions, QuestionType, task
from ...selection import by_turns

TYPE = QuestionType(
    name="freeform_how_many",
    held_out=3,
    texts=(
        "How many {things} are {place}?",
        "How many {things} can be found {place}?",
        "Count the {things} {place}.",
        "What is the number of {things} {place}?",
        "How many {things} did you see {place}?",
        "How many {things} do I have {place}?",
        "Looking {place}, how many {things} are there?",
        "Tell me how many {things} are {place}.",
        "If I count the {things} {place}, what do I get?",
        "Number of {things} {place}?",
        "I want to know how many {things} one finds {place}.",
    ),
)


@task(TYPE)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield one question for each category with several instances and each place that holds some of them, in random
    order, the numbers by turns.

    A place is a room or an object that is alone of its kind. One is an answer, too: the other instances are elsewhere.
    """
    supports = single(scene)
    found: list[tuple[int, tuple[str, str, Sequence[SceneObject]]]] = []
    for category, things in named(scene, plurals=False).items():
        if len(things) > 1:
            places = {f"on the {support.category}": resting_on(support, things) for support in supports}
            places = _by_room(scene, things) | places
            found += [(len(there), (category, place, there)) for place, there in places.items() if there]
    for count, (category, place, there) in by_turns(found, rng):
        slots = {"things": plural(category), "place": place}
        yield TYPE.open(english.number(count), slots, there)


def _by_room(scene: Scene, things: Sequence[SceneObject]) -> dict[str, Sequence[SceneObject]]:
    """Return the objects in each room that is alone of its kind; nothing if the room of one of them is not known."""
    kinds = [room_kind(scene, thing) for thing in things]
    rooms = [room.kind for room in scene.rooms]
    if None in kinds:
        return {}
    return {
        f"in the {room}": [thing for thing, kind in zip(things, kinds, strict=True) if kind == room]
        for room in rooms
        if rooms.count(room) == 1
    }
