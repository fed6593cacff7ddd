"""Variation keeps shapes, is repeatable by its seed, and leaves an obstacle without a name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vlm2.scenes.record import Box, Scene, SceneObject
from vlm2.scenes.vocabulary import category_index
from vlm2.training import eye_variation
from vlm2.training.eye_variation import parts_of, vary, vary_picture
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


def test_the_shell_has_parts_and_things_keep_their_ids(view):
    shell = replace(view, instances=np.zeros((96, 128), np.int16))
    parts = parts_of(shell)  # the camera is 0 m above the floor and looks ahead: below its middle is floor
    walls = 0.5 * 96 - 0.06 / 2.0 * 100
    assert (parts[60:] == 2).all() and (parts[: int(walls) - 1] == 0).all()
    shell.world_from_camera[2, 3] = 5.0
    assert (parts_of(shell) == 3).all()
    assert (parts_of(view) == 1).all()


def test_things_of_another_view_are_pasted_with_their_targets(view, monkeypatch):
    monkeypatch.setattr(eye_variation, "PASTED_SHARE", 1.0)
    monkeypatch.setattr(eye_variation, "OBSTACLE_SHARE", 0.0)
    lamp = replace(view, instances=np.zeros((96, 128), np.int16), depth=np.full((24, 32), 1.0))
    lamp.instances[30:60, 40:70] = 1
    plain = replace(view, instances=np.zeros((96, 128), np.int16))
    _, targets = vary(plain, (128, 96), np.random.default_rng(0), lamp)
    assert 0 < targets["thing"].sum() < targets["thing"].size
    assert np.unique(targets["label"][targets["thing"]]) == [category_index("table")]
    assert np.allclose(targets["depth"][targets["thing"]], 0.0)
    assert not vary(plain, (128, 96), np.random.default_rng(0))[1]["thing"].any()


def test_a_cut_is_not_filled_by_one_thing_where_another_is_possible(view, monkeypatch):
    monkeypatch.setattr(eye_variation, "OBSTACLE_SHARE", 0.0)
    beside = replace(view, instances=np.zeros((96, 128), np.int16))
    beside.instances[:, :70] = 1
    shares = [vary(beside, (128, 96), np.random.default_rng(seed))[1]["thing"].mean() for seed in range(30)]
    assert np.mean(np.array(shares) < eye_variation.LARGEST_THING) > 0.9


def test_obstacles_hide_what_is_behind(view, monkeypatch):
    monkeypatch.setattr(eye_variation, "OBSTACLE_SHARE", 1.0)
    _, targets = vary(view, (128, 96), np.random.default_rng(0))
    hidden = ~targets["thing"]
    assert 0 < hidden.sum() < hidden.size
    assert (targets["label"][hidden] == 0).all() and not targets["valid"][hidden].any()
