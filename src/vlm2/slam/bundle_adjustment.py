"""Bundle adjustment: poses and one focal length from matched points whose depths are uncertain.

Pixels count from the image's centre, which is taken as the principal point.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from .configuration import TrackingConfig
from .features import Matches
from .pose_optimization import (
    Poses,
    kernel_widening,
    moved,
    normal_equations,
    pose_unknowns,
    skew,
    step_terms,
    steps_between,
)

Points = Float[np.ndarray, "points 3"]
Pixels = Float[np.ndarray, "points 2"]


@dataclass(frozen=True)
class FocalEstimate:
    """A camera's focal length: the logarithm of its share of the image's width, with a standard deviation."""

    logarithm: float
    deviation: float

    def pixels(self, width: int) -> float:
        """Return the focal length in pixels of an image `width` wide."""
        return float(np.exp(self.logarithm)) * width

    def relative_to(self, other: FocalEstimate) -> float:
        """Return the factor by which this focal length is longer than another."""
        return float(np.exp(self.logarithm - other.logarithm))


@dataclass(frozen=True)
class Projection:
    """Matched points projected into their target frames.

    `errors`: pixels from the matched ones. `jacobian`: pixels per unit of length of the point in the target's camera.
    `whitening`: inverse square roots of the covariances of the errors, which come from the pixels and the depths.
    """

    source_points: Points
    target_points: Points
    target_from_source: Float[np.ndarray, "points 3 3"]
    errors: Pixels
    jacobian: Float[np.ndarray, "points 2 3"]
    whitening: Float[np.ndarray, "points 2 2"]

    def squared_deviations(self) -> Float[np.ndarray, " points"]:
        """Return squared Mahalanobis distances of the errors; infinite behind the target's camera."""
        squared = ((self.whitening @ self.errors[:, :, None]) ** 2).sum((1, 2))
        return np.where(self.target_points[:, 2] > 0, squared, np.inf)


def back_project(matches: Matches, focal: float) -> Points:
    """Return the matched points in their source's camera."""
    rays = np.concatenate((matches.source_pixels / focal, np.ones((len(matches), 1))), 1)
    return rays * matches.source_depth[:, None]


def project(matches: Matches, poses: Poses, focal: float, config: TrackingConfig) -> Projection:
    """Project matched points into their target frames. `poses` are world from camera, by the frames' indices."""
    relative = (np.linalg.inv(poses)[:, None] @ poses)[matches.target, matches.source]
    points, turn = back_project(matches, focal), relative[:, :3, :3]
    turned = (turn @ points[:, :, None])[:, :, 0]
    moved = turned + relative[:, :3, 3]
    depth = np.where(moved[:, 2] > 0, moved[:, 2], 1.0)[:, None]
    pixels = focal * moved[:, :2] / depth
    jacobian = np.zeros((len(points), 2, 3))
    jacobian[:, 0, 0] = jacobian[:, 1, 1] = focal / depth[:, 0]
    jacobian[:, :, 2] = -pixels / depth
    by_depth = config.depth_deviation * (jacobian @ turned[:, :, None])[:, :, 0]
    whitening = inverse_roots(config.pixel_deviation, by_depth)
    return Projection(points, moved, turn, pixels - matches.target_pixels, jacobian, whitening)


def inverse_roots(deviation: float, vectors: Float[np.ndarray, "points 2"]) -> Float[np.ndarray, "points 2 2"]:
    """Return the inverse square roots of `deviation`² I + v vᵀ, in closed form: a v of any length is safe."""
    squared = (vectors**2).sum(1)
    shrink = (1 - deviation / np.sqrt(deviation**2 + squared)) / squared.clip(1e-12)
    outer = vectors[:, :, None] * vectors[:, None, :]
    return (np.eye(2) - shrink[:, None, None] * outer) / deviation


