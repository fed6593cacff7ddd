"""How far the camera moved, against the poses."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from vlm2.questions.tasks.vsti import camera_displacement
from vlm2.scenes import Scene


def test_displacements_equal_the_poses(home: Scene, witness) -> None:
    asked = list(islice(camera_displacement.questions(home, np.random.default_rng(0)), 100))
    assert len(asked) == 100
    for question in asked:
        first, last = witness.samples(question)
        assert first < last and question.times == (witness.times[first], witness.times[last])
        moved = np.linalg.inv(witness.poses[first]) @ witness.poses[last]  # as the first camera sees the second
        assert float(question.ground_truth) == pytest.approx(np.linalg.norm(moved[:3, 3]), abs=0.051)


def test_no_camera_no_question(home: Scene) -> None:
    assert list(camera_displacement.questions(replace(home, trajectory=None), np.random.default_rng(0))) == []
