"""Relative positions in a frame, against densely sampled boxes in the camera's frame."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import numpy as np

from vlm2.questions.tasks.vsti import obj_obj_relative_pos
from vlm2.scenes import Scene


def test_positions_follow_from_the_points(home: Scene, witness) -> None:
    asked = list(islice(obj_obj_relative_pos.questions(home, np.random.default_rng(0)), 150))
    assert set(Counter(q.answer_text for q in asked)) == {"Left", "Right", "Up", "Down", "Near", "Far"}
    for question in asked:
        (sample,) = witness.samples(question)
        first, second = (next(o.category for o in home.objects if o.id == id) for id in question.objects)
        assert question.question.index(first if question.question_type.endswith("nf") else second) > 0
        a, b = witness.points(first, sample), witness.points(second, sample)
        axis, sign = {
            "Left": (0, 1), "Right": (0, -1), "Up": (1, 1), "Down": (1, -1), "Near": (2, 1), "Far": (2, -1),
        }[question.answer_text]  # fmt: skip
        a, b = sign * a[:, axis], sign * b[:, axis]
        assert b.min() - a.max() >= 0.149
