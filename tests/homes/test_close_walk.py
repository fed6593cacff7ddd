"""A walk from close by looks at single things of a home, from outside of all of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vlm2.homes.build import build_home, placement_box
from vlm2.homes.close_walk import CLEAR, DISTANCES, HEIGHTS, close_walk, look_at


@pytest.fixture(scope="module", params=[3, 11])
def home(request):
    return build_home(request.param, "train", 1)


def distances(place, boxes):
    """Return the distance of a place from each box in metres; 0 inside."""
    local = [(place - np.array(box.center)) @ np.array(box.axes).T for box in boxes]
    return [
        np.linalg.norm(np.maximum(np.abs(at) - np.array(box.size) / 2, 0)) for at, box in zip(local, boxes, strict=True)
    ]


def test_the_camera_is_near_to_something_and_inside_nothing(home):
    path = close_walk(home, np.random.default_rng(5))
    boxes = [placement_box(p) for p in home.placements]
    nearest = [min(distances(pose[:3, 3], boxes)) for pose in path.world_from_camera[::7]]
    assert min(nearest) >= CLEAR and np.median(nearest) < DISTANCES[1]
    heights = path.world_from_camera[:, 2, 3]
    assert (heights >= HEIGHTS[0]).all() and (heights <= HEIGHTS[1]).all()
    assert (np.diff(path.times) > 0).all()


def test_it_looks_at_few_things_all_the_time(home):
    path = close_walk(home, np.random.default_rng(6))
    boxes = [placement_box(p) for p in home.placements]
    aimed = []
    for pose in path.world_from_camera:
        to = np.array([box.center for box in boxes]) - pose[:3, 3]
        angles = np.degrees(np.arccos(to @ pose[:3, 2] / np.linalg.norm(to, axis=1)))
        aimed.append(angles < 30)
    assert np.sort(np.mean(aimed, axis=0))[-2:].sum() > 0.9


def test_the_same_seed_films_the_same(home):
    first, second = (close_walk(home, np.random.default_rng(7)) for _ in range(2))
    assert (first.world_from_camera == second.world_from_camera).all() and (first.times == second.times).all()


def test_a_home_without_things_is_refused(home):
    with pytest.raises(ValueError, match="No thing of home"):
        close_walk(replace(home, placements=()), np.random.default_rng(0))


def test_a_camera_that_looks_is_level():
    places = np.random.default_rng(0).normal(size=(9, 3))
    towards = np.array([1.0, 0.5, -0.4])
    poses = look_at(places, places + towards)
    assert np.allclose(poses[:, :3, :3] @ poses[:, :3, :3].transpose(0, 2, 1), np.eye(3))
    assert np.allclose(poses[:, 2, 0], 0) and (poses[:, 2, 1] < 0).all() and np.allclose(np.linalg.det(poses), 1)
    assert np.allclose(poses[:, :3, 2], towards / np.linalg.norm(towards))
