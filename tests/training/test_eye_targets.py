"""Targets of a made-up view: a level camera 1.6 m above the floor that looks along +x at a wall 4 m away."""

from __future__ import annotations

import numpy as np
import pytest

from vlm2.scenes.record import Box, Scene, SceneObject
from vlm2.scenes.vocabulary import category_index
from vlm2.training.eye_targets import CEILING, FLOOR, WALL, cell_targets
from vlm2.training.eye_views import HomeView, thing_table

ANGLE = 0.3  # of the table's long side, from +x to +y
SIZE = (64, 64)
WHOLE = (0.0, 0.0, 96.0, 96.0)  # of the view, whose cells have 12 pixels


def view() -> HomeView:
    """The floor, walls and ceiling of a box of a room; a table shows at the left, 3 m ahead."""
    axes = ((np.cos(ANGLE), np.sin(ANGLE), 0.0), (-np.sin(ANGLE), np.cos(ANGLE), 0.0), (0.0, 0.0, 1.0))
    table = SceneObject(2, "table", Box((3.5, 0.5, 0.4), (0.6, 0.9, 0.8), (axes[1], axes[0], axes[2])))
    things = thing_table(Scene("toy", "toy", 20.0, (table,), {"table": 1}))
    pose = np.eye(4)
    pose[:3, :3] = [[0, 0, 1], [-1, 0, 0], [0, -1, 0]]  # columns: right −y, down −z, forward +x
    pose[2, 3] = 1.6
    focal = 48.0
    y = (np.arange(96) - 48) / focal
    depth = np.minimum(4.0, np.where(y > 0, 1.6 / np.maximum(y, 1e-6), 1.0 / np.maximum(-y, 1e-6)))
    depth = np.repeat(depth[:, None], 96, 1)[2::4, 2::4].copy()
    instances = np.zeros((96, 96), np.int16)
    instances[36:60, 12:36] = 2
    depth[9:15, 3:9] = 3.0
    return HomeView(np.zeros((96, 96, 3), np.uint8), instances, depth, focal, pose, things)


def test_cells_show_surfaces_and_things():
    found = cell_targets(view(), WHOLE, SIZE)
    label = found["label"]
    assert (label[:3] == CEILING).all() and (label[6:] == FLOOR).all() and (label[3:6, 3:] == WALL).all()
    assert (label[3:5, 1:3] == category_index("table")).all()
    assert np.argwhere(found["thing"]).tolist() == [[3, 1], [3, 2], [4, 1], [4, 2]]
    assert found["vote"][3, 1].tolist() == [0.5 / 4, 0.5 / 4]
    assert found["size"][3, 1] == pytest.approx(np.log([0.9, 0.6, 0.8]))
    assert found["up"][0, 0] == pytest.approx([0, -1, 0]) and found["valid"].all()
    assert found["depth"][3, 1, 0] == pytest.approx(np.log(3.0))


def test_centres_lead_from_the_visible_point_to_the_box():
    found = cell_targets(view(), WHOLE, SIZE)
    point = np.array([(18 - 48) / 48 * 3.0, (42 - 48) / 48 * 3.0, 3.0])  # at the middle of cell (3, 1)
    assert found["center"][3, 1] == pytest.approx(np.array([-0.5, 1.2, 3.5]) - point)


def test_headings_run_from_right_to_forward():
    found = cell_targets(view(), WHOLE, SIZE)
    turn = np.pi / 2 + ANGLE  # from −y (right) over +x (forward)
    assert found["heading"][3, 1] == pytest.approx([np.cos(2 * turn), np.sin(2 * turn)])


def test_a_mirrored_frame_has_mirrored_targets():
    plain, flipped = (cell_targets(view(), WHOLE, SIZE, flip) for flip in (False, True))
    for name, sign in {
        "label": 1,
        "thing": 1,
        "depth": 1,
        "size": 1,
        "vote": [-1, 1],
        "center": [-1, 1, 1],
        "up": [-1, 1, 1],
    }.items():
        assert flipped[name] == pytest.approx(plain[name][:, ::-1] * np.array(sign)), name
    thing = plain["thing"]
    assert flipped["heading"][:, ::-1][thing] == pytest.approx(plain["heading"][thing] * [1, -1])


def test_an_area_fills_the_frame():
    part = cell_targets(view(), (0.0, 24.0, 48.0, 48.0), SIZE)
    assert np.argwhere(part["thing"]).min(0).tolist() == [2, 2] and part["thing"].sum() == 16
    assert part["vote"][2, 2].tolist() == [1.5 / 4, 1.5 / 4]
