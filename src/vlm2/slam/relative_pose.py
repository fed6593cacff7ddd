"""The relative pose of two frames from their matched features.

Perspective-n-point with RANSAC finds it from one frame's points and their pixels in the other frame; it must hold in
both directions. The epipolar geometry, which needs no depths, is tried too where few matches agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Int

from .bundle_adjustment import FocalEstimate, Pixels, Points, back_project, bundle_adjust, project
from .configuration import TrackingConfig
from .features import Matches
from .pose_optimization import Pose, Poses


@dataclass(frozen=True)
class PosePair:
    """Two frames, their relative pose, their matches in both directions, and how many matches agree with the pose."""

    first: int
    second: int
    first_from_second: Pose
    matches: Matches
    inliers: int


def estimate_relative_pose(
    matches: Matches,
    focal: float,
    config: TrackingConfig,
    expected: Pose | None = None,
    median_depth: float = np.inf,
    thorough: bool = True,
    start: Pose | None = None,
) -> PosePair | None:
    """Estimate the relative pose of two frames from the matches that `match` returned.

    `start`, then poses from the points of either frame are tried, until one leaves few matches out. Where all leave
    many out, a `thorough` search tries one from the epipolar geometry too, which does not depend on the depths, and
    refines both. Return None where too few matches agree on a pose, or only on one that is far from the `expected` one.
    """
    count = len(matches) // 2
    if count < config.min_inliers:
        return None
    first, second = matches.ends
    least = config.min_inliers + config.chance * count

    def judged(steps: Sequence[Pose]) -> PosePair | None:
        plausible = [step for step in steps if _near(step, expected, median_depth, config)]
        if not plausible:
            return None
        agree = _agreeing(np.stack(plausible), matches, focal, config)
        best = int(agree.argmax())
        return PosePair(first, second, plausible[best], matches, int(agree[best]))

    def clear(pair: PosePair | None) -> bool:
        return pair is not None and pair.inliers >= config.clear_share * count

    best = None if start is None else judged([start])
    for half, inverse in ((slice(count, None), False), (slice(count), True)):
        if clear(best):
            return best
        points = back_project(matches, focal)[half]
        if (step := _ransac_pose(points, matches.target_pixels[half], focal, config)) is not None:
            best = _better(best, judged([np.linalg.inv(step) if inverse else step]))
    if thorough and not clear(best):
        epipolar = judged(_epipolar_poses(matches, focal, config))
        found = [pair.first_from_second for pair in (best, epipolar) if pair is not None and 2 * pair.inliers > least]
        refined = judged([_refined(step, matches, focal, config) for step in found])
        best = _better(_better(best, epipolar), refined)
    return best if best is not None and best.inliers >= least else None


def _better(first: PosePair | None, second: PosePair | None) -> PosePair | None:
    """Return the estimate with more inliers, the first of equals."""
    return max((pair for pair in (first, second) if pair is not None), key=lambda pair: pair.inliers, default=None)


def _refined(step: Pose, matches: Matches, focal: float, config: TrackingConfig) -> Pose:
    """Refine a relative pose by bundle adjustment of the two frames."""
    half = np.repeat((0, 1), len(matches) // 2)
    pair = replace(matches, source=half, target=1 - half)
    known = FocalEstimate(float(np.log(focal)), config.least_focal_deviation)
    median_depth = float(np.median(matches.source_depth))
    return bundle_adjust(pair, np.stack((np.eye(4), step)), known, known, 1, median_depth, config)[0][1]


def _near(step: Pose, expected: Pose | None, median_depth: float, config: TrackingConfig) -> bool:
    """Return whether a relative pose is short and roughly the expected one."""
    angle = 0.0 if expected is None else np.linalg.norm(cv2.Rodrigues((expected.T @ step)[:3, :3])[0])
    near = np.linalg.norm(step[:3, 3]) < config.max_translation * median_depth
    return bool(near and angle < config.max_rotation_error)


def _agreeing(steps: Poses, matches: Matches, focal: float, config: TrackingConfig) -> Int[np.ndarray, " steps"]:
    """Count the matches that agree with each relative pose in both directions."""
    count = len(matches) // 2
    both = np.moveaxis(np.stack((np.linalg.inv(steps), steps), 1), (2, 3), (0, 1)).repeat(count, axis=-1)
    squared = project(matches, both, focal, config).squared_deviations(config.pixel_deviation)
    return (squared < config.inlier_deviations**2).reshape(-1, 2, count).all(1).sum(1)


def _epipolar_poses(matches: Matches, focal: float, config: TrackingConfig) -> list[Pose]:
    """Return relative poses of one rotation and direction, which the pixels alone determine, and of several lengths."""
    count, camera = len(matches) // 2, np.diag([focal, focal, 1.0])
    first, second = matches.source_pixels[:count], matches.target_pixels[:count]
    limits = {"prob": 0.999, "threshold": config.epipolar_error, "maxIters": config.epipolar_samples}
    essential, inliers = cv2.findEssentialMat(first, second, camera, method=cv2.USAC_MAGSAC, **limits)
    if essential is None or essential.shape != (3, 3):
        return []
    _, rotation, direction, _ = cv2.recoverPose(essential, first, second, camera, mask=inliers)
    lengths = np.geomspace(0.01, 1, 12) * float(np.median(matches.source_depth))
    poses = np.tile(np.eye(4), (len(lengths), 1, 1))
    poses[:, :3, :3], poses[:, :3, 3] = rotation.T, -lengths[:, None] * (rotation.T @ direction).T
    return list(poses)


def _ransac_pose(points: Points, pixels: Pixels, focal: float, config: TrackingConfig) -> Pose | None:
    """Estimate `target_from_source` from points and their pixels in the target. OpenCV seeds its own samples."""
    camera = np.diag([focal, focal, 1.0])
    limits = {"iterationsCount": config.ransac_samples, "reprojectionError": config.ransac_error, "confidence": 0.999}
    try:
        found, rotation, translation, _ = cv2.solvePnPRansac(
            points, pixels, camera, None, flags=cv2.SOLVEPNP_AP3P, **limits
        )
    except cv2.error:  # degenerate points
        return None
    if not found or not np.isfinite((rotation, translation)).all():
        return None
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = cv2.Rodrigues(rotation)[0], translation[:, 0]
    return pose
