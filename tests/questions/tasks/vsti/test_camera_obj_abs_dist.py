"""Distances from the camera, against densely sampled boxes."""

from __future__ import annotations

import re
from itertools import islice

import numpy as np

from vlm2.questions.tasks.vsti import camera_obj_abs_dist
from vlm2.scenes import Scene


def test_distances_equal_sampled_points(home: Scene, witness) -> None:
    asked = list(islice(camera_obj_abs_dist.questions(home, np.random.default_rng(0)), 60))
    assert len(asked) == 60
    for question in asked:
        (sample,) = witness.samples(question)
        assert question.times == (witness.times[sample],)
        (category,) = re.findall(r"nearest point of the (.+) in frame", question.question)
        assert abs(witness.distance(category, sample) - float(question.ground_truth)) <= 0.05 + 0.05
        assert float(question.ground_truth) >= 0.5
