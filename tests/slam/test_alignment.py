"""Robust alignment of points."""

import math

import pytest
import torch

from vlm2.encoders.geometry.cameras import rigid
from vlm2.slam.alignment import align


def turn(angle: float) -> torch.Tensor:
    c, s = math.cos(angle), math.sin(angle)
    return torch.tensor([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]) @ torch.tensor(
        [[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]]
    )


@pytest.mark.parametrize("with_scale", [True, False])
def test_finds_the_motion_despite_a_third_of_outliers(with_scale):
    torch.manual_seed(0)
    source = 3 * torch.rand(900, 3)
    scale = 1.7 if with_scale else 1.0
    target = scale * source @ turn(2.0).T + torch.tensor([1.0, -2.0, 0.5])
    target[:300] += 4 * torch.rand(300, 3)
    found = align(source, target, with_scale=with_scale)
    assert found.scale == pytest.approx(scale, rel=1e-4)
    torch.testing.assert_close(found.rotation, turn(2.0), atol=1e-4, rtol=0)
    torch.testing.assert_close(found.translation, torch.tensor([1.0, -2.0, 0.5]), atol=1e-3, rtol=0)


def test_weightless_points_have_no_say():
    torch.manual_seed(0)
    source = torch.rand(40, 3)
    target = source + 1
    target[:30] = torch.rand(30, 3)
    weight = (torch.arange(40) >= 30).float()
    torch.testing.assert_close(align(source, target, weight).points(source[30:]), target[30:], atol=1e-4, rtol=0)
    with pytest.raises(ValueError, match="at least 3"):
        align(source, target, torch.zeros(40))


def test_never_mirrors():
    source = torch.rand(50, 3, generator=torch.Generator().manual_seed(0))
    mirrored = source * torch.tensor([1.0, 1.0, -1.0])
    assert torch.det(align(source, mirrored).rotation) == pytest.approx(1.0, abs=1e-5)


def test_poses_move_as_points_do():
    torch.manual_seed(0)
    source, pose = torch.rand(50, 3), rigid(turn(0.3), torch.tensor([0.1, 0.2, 0.3]))
    found = align(source, 2 * source @ turn(1.0).T + 1)
    local = torch.rand(3)
    moved = found.poses(pose)
    expected = found.points(pose[:3, :3] @ local + pose[:3, 3])
    torch.testing.assert_close(moved[:3, :3] @ (found.scale * local) + moved[:3, 3], expected, atol=1e-4, rtol=0)
