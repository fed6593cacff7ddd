"""The losses of stage 1: π³'s (arXiv 2507.13347), with the scale taken as it comes, because our truth is in metres."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from ..encoders.geometry.cameras import relative_poses, rotation_angle, valid_depth
from ..encoders.geometry.pi3 import Pi3Output


@dataclass(frozen=True)
class GeometryLossWeights:
    """Weights of the losses' parts, and two of their thresholds."""

    points: float = 1.0  # L1 error over depth
    aligned: float = 0.5  # the same, after the best scale of each window
    normals: float = 0.1  # 1 - cosine between surface normals
    confidence: float = 0.05  # cross-entropy of whether a point is right
    rotation: float = 1.0  # angle between relative rotations, in radians
    translation: float = 1.0  # Huber loss of relative translations, in metres
    confident_within: float = 0.1  # a point is right where its error is below this share of its depth
    translation_delta: float = 0.1  # metres at which the Huber loss turns linear


def point_error(predicted: Float[Tensor, "*batch 3"], true: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch"]:
    """Measure the L1 error of points over their true depth."""
    return (predicted - true).abs().sum(dim=-1) / true[..., 2].clamp(min=0.05)


def mean_over(values: Float[Tensor, "*batch"], weight: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
    """Average with weights; 0 where all weights are."""
    return (values * weight).sum() / weight.sum().clamp(min=1e-6)


def best_scales(
    predicted: Float[Tensor, "batch points 3"],
    true: Float[Tensor, "batch points 3"],
    weight: Float[Tensor, "batch points"],
) -> Float[Tensor, " batch"]:
    """Find each window's scale of the least weighted L1 error: the weighted median of the coordinates' ratios."""
    predicted, true = predicted.flatten(1), true.flatten(1)
    mass = predicted.abs() * weight.repeat_interleave(3, dim=1)
    ratios = true / torch.where(predicted.abs() < 1e-6, 1e-6, predicted)
    ratios, order = ratios.sort(dim=1)
    total = mass.gather(1, order).cumsum(dim=1)
    middle = torch.searchsorted(total, total[:, -1:] / 2).clamp(max=ratios.shape[1] - 1)
    return ratios.gather(1, middle)[:, 0].clamp(0.1, 10.0)


def normals(points: Float[Tensor, "*batch height width 3"]) -> Float[Tensor, "*batch inner_height inner_width 3"]:
    """Compute unit surface normals from each point's right and lower neighbours (without the last row and column)."""
    here = points[..., :-1, :-1, :]
    right, down = points[..., :-1, 1:, :] - here, points[..., 1:, :-1, :] - here
    return functional.normalize(torch.linalg.cross(right, down), dim=-1, eps=1e-8)


def normal_error(
    predicted: Float[Tensor, "*batch height width 3"],
    true: Float[Tensor, "*batch height width 3"],
    valid: Float[Tensor, "*batch height width"],
) -> Float[Tensor, ""]:
    """Average 1 − cosine between normals, away from jumps of the true depth, where normals are undefined."""
    depth = true[..., 2]
    here = depth[..., :-1, :-1]
    jump = torch.maximum((depth[..., :-1, 1:] - here).abs(), (depth[..., 1:, :-1] - here).abs())
    smooth = (jump < 0.1 * here).to(depth.dtype) * valid[..., :-1, :-1] * valid[..., :-1, 1:] * valid[..., 1:, :-1]
    return mean_over(1 - (normals(predicted) * normals(true)).sum(dim=-1), smooth)


def pose_errors(
    predicted: Float[Tensor, "batch frames 4 4"], true: Float[Tensor, "batch frames 4 4"], delta: float
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Average over ordered pairs of different frames: the rotation's angle in radians, the translation's Huber loss.

    Either side may be in any world frame. The Huber loss is over `delta`, so that it is about the error in metres where
    that is large.
    """
    ours, truth = relative_poses(predicted), relative_poses(true)
    frames = true.shape[-3]
    pairs = ~torch.eye(frames, dtype=torch.bool, device=true.device)
    angles = rotation_angle(ours[..., :3, :3], truth[..., :3, :3])[:, pairs]
    shifts = functional.huber_loss(ours[..., :3, 3], truth[..., :3, 3], reduction="none", delta=delta).sum(dim=-1)
    return angles.mean(), shifts[:, pairs].mean() / delta


def geometry_losses(
    output: Pi3Output,
    local_points: Float[Tensor, "batch frames height width 3"],
    world_from_camera: Float[Tensor, "batch frames 4 4"],
    weights: GeometryLossWeights,
) -> dict[str, Float[Tensor, ""]]:
    """Give every part of the loss, and their weighted sum as "loss". Truth in metres, frames as in `Geometry`."""
    valid = valid_depth(local_points)
    true = torch.where(valid[..., None] > 0, local_points, 1.0)
    errors = point_error(output.local_points, true)
    right = (errors.detach() < weights.confident_within).to(errors.dtype)
    doubt = functional.binary_cross_entropy_with_logits(output.confidence_logits, right, reduction="none")
    rotation, translation = pose_errors(output.shared_from_camera, world_from_camera, weights.translation_delta)
    losses = {
        "points": mean_over(errors, valid),
        "confidence": mean_over(doubt, valid),
        "rotation": rotation,
        "translation": translation,
    }
    if weights.aligned:
        with torch.no_grad():
            thin = (slice(None), slice(None), slice(None, None, 2), slice(None, None, 2))
            share = valid[thin] / true[thin][..., 2]
            ours, truth = (x[thin].flatten(1, 3) for x in (output.local_points, true))
            scales = best_scales(ours, truth, share.flatten(1))
        losses["aligned"] = mean_over(point_error(output.local_points * scales[:, None, None, None, None], true), valid)
    if weights.normals:
        losses["normals"] = normal_error(output.local_points, true, valid)
    losses["loss"] = torch.stack([getattr(weights, name) * value for name, value in losses.items()]).sum()
    return losses
