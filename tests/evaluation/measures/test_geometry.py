"""Errors of geometry that is right, and of geometry that is wrong by a known amount."""

import numpy as np
import pytest
import torch

from vlm2.encoders.geometry.encoder import Geometry
from vlm2.evaluation.measures.geometry import summary, true_points, window_errors, window_starts


def geometry(points: torch.Tensor, poses: torch.Tensor) -> Geometry:
    nothing = torch.zeros(len(points), 1, 1)
    return Geometry(points, torch.ones(points.shape[:3]), poses, nothing, nothing, (1, 1), True)


def walk(degrees: float) -> torch.Tensor:
    poses = torch.eye(4).repeat(3, 1, 1)
    for index in range(3):
        angle = torch.tensor(np.deg2rad(degrees * index), dtype=torch.float32)
        poses[index, 0, 0] = poses[index, 2, 2] = angle.cos()
        poses[index, 0, 2], poses[index, 2, 0] = angle.sin(), -angle.sin()
        poses[index, 0, 3] = 0.1 * index
    return poses


def test_truth_has_no_error_and_known_errors_are_found():
    points = torch.rand(3, 4, 5, 3, generator=torch.Generator().manual_seed(0)) + 1
    right = summary([window_errors(geometry(points, walk(10)), points, walk(10))])
    assert right["depth_error"] == right["scale_error"] == right["translation_error"] == 0
    assert right["rotation_error"] == pytest.approx(0, abs=0.05)
    assert right["rotation_still"] == pytest.approx(10, abs=0.01)
    wrong = summary([window_errors(geometry(1.1 * points, walk(7)), points, walk(10))])
    assert wrong["depth_error"] == pytest.approx(0.1, abs=1e-5)
    assert wrong["scale_error"] == pytest.approx(0.1, abs=1e-5)
    assert wrong["rotation_error"] == pytest.approx(3, abs=0.01)
    assert wrong["frames"] == 3


def test_points_lie_on_the_rays_of_cell_centres():
    intrinsics = np.array([[50.0, 0, 40], [0, 50.0, 30], [0, 0, 1]])
    points = true_points(np.full((1, 60, 80), 2.0, np.float16), intrinsics, (6, 8))
    assert points.shape == (1, 6, 8, 3)
    assert points[0, 3, 4].tolist() == pytest.approx([(45.5 - 40) / 50 * 2, (35.5 - 30) / 50 * 2, 2.0], abs=1e-3)


def test_windows_are_spread_over_the_video():
    assert window_starts(20, 8, 4) == [0, 4, 8, 12]
    assert window_starts(8, 8, 4) == [0]
    assert window_starts(7, 8, 4) == []