def bundle_adjust(
    matches: Matches,
    start: Poses,
    focal: FocalEstimate,
    prior: FocalEstimate,
    width: int,
    median_depth: float,
    config: TrackingConfig,
) -> tuple[Poses, FocalEstimate]:
    """Refine poses and focal length by Gauss-Newton steps with Geman and McClure's kernel, whose width falls.

    The first pose stays. A step between neighbours that no match constrains stays as in `start`: the pull of an error
    of such a step is at most that of one deviation. The depths of the matches are those at the starting `focal`; they
    grow in proportion to it. Images are `width` pixels wide.
    """
    poses, logarithm, size = start, focal.logarithm, 6 * len(start) + 1
    hessian = np.eye(size)
    frames = np.arange(len(start) - 1)
    ends = np.stack((frames, frames + 1), 1)
    goals = steps_between(start, ends)
    deviations = np.repeat((config.step_rotation, config.step_translation * median_depth), 3)
    for iteration in range(config.iterations):
        kernel = config.kernel * kernel_widening(config.kernel_start, iteration, config.iterations)
        scaled, pixels = matches.scaled(np.exp(logarithm - focal.logarithm)), float(np.exp(logarithm) * width)
        hessian, gradient = normal_equations(*_match_terms(scaled, poses, pixels, kernel, config), size)
        jacobian, errors, unknowns = step_terms(poses, ends, goals)
        norms = np.linalg.norm(errors.reshape(-1, 2, 3), axis=2).repeat(3, axis=1)
        scale = np.sqrt(np.minimum(1, deviations / norms.clip(1e-12))) / deviations
        step_hessian, step_gradient = normal_equations(scale[:, :, None] * jacobian, scale * errors, unknowns, size)
        hessian = config.match_weight * hessian + step_hessian
        gradient = config.match_weight * gradient + step_gradient
        hessian[-1, -1] += prior.deviation**-2
        gradient[-1] += (logarithm - prior.logarithm) * prior.deviation**-2
        change = -np.linalg.solve(hessian[6:, 6:], gradient[6:])
        poses = np.concatenate((poses[:1], moved(poses[1:], change[:-1])))
        logarithm += float(change[-1].clip(-0.2, 0.2))
        if 2 * iteration >= config.iterations and -gradient[6:] @ change < config.converged:
            break
    deviation = float(np.linalg.inv(hessian[6:, 6:])[-1, -1]) ** 0.5
    return poses, FocalEstimate(logarithm, max(deviation, config.least_focal_deviation))


def _match_terms(
    matches: Matches, poses: Poses, focal: float, kernel: float, config: TrackingConfig
) -> tuple[Float[np.ndarray, "matches 2 13"], Float[np.ndarray, "matches 2"], Int[np.ndarray, "matches 13"]]:
    """Return the jacobian and the errors of matches, in deviations and weighted, and the indices of their unknowns.

    The unknowns are those of the source's and the target's pose, and the logarithm of the focal length, to which the
    depths are proportional.
    """
    seen = project(matches, poses, focal, config)
    back = seen.jacobian @ seen.target_from_source
    forwards = seen.source_points * (0.0, 0.0, 1.0)
    by_focal = seen.errors + matches.target_pixels + (back @ forwards[:, :, None])[:, :, 0]
    by_source = (-back @ skew(seen.source_points), back)
    by_target = (seen.jacobian @ skew(seen.target_points), -seen.jacobian)
    jacobian = np.concatenate((*by_source, *by_target, by_focal[:, :, None]), 2)
    robust = 1 / (1 + seen.squared_deviations() / kernel**2)
    factor = seen.whitening * robust[:, None, None]
    unknowns = pose_unknowns(np.stack((matches.source, matches.target), 1))
    unknowns = np.concatenate((unknowns, np.full((len(matches), 1), 6 * len(poses))), 1)
    return factor @ jacobian, (factor @ seen.errors[:, :, None])[:, :, 0], unknowns
