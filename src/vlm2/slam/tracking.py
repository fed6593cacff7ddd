"""Camera tracking: poses from matched features and a geometry encoder's depths [choice].

A small learnt encoder estimates depths well and rotations badly; matched features determine the rotation between two
frames to a fraction of a degree, and no depths. Tracking combines both. SIFT features of all pairs of a window's frames
are matched. The relative pose of a pair is found from one frame's points and their pixels in the other frame
(perspective-n-point with RANSAC). It must hold in both directions and agree roughly with the encoder. The pairs with
most inliers give initial poses; bundle adjustment then refines all poses and the one unknown focal length. A step that
no pair connects repeats the nearest known step: on walks of homes that is closer than the encoder's, up to 113° wrong.

Pixels count from the image's centre, which is taken as the principal point.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from .configuration import TrackingConfig
from .features import KeyframeFeatures, Matches, detect, match
from .pose_optimization import (
    Pose,
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
class TrackedPoses:
    """Poses of a window's cameras in the first camera's frame, and the features of its last frame."""

    poses: Poses
    last: KeyframeFeatures | None = None


def track(
    images: UInt8[np.ndarray, "frames height width"],
    local_points: Float[np.ndarray, "frames rows columns 3"],
    world_from_camera: Poses,
    config: TrackingConfig,
) -> TrackedPoses:
    """Refine the poses of grey frames that an encoder estimated with its points. Deterministic.

    Points or poses that are not finite, or depths that are not positive, leave the encoder's poses as they are.
    """
    encoded = np.linalg.inv(world_from_camera[0]) @ world_from_camera
    median_depth = float(np.median(local_points[..., 2]))
    focal = focal_length(local_points, images.shape[2])
    if not (np.isfinite(local_points).all() and np.isfinite(encoded).all() and median_depth > 0):
        return TrackedPoses(encoded)
    frames = zip(images, local_points[..., 2], strict=True)
    features = [detect(image, depth, config.features) for image, depth in frames]
    pairs: list[PosePair] = []
    for i, j in combinations(range(len(images)), 2):
        expected = np.linalg.inv(encoded[i]) @ encoded[j]
        matches = match(features[i], features[j], i, j, config.features)
        pair = estimate_relative_pose(matches, focal, config, expected, median_depth)
        pairs += [] if pair is None else [pair]
    poses, connected = initial_poses(pairs, encoded)
    if pairs:
        matches = Matches.join([pair.matches for pair in pairs])
        poses, focal = bundle_adjust(matches, poses, focal, median_depth, config)
    return TrackedPoses(poses, KeyframeFeatures(features[-1], focal, connected))


def focal_length(local_points: Float[np.ndarray, "frames rows columns 3"], width: int) -> float:
    """Return the focal length, in pixels of an image `width` wide, that fits an encoder's points."""
    columns = local_points.shape[2]
    pixels = np.abs((np.arange(columns) + 0.5) / columns - 0.5) * width
    outer = pixels > width / 6  # x is too small near the centre
    x, z = local_points[:, :, outer, 0], local_points[:, :, outer, 2]
    return float(np.median(pixels[outer] * z / np.abs(x).clip(1e-6)))


# Relative poses


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
) -> PosePair | None:
    """Estimate the relative pose of two frames from the matches that `match` returned.

    Return None where too few matches agree on a pose, or only on one that is far from the `expected` one.
    """
    count = len(matches) // 2
    if count < config.min_inliers:
        return None
    first, second = int(matches.source[0]), int(matches.target[0])
    best: PosePair | None = None
    for half in (slice(count), slice(count, None)):
        motion = _ransac_pose(back_project(matches, focal)[half], matches.target_pixels[half], focal, config)
        if motion is None:
            continue
        step = np.linalg.inv(motion) if half.start is None else motion
        poses = np.tile(np.eye(4), (max(first, second) + 1, 1, 1))
        poses[second] = step
        squared = project(matches, poses, focal, config).squared_deviations()
        agree = (squared < config.inlier_deviations**2).reshape(2, count).all(0)
        near = (
            expected is None
            or np.linalg.norm(cv2.Rodrigues((expected.T @ step)[:3, :3])[0]) < config.max_rotation_error
        )
        plausible = near and np.linalg.norm(step[:3, 3]) < config.max_translation * median_depth
        if plausible and agree.sum() > (0 if best is None else best.inliers):
            best = PosePair(first, second, step, matches, int(agree.sum()))
    least = max(config.min_inliers, config.min_inlier_share * count)
    return best if best is not None and best.inliers >= least else None


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


def initial_poses(pairs: list[PosePair], encoded: Poses) -> tuple[Poses, bool]:
    """Chain relative poses along the maximum spanning tree of inliers; also return whether it connects all frames.

    A step that no pair connects repeats the nearest known step, or is the encoder's where no step is known.
    """
    poses, group = np.tile(np.eye(4), (len(encoded), 1, 1)), np.arange(len(encoded))

    def join(first: int, second: int, first_from_second: Pose) -> None:
        moved = group == group[second]
        poses[moved] = poses[first] @ first_from_second @ np.linalg.inv(poses[second]) @ poses[moved]
        group[moved] = group[first]

    for pair in sorted(pairs, key=lambda pair: -pair.inliers):
        if group[pair.first] != group[pair.second]:
            join(pair.first, pair.second, pair.first_from_second)
    known = group[:-1] == group[1:]
    connected = bool((group == group[0]).all())
    steps = np.linalg.inv(poses[:-1]) @ poses[1:]
    for index in np.flatnonzero(~known).tolist():
        nearest = min(np.flatnonzero(known).tolist(), key=lambda other: abs(other - index), default=None)
        step = np.linalg.inv(encoded[index]) @ encoded[index + 1] if nearest is None else steps[nearest]
        if group[index] != group[index + 1]:
            join(index, index + 1, step)
    return np.linalg.inv(poses[0]) @ poses, connected


