"""Robust alignment of corresponding points by a similarity or a rigid motion (Umeyama 1991)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..encoders.geometry.cameras import rigid


@dataclass(frozen=True)
class Alignment:
    """Maps points of a source frame to a target frame: `target = scale · rotation · source + translation`."""

    scale: float
    rotation: Float[Tensor, "3 3"]
    translation: Float[Tensor, 3]

    def points(self, source: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3"]:
        """Map points."""
        return self.scale * source @ self.rotation.mT + self.translation

    def poses(self, source_from_camera: Float[Tensor, "*batch 4 4"]) -> Float[Tensor, "*batch 4 4"]:
        """Map camera poses; they stay rigid, so points of these cameras must be scaled by `scale` themselves."""
        rotation = self.rotation @ source_from_camera[..., :3, :3]
        return rigid(rotation, self.points(source_from_camera[..., :3, 3]))


def umeyama(
    source: Float[Tensor, "points 3"],
    target: Float[Tensor, "points 3"],
    weight: Float[Tensor, " points"],
    with_scale: bool,
) -> Alignment:
    """Find the alignment of least weighted squared error in closed form. Points on one line leave a turn free."""
    share = (weight / weight.sum().clamp(min=1e-12))[:, None]
    source_mean, target_mean = (share * source).sum(0), (share * target).sum(0)
    source, target = source - source_mean, target - target_mean
    u, values, vh = torch.linalg.svd((share * target).mT @ source)
    sign = torch.ones_like(values)
    sign[2] = torch.det(u @ vh).sign()
    rotation = (u * sign) @ vh
    spread = (share * source.square()).sum().clamp(min=1e-12)
    scale = float((values * sign).sum() / spread) if with_scale else 1.0
    return Alignment(scale, rotation, target_mean - scale * rotation @ source_mean)


def align(
    source: Float[Tensor, "points 3"],
    target: Float[Tensor, "points 3"],
    weight: Float[Tensor, " points"] | None = None,
    with_scale: bool = True,
    rounds: int = 10,
) -> Alignment:
    """Align corresponding points robustly: Umeyama, reweighted `rounds` times by Geman and McClure's estimator.

    Its scale falls from the largest residual to twice the median one, so that a bad start is left and points that do
    not correspond (moving things, wrong depth at edges) end up with next to no say. `weight` stays a factor.
    Raise ValueError for fewer than 3 points of weight.
    """
    weight = source.new_ones(len(source)) if weight is None else weight
    if int((weight > 0).sum()) < 3:
        raise ValueError(
            f"Only {int((weight > 0).sum())} of {len(source)} points have weight; aligning needs at least 3."
        )
    dtype, device = source.dtype, source.device
    source, target, weight = (x.cpu().double() for x in (source, target, weight))  # not every device has doubles
    found = umeyama(source, target, weight, with_scale)
    width = None
    for _ in range(rounds):
        error = (found.points(source) - target).norm(dim=-1)
        floor = 2 * error[weight > 0].median() + 1e-9
        width = error.max() if width is None else torch.maximum(width / 2, floor)
        found = umeyama(source, target, weight * (1 + (error / width) ** 2) ** -2, with_scale)
    return Alignment(found.scale, *(x.to(dtype).to(device) for x in (found.rotation, found.translation)))
