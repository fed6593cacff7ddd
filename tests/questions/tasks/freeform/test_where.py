"""Places of things in the flat laid out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vlm2.questions.question_type import QuestionType
from vlm2.questions.tasks.freeform import where
from vlm2.scenes import Scene


def answers(scene: Scene, kind: QuestionType) -> dict[str, tuple[str, ...]]:
    found = where.questions(scene, np.random.default_rng(0))
    return {q.slots["thing"]: q.answers for q in found if q.question_type == kind.name}


def test_places(flat: Scene) -> None:
    places = answers(flat, where.PLACE)
    assert {thing: accepted[0] for thing, accepted in places.items()} == {
        "laptop": "on the desk",
        "picture": "above the sofa",
        "stove": "next to the refrigerator",
        "refrigerator": "next to the stove",
    }
    assert {"on top of the desk", "in the living room"} <= set(places["laptop"])
    assert {"beside the fridge", "near the refrigerator", "in the kitchen"} <= set(places["stove"])
    assert "next to the lamp" not in {word for accepted in places.values() for word in accepted}


def test_rooms(flat: Scene) -> None:
    rooms = answers(flat, where.ROOM)
    assert rooms["stove"] == rooms["table"] == ("kitchen",) and rooms["sofa"] == ("living room",)
    assert "cup" not in rooms and "chair" not in rooms  # several
    assert answers(replace(flat, rooms=flat.rooms[:1]), where.ROOM) == {}


def test_a_place_that_the_video_does_not_show_is_not_the_answer(flat: Scene) -> None:
    hidden = tuple(replace(t, sightings=()) if t.category == "desk" else t for t in flat.objects)
    assert "laptop" not in answers(replace(flat, objects=hidden), where.PLACE)
