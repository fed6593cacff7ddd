"""The way to a thing in the flat laid out by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from vlm2.questions.tasks.situated import which_way
from vlm2.scenes import Scene

WORDS = {"in front of me": "forward", "behind me": "backward", "to my left": "left", "to my right": "right"}


def ways(scene: Scene) -> dict[str, str]:
    return {q.question: q.ground_truth for q in which_way.questions(scene, np.random.default_rng(0))}


def test_ways_from_the_tv(flat: Scene) -> None:
    found = ways(flat)
    assert found["I am standing by the tv facing the window. Which way should I go to reach the sofa?"] == "left"
    assert found["I am standing by the tv facing the sofa. Which way should I go to reach the window?"] == "right"
    assert found["I am standing by the tv facing the sofa. Which way should I go to reach the lamp?"] == "forward"


def test_a_way_that_is_not_free_is_not_asked(flat: Scene) -> None:
    lamp = flat.of_category("lamp")[0]
    shelf = replace(lamp, id=90, category="shelf", box=replace(lamp.box, center=(4.2, 2.0, 0.75), size=(0.3, 3.9, 1.5)))
    assert "I am standing by the tv facing the window. Which way should I go to reach the sofa?" not in ways(
        replace(flat, objects=(*flat.objects, shelf))
    )


def test_ways_hold_everywhere_and_no_direction_is_much_commoner(flat: Scene, stander, stand_in) -> None:
    _, side_of = stand_in
    asked = list(which_way.questions(flat, np.random.default_rng(0)))
    answers = Counter(question.ground_truth for question in asked)
    assert set(answers) == {"forward", "left", "right"} and max(answers.values()) <= len(asked) / 2
    for question in asked:
        for _, [angle] in stander.bearings(question):
            assert WORDS[side_of(angle)] == question.ground_truth
