"""Camera maths."""

import math

import pytest
import torch

from vlm2.encoders.geometry import cameras


def poses(count: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    rotation = torch.linalg.qr(torch.randn(count, 3, 3, generator=generator))[0]
    rotation = rotation * torch.det(rotation)[:, None, None]
    return cameras.rigid(rotation, torch.randn(count, 3, generator=generator))


def test_inverse_and_relative_poses_undo_each_other():
    world_from_camera = poses(4)
    relative = cameras.relative_poses(world_from_camera)
    torch.testing.assert_close(world_from_camera[1] @ relative[1, 3], world_from_camera[3], atol=1e-5, rtol=0)
    torch.testing.assert_close(relative[2, 2], torch.eye(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(cameras.in_first_camera(world_from_camera), relative[0], atol=1e-5, rtol=0)


def test_transform_moves_points_of_a_map():
    pose, points = poses(2), torch.rand(2, 3, 5, 3)
    moved = cameras.transform(pose, points)
    torch.testing.assert_close(moved[1, 2, 4], pose[1, :3, :3] @ points[1, 2, 4] + pose[1, :3, 3])


@pytest.mark.parametrize("angle", [0.0, 1e-3, 1.0, 3.0])
def test_rotation_angle_and_its_gradient(angle):
    c, s = math.cos(angle), math.sin(angle)
    turned = torch.tensor([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]], requires_grad=True)
    found = cameras.rotation_angle(turned, torch.eye(3))
    assert found.item() == pytest.approx(angle, abs=1e-4)
    found.backward()
    assert torch.isfinite(turned.grad).all()


def test_valid_depth_leaves_out_what_is_nowhere():
    points = torch.tensor(
        [[0.0, 0.0, 1.0], [torch.nan, 0.0, 1.0], [0.0, 0.0, -1.0], [0.0, 0.0, torch.inf], [0.0, 0.0, 99.0]]
    )
    assert cameras.valid_depth(points).tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]


def test_pooling_to_any_grid_and_with_weights():
    points = torch.rand(2, 6, 8, 3)
    pooled = cameras.pool_to_grid(points, (3, 4))
    torch.testing.assert_close(pooled[1, 5], points[1, 2:4, 2:4].mean((0, 1)))
    assert cameras.pool_to_grid(points, (4, 5)).shape == (2, 20, 3)
    weight = torch.ones(2, 6, 8)
    weight[:, 0, 0], points[:, 0, 0] = 0, torch.nan
    weighted = cameras.pool_to_grid(points, (3, 4), weight)
    expected = (points[0, 0, 1] + points[0, 1, 0] + points[0, 1, 1]) / 3
    torch.testing.assert_close(weighted[0, 0], expected)
    points[:, 0, 0] = 9.0
    torch.testing.assert_close(cameras.pool_to_grid(points, (3, 4), 0 * weight), cameras.pool_to_grid(points, (3, 4)))
