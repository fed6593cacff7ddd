"""Numbers in the rooms and on the furniture of the flat laid out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vlm2.questions.tasks.freeform import how_many
from vlm2.scenes import Room, Scene


def answers(scene: Scene) -> dict[str, str]:
    return {q.question: q.ground_truth for q in how_many.questions(scene, np.random.default_rng(0))}


def test_numbers_by_place(flat: Scene) -> None:
    assert answers(flat) == {
        "How many chairs are in the living room?": "3",
        "How many cups are in the living room?": "1",
        "How many cups are in the kitchen?": "2",
        "How many cups are on the table?": "2",
        "How many cups are on the desk?": "1",
    }


def test_numbers_may_be_written_in_words(flat: Scene) -> None:
    question = next(how_many.questions(flat, np.random.default_rng(0)))
    assert question.answers in (("1", "one"), ("2", "two"), ("3", "three"))


def test_a_room_that_is_not_alone_of_its_kind_names_no_place(flat: Scene) -> None:
    second = Room("kitchen 2", "kitchen", ((10.0, 0.0), (13.0, 0.0), (13.0, 5.0), (10.0, 5.0)), 2.5)
    assert "How many cups are in the kitchen?" not in answers(replace(flat, rooms=(*flat.rooms, second)))
    assert "How many cups are in the living room?" in answers(replace(flat, rooms=(*flat.rooms, second)))


def test_what_the_video_hardly_shows_is_not_counted(flat: Scene) -> None:
    hidden = tuple(replace(t, sightings=()) if t.id == 9 else t for t in flat.objects)
    assert not any("cup" in question for question in answers(replace(flat, objects=hidden)))
