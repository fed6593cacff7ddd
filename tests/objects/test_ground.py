"""The floor: the vertical and its height, and the area that was looked over."""

from __future__ import annotations

import numpy as np
import pytest
from rooms_of_boxes import MadeBox, MadeRoom, around, camera, watched

from vlm2.objects.ground import CELL, FARTHEST, GroundView, level, seen_area, vertical
from vlm2.objects.mapping import upright_frame

L_SHAPE = ((0.0, 0.0), (6.0, 0.0), (6.0, 3.0), (3.0, 3.0), (3.0, 6.0), (0.0, 6.0))
PLACES = ((1.5, 1.5), (4.5, 1.5), (1.5, 4.5))
ROOM = MadeRoom(L_SHAPE, (MadeBox("table", (1.5, 0.6, 0.4), (1.2, 0.6, 0.8)),))


def tilted(pitch: float, roll: float) -> np.ndarray:
    """World from map where the first camera looks down and hangs to one side: the world is its camera frame."""
    first = camera(1.5, 1.5, 25.0, down=pitch, height=1.4)
    cos, sin = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    first[:3, :3] = first[:3, :3] @ np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    return np.linalg.inv(first)


def test_the_area_of_an_l_shaped_room() -> None:
    memory = watched(ROOM, [pose for place in PLACES for pose in around(*place)])
    seen, _, corner = seen_area(memory.views, memory.poses, upright_frame(memory))
    assert seen.sum() * CELL**2 == pytest.approx(27.0, rel=0.05)
    rows, columns = np.nonzero(seen)
    x, y = corner[0] + (columns + 0.5) * CELL, corner[1] + (rows + 0.5) * CELL
    inside = (x > 0) & (y > 0) & (x < 6) & (y < 6) & ((x < 3) | (y < 3))
    assert inside.mean() > 0.97
    assert [x.min(), y.min()] == pytest.approx([0, 0], abs=2 * CELL)


def test_the_area_is_not_shifted() -> None:
    """The middles of the drawn cells lie as far inside on all sides."""
    square = MadeRoom(((0, 0), (4, 0), (4, 4), (0, 4)))
    memory = watched(square, [pose for place in ((2.0, 2.0), (1.0, 3.0)) for pose in around(*place, 24)])
    seen, _, corner = seen_area(memory.views, memory.poses, np.eye(4))
    rows, columns = np.nonzero(seen)
    assert corner[0] + (columns.mean() + 0.5) * CELL == pytest.approx(2.0, abs=0.3 * CELL)
    assert corner[1] + (rows.mean() + 0.5) * CELL == pytest.approx(2.0, abs=0.3 * CELL)


@pytest.mark.parametrize(("pitch", "roll"), [(0, 0), (25, 0), (10, -15), (50, 8)])
def test_the_vertical_and_the_floor_of_a_tilted_first_camera(pitch, roll) -> None:
    world_from_map = tilted(pitch, roll)
    memory = watched(ROOM, [pose for place in PLACES for pose in around(*place, 6)], world_from_map)
    map_from_world = upright_frame(memory)
    true_up = world_from_map[:3, :3] @ np.array([0.0, 0.0, 1.0])
    assert np.allclose(map_from_world[:3, :3] @ true_up, (0, 0, 1), atol=1e-4)
    for x, y in PLACES:
        floor = map_from_world @ world_from_map @ np.array([x, y, 0.0, 1.0])
        assert floor[2] == pytest.approx(0.0, abs=0.01)
    seen, *_ = seen_area(memory.views, memory.poses, map_from_world)
    assert seen.sum() * CELL**2 == pytest.approx(27.0, rel=0.08)


def test_some_wrong_verticals_do_not_matter() -> None:
    views = [
        GroundView(f, np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32), np.array(up, np.float32))
        for f, up in enumerate([(0, -1, 0)] * 10 + [(1, 0, 0)] * 2)
    ]
    up = vertical(views, {f: np.eye(4) for f in range(12)})
    assert np.allclose(up, (0, -1, 0), atol=1e-6)


def test_without_views_the_first_camera_stands_upright() -> None:
    up = vertical([], {})
    assert up.tolist() == [0, -1, 0]
    seen, _, corner = seen_area([], {}, np.eye(4))
    assert not seen.any() and corner.shape == (2,)


@pytest.mark.parametrize("up", [(0, 0, 1), (0, 0, -1), (0, -1, 0), (1, 0, 0), (0.6, 0.0, 0.8)])
def test_level_takes_up_to_z(up) -> None:
    rotation = level(np.array(up, float))
    assert np.allclose(rotation @ np.array(up, float), (0, 0, 1), atol=1e-9)
    assert np.allclose(rotation @ rotation.T, np.eye(3)) and np.linalg.det(rotation) == pytest.approx(1)


def test_one_glance_through_a_window_does_not_count() -> None:
    """Far points are not trusted, and what one view alone sees is no floor."""
    memory = watched(ROOM, around(1.5, 1.5))
    rows = [view.reach.copy() for view in memory.views]
    rows[2][5] *= 1.5 * FARTHEST / np.linalg.norm(rows[2][5])
    rows[3][5] *= 0.9 * FARTHEST / np.linalg.norm(rows[3][5])
    views = [GroundView(v.frame, r, v.floor, v.up) for v, r in zip(memory.views, rows, strict=True)]
    plain, *_ = seen_area(memory.views, memory.poses, np.eye(4))
    seen, *_ = seen_area(views, memory.poses, np.eye(4))
    assert seen.sum() == pytest.approx(plain.sum(), rel=0.03)


def test_a_place_far_away_does_not_make_the_grid_grow() -> None:
    memory = watched(ROOM, around(1.5, 1.5))
    far = memory.poses | {0: memory.poses[0] + np.array([[0, 0, 0, 1e5]] + 3 * [[0.0] * 4])}
    seen, *_ = seen_area(memory.views, far, np.eye(4))
    assert max(seen.shape) < 2100 and seen.sum() * CELL**2 > 10


def test_a_wall_that_some_views_reach_through_stays_a_wall() -> None:
    """Two rooms side by side; the depth of every third view is a third too large."""
    rooms = MadeRoom(((0, 0), (4, 0), (4, 4), (0, 4))), MadeRoom(((4.1, 0), (8, 0), (8, 4), (4.1, 4)))
    views, poses = [], {}
    for room, place in zip(rooms, ((2.0, 2.0), (6.0, 2.0)), strict=True):
        memory = watched(room, around(*place, 24))
        for view in memory.views:
            number, factor = len(views), 4 / 3 if view.frame % 3 == 0 else 1.0
            views.append(GroundView(number, factor * view.reach, view.floor, view.up))
            poses[number] = memory.poses[view.frame]
    seen, walls, corner = seen_area(views, poses, np.eye(4))
    row, column = (np.array([2.0, 4.05]) - corner[::-1]) // CELL
    between = slice(int(row) - 20, int(row) + 21), slice(int(column) - 2, int(column) + 3)
    assert seen[between].all() and walls[between].any(axis=1).mean() > 0.9
    assert not walls[int(row), int(column) - 30 : int(column) - 10].any()
