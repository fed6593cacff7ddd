"""The camera's main direction, against the poses."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import numpy as np
import pytest

from vlm2.questions.tasks.vsti import camera_movement_direction
from vlm2.questions.tasks.vsti.camera_movement_direction import direction
from vlm2.scenes import Scene


def test_directions_follow_from_the_poses(home: Scene, witness) -> None:
    asked = list(islice(camera_movement_direction.questions(home, np.random.default_rng(0)), 80))
    assert set(Counter(q.answer_text for q in asked)) == {"Forward", "Backward", "Left", "Right"}
    assert {len(q.options or ()) for q in asked} == {2, 3, 4}
    for question in asked:
        first, last = witness.samples(question)
        x, _, z = (np.linalg.inv(witness.poses[first]) @ witness.poses[last])[:3, 3]
        angle = np.degrees(np.arctan2(x, z))  # clockwise from straight ahead
        middle = {"Forward": 0, "Right": 90, "Backward": 180, "Left": -90}[question.answer_text]
        assert abs((angle - middle + 180) % 360 - 180) <= 31
        assert np.hypot(x, z) >= 0.5


@pytest.mark.parametrize(
    ("moved", "name"),
    [
        ((0.0, 0.2, 2.0), "Forward"),
        ((0.5, 0.0, -1.0), "Backward"),
        ((-0.8, 0.0, 0.1), "Left"),
        ((0.8, -0.5, 0.1), "Right"),
        ((1.0, 0.0, 0.9), None),
        ((0.1, 2.0, 0.3), None),
    ],
)
def test_names(moved: tuple[float, float, float], name: str | None) -> None:
    assert direction(np.array(moved)) == name
