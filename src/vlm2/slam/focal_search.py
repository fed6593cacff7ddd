"""The focal length that the epipolar geometry of matched features requires. It needs neither depths nor poses.

Two views of a rigid scene fix the focal length of their camera, weakly: with a wrong one, fewer matches fit one
essential matrix. The pairs of a window together show it well, over the whole range of cameras; bundle adjustment
refines it, but does not find it from far away.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float

from .bundle_adjustment import FocalEstimate, Pixels
from .configuration import TrackingConfig
from .features import Matches


def search_focal(matches: Sequence[Matches], prior: FocalEstimate, width: int, config: TrackingConfig) -> FocalEstimate:
    """Return the mean and the deviation of the focal length that the `prior` and the pairs of a window show.

    Focal lengths on a grid are compared. `matches` are those of `match`, in images `width` pixels wide. The prior is
    returned where no pair moves enough, or agrees with any focal length.
    """
    shortest, longest, count = config.focal_grid
    grid = np.linspace(np.log(shortest), np.log(longest), count)
    squared = np.zeros(count)
    for pair in matches:
        half = len(pair) // 2
        first, second = pair.source_pixels[:half], pair.target_pixels[:half]
        if half < config.fine_below:
            continue
        if np.median(np.linalg.norm(first - second, axis=1)) < config.focal_motion * width:
            continue
        found = np.array([_deviations(first, second, np.exp(one) * width, config) for one in grid])
        if found.min() < (1 - config.focal_agreeing) * half * config.kernel**2:
            squared += found
    if not squared.any():
        return prior
    likelihood = config.match_weight * (squared - squared.min()) + ((grid - prior.logarithm) / prior.deviation) ** 2
    share = np.exp(-0.5 * (likelihood - likelihood.min()))
    share /= share.sum()
    mean = float(share @ grid)
    return FocalEstimate(mean, max(float(share @ (grid - mean) ** 2) ** 0.5, config.least_focal_deviation))


def _deviations(first: Pixels, second: Pixels, focal: float, config: TrackingConfig) -> float:
    """Return the sum of the matches' squared distances from the epipolar geometry of two frames, in deviations and
    limited, for a focal length in pixels."""
    camera, most = np.diag([focal, focal, 1.0]), config.kernel**2
    limits = {"prob": 0.999, "threshold": config.epipolar_error, "maxIters": config.ransac_samples}
    essential, _ = cv2.findEssentialMat(first, second, camera, method=cv2.USAC_MAGSAC, **limits)
    if essential is None or essential.shape != (3, 3):
        return most * len(first)
    inverse = np.linalg.inv(camera)
    squared = _sampson(inverse.T @ essential @ inverse, first, second) / config.epipolar_error**2
    return float(np.minimum(squared, most).sum())


def _sampson(fundamental: Float[np.ndarray, "3 3"], first: Pixels, second: Pixels) -> Float[np.ndarray, " matches"]:
    """Return squared distances of matches from the epipolar geometry in pixels, to first order (Sampson 1982)."""
    ones = np.ones((len(first), 1))
    lines = np.concatenate((first, ones), 1) @ fundamental.T
    back = np.concatenate((second, ones), 1) @ fundamental
    errors = (np.concatenate((second, ones), 1) * lines).sum(1)
    return errors**2 / np.maximum((lines[:, :2] ** 2).sum(1) + (back[:, :2] ** 2).sum(1), 1e-12)
