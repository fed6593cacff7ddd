"""Robust alignment of corresponding points by a similarity or a rigid motion (Umeyama 1991)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Alignment:
    """Maps points of a source frame to a target frame: `target = scale · rotation · source + translation`."""

    scale: float
    rotation: Float[np.ndarray, "3 3"]
    translation: Float[np.ndarray, " 3"]

    def points(self, source: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3"]:
        """Map points."""
        return self.scale * source @ self.rotation.T + self.translation


def umeyama(
    source: Float[np.ndarray, "points 3"],
    target: Float[np.ndarray, "points 3"],
    weight: Float[np.ndarray, " points"],
    with_scale: bool,
) -> Alignment:
    """Find the alignment of least weighted squared error in closed form. It is not unique for points on one line."""
    share = (weight / weight.sum().clip(1e-12))[:, None]
    source_mean, target_mean = (share * source).sum(0), (share * target).sum(0)
    source, target = source - source_mean, target - target_mean
    u, values, vh = np.linalg.svd((share * target).T @ source)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vh))])
    rotation = (u * sign) @ vh
    variance = (share * source**2).sum().clip(1e-12)
    scale = float((values * sign).sum() / variance) if with_scale else 1.0
    return Alignment(scale, rotation, target_mean - scale * rotation @ source_mean)


def align(
    source: Float[np.ndarray, "points 3"],
    target: Float[np.ndarray, "points 3"],
    weight: Float[np.ndarray, " points"] | None = None,
    with_scale: bool = True,
    rounds: int = 10,
) -> Alignment:
    """Align corresponding points robustly: Umeyama, reweighted `rounds` times by Geman and McClure's estimator.

    The kernel's width falls from the largest residual to twice the median one. So a bad start is corrected, and points
    that do not correspond (moving things, wrong depth at edges) get almost no weight. `weight` stays a factor. Raises
    ValueError for fewer than 3 points of positive weight.
    """
    weight = np.ones(len(source)) if weight is None else weight
    if (positive := int((weight > 0).sum())) < 3:
        raise ValueError(f"Only {positive} of {len(source)} points have weight; aligning needs at least 3.")
    found = umeyama(source, target, weight, with_scale)
    width = None
    for _ in range(rounds):
        error = np.linalg.norm(found.points(source) - target, axis=-1)
        least = 2 * np.median(error[weight > 0]) + 1e-9
        width = error.max() if width is None else max(width / 2, least)
        found = umeyama(source, target, weight * (1 + (error / width) ** 2) ** -2, with_scale)
    return found
