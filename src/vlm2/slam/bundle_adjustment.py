"""Bundle adjustment: poses and one focal length from matched points whose depths are uncertain.

Pixels count from the image's centre, which is taken as the principal point.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

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
    summed,
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
    """Matched points projected into their target frames, by component; the last axis counts matches.

    `rays` are x / z and y / z in the target's camera, at a positive `depth` where they are `visible`; `errors` are in
    pixels from the matched ones. The covariance of the errors is pixel_deviation² I + v vᵀ, where v, `by_depth`, is one
    deviation of the source's depth in pixels of the target.
    """

    visible: Bool[np.ndarray, "*batch matches"]
    depth: Float[np.ndarray, "*batch matches"]
    rays: Float[np.ndarray, "2 *batch matches"]
    errors: Float[np.ndarray, "2 *batch matches"]
    by_depth: Float[np.ndarray, "2 *batch matches"]

    def squared_deviations(self, pixel_deviation: float) -> Float[np.ndarray, "*batch matches"]:
        """Return squared Mahalanobis distances of the errors; infinite behind the target's camera."""
        across = (self.by_depth[0] * self.errors[1] - self.by_depth[1] * self.errors[0]) / pixel_deviation
        squared = ((self.errors**2).sum(0) + across**2) / (pixel_deviation**2 + (self.by_depth**2).sum(0))
        return np.where(self.visible, squared, np.inf)


def back_project(matches: Matches, focal: float) -> Points:
    """Return the matched points in their source's camera."""
    rays = np.concatenate((matches.source_pixels / focal, np.ones((len(matches), 1))), 1)
    return rays * matches.source_depth[:, None]


def project(
    matches: Matches, target_from_source: Float[np.ndarray, "4 4 *batch matches"], focal: float, config: TrackingConfig
) -> Projection:
    """Project matched points into their target frames, by a pose for each match, or by several."""
    turned = np.einsum("ij...,j...->i...", target_from_source[:3, :3], back_project(matches, focal).T)
    x, y, z = turned + target_from_source[:3, 3]
    depth = np.where(z > 0, z, 1.0)
    rays = np.stack((x, y)) / depth
    by_depth = config.depth_deviation * focal / depth * (turned[:2] - rays * turned[2])
    pixels = matches.target_pixels.T.reshape(2, *(1,) * (z.ndim - 1), -1)
    return Projection(z > 0, depth, rays, focal * rays - pixels, by_depth)


def inverse_roots(deviation: float, vectors: Float[np.ndarray, "2 points"]) -> Float[np.ndarray, "2 2 points"]:
    """Return the inverse square roots of `deviation`² I + v vᵀ, in closed form: a v of any length is safe."""
    squared = (vectors**2).sum(0)
    shrink = (1 - deviation / np.sqrt(deviation**2 + squared)) / squared.clip(1e-12)
    return (np.eye(2)[:, :, None] - shrink * vectors[:, None] * vectors) / deviation


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
    blocks = MatchBlocks.of(matches)
    hessian = np.eye(size)
    frames = np.arange(len(start) - 1)
    ends = np.stack((frames, frames + 1), 1)
    goals = steps_between(start, ends)
    deviations = np.repeat((config.step_rotation, config.step_translation * median_depth), 3)
    for iteration in range(config.iterations):
        kernel = config.kernel * kernel_widening(config.kernel_start, iteration, config.iterations)
        scaled, pixels = matches.scaled(np.exp(logarithm - focal.logarithm)), float(np.exp(logarithm) * width)
        hessian, gradient = blocks.normal_equations(scaled, poses, pixels, kernel, config)
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


@dataclass(frozen=True)
class MatchBlocks:
    """Successive matches of one source and one target, which share their unknowns: the poses of both frames and the
    logarithm of the focal length."""

    ends: Int[np.ndarray, "blocks 2"]  # source, target
    starts: Int[np.ndarray, " blocks"]
    block: Int[np.ndarray, " matches"]

    @classmethod
    def of(cls, matches: Matches) -> MatchBlocks:
        """Find the blocks of matches."""
        ends = np.stack((matches.source, matches.target), 1)
        new = np.concatenate(([True], (ends[1:] != ends[:-1]).any(1)))
        return cls(ends[new], np.flatnonzero(new), np.cumsum(new) - 1)

    def normal_equations(
        self, matches: Matches, poses: Poses, focal: float, kernel: float, config: TrackingConfig
    ) -> tuple[Float[np.ndarray, "size size"], Float[np.ndarray, " size"]]:
        """Sum JᵀJ and Jᵀe over the matches, in deviations and weighted by the kernel. The depths are proportional to
        the focal length."""
        target_from_source = steps_between(poses, self.ends[:, ::-1])
        of_matches = np.moveaxis(target_from_source, 0, -1)[:, :, self.block]
        rows = np.split(_rows(matches, of_matches, focal, kernel, config), 2 * self.starts[1:], axis=1)
        by_all = _by_all_unknowns(target_from_source)
        products = by_all.mT @ np.stack([part @ part.T for part in rows]) @ by_all
        unknowns = np.concatenate((pose_unknowns(self.ends), np.full((len(self.ends), 1), 6 * len(poses))), 1)
        return summed(products[:, :-1, :-1], products[:, :-1, -1], unknowns, 6 * len(poses) + 1)


def _rows(
    matches: Matches,
    target_from_source: Float[np.ndarray, "4 4 matches"],
    focal: float,
    kernel: float,
    config: TrackingConfig,
) -> Float[np.ndarray, "8 rows"]:
    """Return two rows a match, in deviations and weighted: the jacobian of its error, then the error itself.

    The jacobian is that by the target's pose (the interaction matrix of an image point, Chaumette 2006) and by the
    logarithm of the focal length.
    """
    seen = project(matches, target_from_source, focal, config)
    (x, y), scale, none = seen.rays, focal / seen.depth, np.zeros(len(matches))
    forwards = target_from_source[:3, 2] * matches.source_depth
    by_focal = focal * seen.rays + scale * (forwards[:2] - seen.rays * forwards[2])
    by_x = (focal * x * y, -focal * (1 + x**2), focal * y, -scale, none, scale * x, by_focal[0], seen.errors[0])
    by_y = (focal * (1 + y**2), -focal * x * y, -focal * x, none, -scale, scale * y, by_focal[1], seen.errors[1])
    robust = 1 / (1 + seen.squared_deviations(config.pixel_deviation) / kernel**2)
    factor = robust * inverse_roots(config.pixel_deviation, seen.by_depth)
    return np.einsum("ijm,jkm->kmi", factor, np.array((by_x, by_y))).reshape(8, -1)


def _by_all_unknowns(target_from_source: Poses) -> Float[np.ndarray, "blocks 8 14"]:
    """Return the factor from rows of `_rows` to those by the source's and the target's pose, the focal length and the
    error. A motion of the source moves the points as the adjoint motion of the target does."""
    rotation, place = target_from_source[:, :3, :3], target_from_source[:, :3, 3]
    result = np.zeros((len(rotation), 8, 14))
    result[:, :3, :3] = result[:, 3:6, 3:6] = -rotation
    result[:, 3:6, :3] = -skew(place) @ rotation
    result[:, :, 6:] = np.eye(8)
    return result
