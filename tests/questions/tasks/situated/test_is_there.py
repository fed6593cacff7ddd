"""Whether there is a thing on a side in the flat laid out by hand."""

from __future__ import annotations

from collections import Counter

import numpy as np

from vlm2.questions.situated import stances
from vlm2.questions.tasks.situated import is_there
from vlm2.scenes import Scene


def test_sides_of_the_sofa(flat: Scene) -> None:
    found = stances(flat, np.random.default_rng(0))
    stance = next(s for s in found if (s.stand.category, s.face.category) == ("sofa", "window"))
    assert is_there.truth(stance, "lamp", "right") == "yes"
    assert is_there.truth(stance, "lamp", "left") == "no"
    assert is_there.truth(stance, "chair", "left") == "yes"
    assert is_there.truth(stance, "tv", "right") is None  # front right, for some of the places
    assert is_there.truth(stance, "stove", "right") is None  # behind the wall
    assert is_there.truth(stance, "window", "front") is None  # named already


def test_yes_and_no_hold_everywhere_and_are_as_common(flat: Scene, stander, stand_in) -> None:
    _, side_of = stand_in
    asked = list(is_there.questions(flat, np.random.default_rng(0)))
    answers = Counter(question.ground_truth for question in asked)
    assert answers["no"] > 5 and 0 <= answers["yes"] - answers["no"] <= 1
    for question in asked:
        side = question.slots["side"]
        seen = [[side_of(angle) == side for angle in angles] for _, angles in stander.bearings(question)]
        assert len(seen) > 10
        assert all(map(any, seen)) if question.ground_truth == "yes" else not any(map(any, seen))
