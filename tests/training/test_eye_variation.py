"""Variation keeps shapes, is repeatable by its seed, and leaves an obstacle without a name."""

from __future__ import annotations

import numpy as np
import pytest

from vlm2.scenes.record import Box, Scene, SceneObject
from vlm2.training import eye_variation
from vlm2.training.eye_variation import vary, vary_picture
from vlm2.training.eye_views import HomeView, thing_table


@pytest.fixture
def view() -> HomeView:
    """A table fills the view, 2 m ahead."""
    table = SceneObject(1, "table", Box((2.0, 0.0, 0.4), (0.9, 0.6, 0.8)))
    pose = np.eye(4)
    pose[:3, :3] = [[0, 0, 1], [-1, 0, 0], [0, -1, 0]]
    rgb = np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    things = thing_table(Scene("toy", "toy", 20.0, (table,), {"table": 1}))
    return HomeView(rgb, np.ones((96, 128), np.int16), np.full((24, 32), 2.0), 100.0, pose, things)


@pytest.mark.parametrize("seed", range(24))
def test_pictures_change_and_repeat(view, seed):
    instances = view.instances.astype(int)
    first, again, other = (vary_picture(view.rgb, instances, np.random.default_rng(s)) for s in (seed, seed, seed + 1))
    assert first.shape == view.rgb.shape and first.dtype == np.uint8
    assert (first == again).all() and (first != other).any() and (first != view.rgb).any()


@pytest.mark.parametrize("size", [(64, 96), (96, 64), (160, 96)])
def test_frames_of_any_size_have_targets_of_their_cells(view, size):
    frame, targets = vary(view, size, np.random.default_rng(3))
    assert frame.shape == (size[1], size[0], 3)
    assert {values.shape[:2] for values in targets.values()} == {(size[1] // 8, size[0] // 8)}
    again = vary(view, size, np.random.default_rng(3))
    assert (again[0] == frame).all() and all((again[1][name] == targets[name]).all() for name in targets)


def test_obstacles_hide_what_is_behind(view, monkeypatch):
    monkeypatch.setattr(eye_variation, "OBSTACLE_SHARE", 1.0)
    _, targets = vary(view, (128, 96), np.random.default_rng(0))
    hidden = ~targets["thing"]
    assert 0 < hidden.sum() < hidden.size
    assert (targets["label"][hidden] == 0).all() and not targets["valid"][hidden].any()
