"""What is on a side in the flat laid out by hand."""

from __future__ import annotations

import numpy as np

from vlm2.questions.tasks.situated import what
from vlm2.scenes import Scene

SOFA = "I am standing by the sofa facing the window. What is to my right?"


def test_the_lamp_is_to_the_right_of_who_looks_out_of_the_window(flat: Scene) -> None:
    found = {q.question: q.answers for q in what.questions(flat, np.random.default_rng(0))}
    assert found[SOFA][0] == "lamp"
    assert {"light", "tv"} <= set(found[SOFA]) and not {"desk", "window", "stove", "sofa"} & set(found[SOFA])
    assert found["I am standing by the tv facing the sofa. What is to my right?"][0] == "window"


def test_answers_hold_everywhere(flat: Scene, stander, stand_in) -> None:
    _, side_of = stand_in
    for question in what.questions(flat, np.random.default_rng(0)):
        *_, [answer] = stander.named(question)
        assert answer.category == question.ground_truth
        sides = [side_of(angle) for _, [angle] in stander.bearings(question)]
        assert len(sides) > 10 and set(sides) == {question.slots["side"]}
