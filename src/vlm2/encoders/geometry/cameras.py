"""Camera maths.

A transform `a_from_b` maps points given in frame b to frame a. Cameras are OpenCV's: x right, y down, z forward.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def invert(a_from_b: Float[Tensor, "*batch 4 4"]) -> Float[Tensor, "*batch 4 4"]:
    """Invert rigid transforms: `b_from_a`."""
    rotation = a_from_b[..., :3, :3].transpose(-1, -2)
    translation = -(rotation @ a_from_b[..., :3, 3:])
    return torch.cat((torch.cat((rotation, translation), dim=-1), a_from_b[..., 3:, :]), dim=-2)


def rigid(rotation: Float[Tensor, "*batch 3 3"], translation: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 4 4"]:
    """Join rotations and translations into 4×4 transforms."""
    last_row = rotation.new_tensor([0.0, 0.0, 0.0, 1.0]).expand(*rotation.shape[:-2], 1, 4)
    return torch.cat((torch.cat((rotation, translation[..., None]), dim=-1), last_row), dim=-2)


def relative_poses(world_from_camera: Float[Tensor, "*batch frames 4 4"]) -> Float[Tensor, "*batch frames frames 4 4"]:
    """Give `camera_i from camera_j` for all ordered pairs (i, j), the identity on the diagonal."""
    return invert(world_from_camera)[..., :, None, :, :] @ world_from_camera[..., None, :, :, :]


def in_first_camera(world_from_camera: Float[Tensor, "*batch frames 4 4"]) -> Float[Tensor, "*batch frames 4 4"]:
    """Move poses to the world frame that is the first frame's camera frame."""
    return invert(world_from_camera[..., :1, :, :]) @ world_from_camera


def transform(
    a_from_b: Float[Tensor, "*batch 4 4"], points: Float[Tensor, "*batch height width 3"]
) -> Float[Tensor, "*batch height width 3"]:
    """Move maps of points from frame b to frame a."""
    rotation = a_from_b[..., :3, :3].transpose(-1, -2)
    flat = points.flatten(-3, -2) @ rotation + a_from_b[..., None, :3, 3]
    return flat.reshape(points.shape)


def focal_length(local_points: Float[Tensor, "frames rows columns 3"]) -> float:
    """Return the focal length, in widths of the frame, that fits points of a centred camera; 0 where no point lies
    before it."""
    columns = local_points.shape[2]
    across = ((torch.arange(columns, device=local_points.device) + 0.5) / columns - 0.5).expand(local_points.shape[:3])
    x, z = local_points[..., 0], local_points[..., 2]
    outer = (across.abs() > 1 / 6) & (z > 0)  # x is too small near the centre
    return float((across * z / x)[outer].nanmedian()) if outer.any() else 0.0


def rotation_angle(first: Float[Tensor, "*batch 3 3"], second: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch"]:
    """Measure the geodesic angle between rotations, in radians from 0 to π.

    The angle θ follows from the chord ‖A − B‖ = 2√2 sin(θ/2). Unlike the arc cosine of the trace, this is exact for
    small angles, and its gradient is finite at both ends.
    """
    chord = (first - second).square().sum(dim=(-2, -1)).add(1e-12).sqrt() / 8**0.5
    return 2 * torch.asin(chord.clamp(max=1 - 1e-6))


def valid_depth(
    local_points: Float[Tensor, "*batch 3"], nearest: float = 0.05, farthest: float = 30.0
) -> Float[Tensor, "*batch"]:
    """Weigh points 1 where their depth (z, metres) is finite and inside the range, else 0."""
    depth = local_points[..., 2]
    finite = torch.isfinite(local_points).all(dim=-1)
    return (finite & (depth > nearest) & (depth < farthest)).to(local_points.dtype)


def pool_to_grid(
    point_map: Float[Tensor, "frames height width 3"],
    grid: tuple[int, int],
    weight: Float[Tensor, "frames height width"] | None = None,
) -> Float[Tensor, "frames patches 3"]:
    """Average a point map X over the patches of any grid (rows, columns): patch coordinates C, in X's frame and units.

    `weight` (confidence, validity; ≥ 0) weighs the points of a patch; a patch whose weights are all 0 takes the plain
    mean. The grid need not divide the map.
    """
    planes = point_map.permute(0, 3, 1, 2)
    plain = functional.adaptive_avg_pool2d(planes, grid)
    if weight is not None:
        planes_weight = weight[:, None]
        mass = functional.adaptive_avg_pool2d(planes_weight, grid)
        known = torch.where(planes_weight > 0, planes, 0)
        weighted = functional.adaptive_avg_pool2d(known * planes_weight, grid) / mass.clamp(min=1e-8)
        plain = torch.where(mass > 1e-8, weighted, plain)
    return plain.flatten(2).transpose(1, 2)
