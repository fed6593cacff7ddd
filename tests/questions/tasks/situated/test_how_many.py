"""How many things are on a side in the flat laid out by hand."""

from __future__ import annotations

import numpy as np

from vlm2.questions.tasks.situated import how_many
from vlm2.scenes import Scene


def test_two_chairs_are_left_of_who_looks_out_of_the_window(flat: Scene) -> None:
    found = {q.question: q.answers for q in how_many.questions(flat, np.random.default_rng(0))}
    assert found["I am standing by the sofa facing the window. How many chairs are to my left?"] == ("2", "two")
    assert found["I am standing by the tv facing the sofa. How many chairs are in front of me?"] == ("3", "three")
    assert not any("right" in text and "window" in text for text in found)  # none, or not clearly


def test_numbers_hold_everywhere(flat: Scene, stander, stand_in) -> None:
    _, side_of = stand_in
    asked = list(how_many.questions(flat, np.random.default_rng(0)))
    assert {question.ground_truth for question in asked} == {"1", "2", "3"}
    for question in asked:
        *_, others = stander.named(question)
        in_room = [thing.room == "living room" for thing in others]
        for _, angles in stander.bearings(question):
            there = [
                side_of(angle) == question.slots["side"] for angle, here in zip(angles, in_room, strict=True) if here
            ]
            assert sum(there) == int(question.ground_truth)