# Bundle adjustment


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
    rotation, place = poses[:, :3, :3], poses[:, :3, 3]
    points, to_world, to_target = back_project(matches, focal), rotation[matches.source], rotation[matches.target].mT
    shift = (place[matches.source] - place[matches.target])[:, :, None]
    turn = to_target @ to_world
    moved = (turn @ points[:, :, None] + to_target @ shift)[:, :, 0]
    depth = np.where(moved[:, 2] > 0, moved[:, 2], 1.0)[:, None]
    pixels = focal * moved[:, :2] / depth
    jacobian = np.zeros((len(points), 2, 3))
    jacobian[:, 0, 0] = jacobian[:, 1, 1] = focal / depth[:, 0]
    jacobian[:, :, 2] = -pixels / depth
    by_depth = config.depth_deviation * (jacobian @ turn @ points[:, :, None])[:, :, 0]
    whitening = inverse_roots(config.pixel_deviation, by_depth)
    return Projection(points, moved, turn, pixels - matches.target_pixels, jacobian, whitening)


def inverse_roots(deviation: float, vectors: Float[np.ndarray, "points 2"]) -> Float[np.ndarray, "points 2 2"]:
    """Return the inverse square roots of `deviation`² I + v vᵀ, in closed form: a v of any length is safe."""
    squared = (vectors**2).sum(1)
    shrink = (1 - deviation / np.sqrt(deviation**2 + squared)) / squared.clip(1e-12)
    outer = vectors[:, :, None] * vectors[:, None, :]
    return (np.eye(2) - shrink[:, None, None] * outer) / deviation


def bundle_adjust(
    matches: Matches, start: Poses, focal: float, median_depth: float, config: TrackingConfig
) -> tuple[Poses, float]:
    """Refine poses and focal length by Gauss-Newton steps with Geman and McClure's kernel, whose width falls.

    The first pose stays. A step between neighbours that no match constrains stays as in `start`: the pull of an error
    of such a step is at most that of one deviation.
    """
    poses, first_focal, size = start, focal, 6 * len(start) + 1
    frames = np.arange(len(start) - 1)
    ends = np.stack((frames, frames + 1), 1)
    goals = steps_between(start, ends)
    deviations = np.repeat((config.step_rotation, config.step_translation * median_depth), 3)
    for iteration in range(config.iterations):
        kernel = config.kernel * kernel_widening(config.kernel_start, iteration, config.iterations)
        hessian, gradient = normal_equations(*_match_terms(matches, poses, focal, kernel, config), size)
        jacobian, errors, unknowns = step_terms(poses, ends, goals)
        norms = np.linalg.norm(errors.reshape(-1, 2, 3), axis=2).repeat(3, axis=1)
        scale = np.sqrt(np.minimum(1, deviations / norms.clip(1e-12))) / deviations
        step_hessian, step_gradient = normal_equations(scale[:, :, None] * jacobian, scale * errors, unknowns, size)
        hessian = config.match_weight * hessian + step_hessian
        gradient = config.match_weight * gradient + step_gradient
        hessian[-1, -1] += config.focal_deviation**-2
        gradient[-1] += np.log(focal / first_focal) * config.focal_deviation**-2
        change = -np.linalg.solve(hessian[6:, 6:], gradient[6:])
        poses = np.concatenate((poses[:1], moved(poses[1:], change[:-1])))
        focal *= float(np.exp(change[-1].clip(-0.2, 0.2)))
    return poses, focal


def _match_terms(
    matches: Matches, poses: Poses, focal: float, kernel: float, config: TrackingConfig
) -> tuple[Float[np.ndarray, "matches 2 13"], Float[np.ndarray, "matches 2"], Int[np.ndarray, "matches 13"]]:
    """Return the jacobian and the errors of matches, in deviations and weighted, and the indices of their unknowns.

    The unknowns are those of the source's and the target's pose, and the logarithm of the focal length.
    """
    seen = project(matches, poses, focal, config)
    back = seen.jacobian @ seen.target_from_source
    sideways = seen.source_points * (-1.0, -1.0, 0.0)
    by_focal = seen.errors + matches.target_pixels + (back @ sideways[:, :, None])[:, :, 0]
    by_source = (-back @ skew(seen.source_points), back)
    by_target = (seen.jacobian @ skew(seen.target_points), -seen.jacobian)
    jacobian = np.concatenate((*by_source, *by_target, by_focal[:, :, None]), 2)
    robust = 1 / (1 + seen.squared_deviations() / kernel**2)
    factor = seen.whitening * robust[:, None, None]
    unknowns = pose_unknowns(np.stack((matches.source, matches.target), 1))
    unknowns = np.concatenate((unknowns, np.full((len(matches), 1), 6 * len(poses))), 1)
    return factor @ jacobian, (factor @ seen.errors[:, :, None])[:, :, 0], unknowns
