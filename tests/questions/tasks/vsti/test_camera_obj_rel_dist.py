"""Which thing is closest to the camera, against densely sampled boxes."""

from __future__ import annotations

from itertools import islice

import numpy as np

from vlm2.questions.tasks.vsti import camera_obj_rel_dist
from vlm2.scenes import Scene


def test_the_closest_is_clearly_closest(home: Scene, witness) -> None:
    asked = list(islice(camera_obj_rel_dist.questions(home, np.random.default_rng(0)), 60))
    choices = {kind.name: count for kind, count in camera_obj_rel_dist.CHOICES.items()}
    assert {question.question_type for question in asked} == set(choices)
    for question in asked:
        (sample,) = witness.samples(question)
        names = [option[3:] for option in question.options or ()]
        assert len(names) == choices[question.question_type]
        distances = sorted((witness.distance(name, sample), name) for name in names)
        assert distances[0][1] == question.answer_text
        assert distances[1][0] - distances[0][0] >= 0.10  # 0.15 m, less what sampling may miss
