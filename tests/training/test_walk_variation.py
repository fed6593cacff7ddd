"""A varied walk keeps its world: poses stay rotations, things keep their looks, textures stay where they are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vlm2.homes.home import CameraWalk
from vlm2.training.eye_views import FIELDS_OF_VIEW, HEIGHTS
from vlm2.training.walk_variation import GAPS, TYPICAL_FIELD, field_of_view, solid_texture, vary_looks, vary_walk


@pytest.fixture
def walk() -> CameraWalk:
    """Forty seconds at 10 frames a second, straight ahead at eye height."""
    poses = np.tile(np.eye(4), (400, 1, 1))
    poses[:, :3, :3] = [[0, 0, 1], [-1, 0, 0], [0, -1, 0]]
    poses[:, 0, 3], poses[:, 2, 3] = np.linspace(0, 8, 400), 1.5
    return CameraWalk(np.arange(400) / 10, poses, math.radians(70))


@pytest.mark.parametrize("size", [(256, 192), (192, 320)])
@pytest.mark.parametrize("seed", range(6))
def test_another_camera_sees_the_same_walk(walk, size, seed):
    path, camera = vary_walk(walk, size, np.random.default_rng(seed))
    again, _ = vary_walk(walk, size, np.random.default_rng(seed))
    assert (path.world_from_camera == again.world_from_camera).all()
    rotations = path.world_from_camera[:, :3, :3]
    assert np.allclose(rotations @ rotations.transpose(0, 2, 1), np.eye(3)) and (np.linalg.det(rotations) > 0).all()
    assert np.isin(path.times, walk.times).all() and len(path.times) >= 8
    assert GAPS[0] * 0.5 < np.diff(path.times).mean() < GAPS[1] * 1.5
    assert ((path.world_from_camera[:, 2, 3] >= HEIGHTS[0]) & (path.world_from_camera[:, 2, 3] <= HEIGHTS[1])).all()
    assert np.allclose(path.world_from_camera[:, 0, 3], path.times * 8 / 39.9, atol=0.02)
    low, high = np.radians(FIELDS_OF_VIEW[size[1] > size[0]])
    assert low <= 2 * math.atan(0.5 * size[0] / camera.fx) <= high


@pytest.mark.parametrize("size", [(256, 192), (192, 320)])
def test_most_cameras_have_the_field_of_phones(size):
    rng = np.random.default_rng(0)
    fields = np.array([field_of_view(size, rng) for _ in range(500)])
    low, high = np.radians(FIELDS_OF_VIEW[size[1] > size[0]])
    assert (fields >= low).all() and (fields <= high).all() and fields.max() > high - 0.1
    longer = 2 * np.degrees(np.arctan(np.tan(fields / 2) * max(size) / size[0]))
    assert abs(np.median(longer) - TYPICAL_FIELD[0]) < 5


def test_a_camera_that_is_not_lifted_keeps_its_height(walk):
    path, _ = vary_walk(walk, (256, 192), np.random.default_rng(1), lift=0.0)
    assert np.allclose(path.world_from_camera[:, 2, 3], 1.5)


def test_the_same_point_looks_alike_in_all_frames():
    """Camera faults differ from frame to frame; the medians of many seeds do not."""
    points = np.random.default_rng(0).uniform(0, 3, (24, 32, 3))
    frame = np.full((24, 32, 3), 120, np.uint8)
    instances = np.repeat([[0, 1]], 24, 0).repeat(16, 1)
    changed = 0
    for seed in range(12):
        varied = vary_looks(
            np.stack([frame] * 9), np.stack([instances] * 9), np.stack([points] * 9), np.random.default_rng(seed)
        )
        means = varied.reshape(9, 24, 2, 16, 3).mean((1, 3))
        colours = means / means.mean((1, 2), keepdims=True).clip(1)
        assert np.median(np.abs(colours - np.median(colours, 0))) < 0.05
        changed += np.abs(means - 120).max() > 10
    assert changed >= 8


def test_a_texture_is_fixed_to_the_world():
    points = np.random.default_rng(1).uniform(0, 3, (8, 10, 3))
    pattern = solid_texture(points, np.random.default_rng(2))
    moved = solid_texture(points[::-1, ::-1], np.random.default_rng(2))
    assert pattern.shape == (8, 10, 3) and np.allclose(pattern[::-1, ::-1], moved, atol=1e-4)
    assert (
        0.7 < solid_texture(np.random.default_rng(3).uniform(0, 9, (64, 64, 3)), np.random.default_rng(4)).std() < 1.3
    )
