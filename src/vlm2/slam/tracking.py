"""Camera tracking: poses from matched features and a geometry encoder's depths [choice].

A small learnt encoder estimates depths well and rotations badly; matched features determine the rotation between two
frames to a fraction of a degree and no depths. Tracking combines both. SIFT features of all pairs of a window's frames
are matched. The relative pose of each pair is found from one frame's points and their pixels in the other frame
(perspective-n-point with RANSAC); it must hold in both directions and agree roughly with the encoder. The pairs with
most inliers give initial poses. Bundle adjustment then refines all poses and the one unknown focal length. Where no
pair connects two neighbouring frames, the nearest known step is repeated: on walks of homes that is closer than the
encoder's step, which was up to 113° wrong there and is the last resort. Nothing is kept between windows;
`loop_closure` closes loops between them.

Pixels count from the image's centre, which is taken as the principal point.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float, UInt8

from .configuration import TrackingConfig
from .features import KeyframeFeatures, Matches, detect, match, opencv
from .linear import product, solve

Poses = Float[np.ndarray, "frames 4 4"]
Pose = Float[np.ndarray, "4 4"]


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
        near = expected is None or _angle(expected.T @ step) < config.max_rotation_error
        plausible = near and np.linalg.norm(step[:3, 3]) < config.max_translation * median_depth
        if plausible and agree.sum() > (0 if best is None else best.inliers):
            best = PosePair(first, second, step, matches, int(agree.sum()))
    least = max(config.min_inliers, config.min_inlier_share * count)
    return best if best is not None and best.inliers >= least else None


def _ransac_pose(
    points: Float[np.ndarray, "points 3"],
    pixels: Float[np.ndarray, "points 2"],
    focal: float,
    config: TrackingConfig,
) -> Pose | None:
    """Estimate `target_from_source` from points and their pixels in the target. OpenCV seeds its own samples."""
    cv2, camera = opencv(), np.diag([focal, focal, 1.0])
    try:
        found, rotation, translation, _ = cv2.solvePnPRansac(
            points,
            pixels,
            camera,
            None,
            iterationsCount=config.ransac_samples,
            reprojectionError=config.ransac_error,
            confidence=0.999,
            flags=cv2.SOLVEPNP_AP3P,
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
    `depth_error`: pixels that one deviation of the depth moves a projection; errors in its direction weigh less.
    `pixel_deviation`: standard deviation of a match.
    """

    source_points: Float[np.ndarray, "points 3"]
    target_points: Float[np.ndarray, "points 3"]
    target_from_source: Float[np.ndarray, "points 3 3"]
    errors: Float[np.ndarray, "points 2"]
    jacobian: Float[np.ndarray, "points 2 3"]
    depth_error: Float[np.ndarray, "points 2"]
    pixel_deviation: float

    def squared_deviations(self) -> Float[np.ndarray, " points"]:
        """Return squared Mahalanobis distances of the errors; infinite behind the target's camera."""
        variance = self.pixel_deviation**2
        length = variance + (self.depth_error**2).sum(1)
        squared = (self.errors**2).sum(1) - (self.errors * self.depth_error).sum(1) ** 2 / length
        return np.where(self.target_points[:, 2] > 0, squared.clip(0) / variance, np.inf)

    def whitening(self) -> Float[np.ndarray, "points 2 2"]:
        """Return the inverse square roots of the covariances, pixel_deviation² I + depth_error depth_errorᵀ."""
        length = (self.depth_error**2).sum(1)
        shrink = (1 - self.pixel_deviation / np.sqrt(self.pixel_deviation**2 + length)) / length.clip(1e-12)
        outer = self.depth_error[:, :, None] * self.depth_error[:, None, :]
        return (np.eye(2) - shrink[:, None, None] * outer) / self.pixel_deviation


def back_project(matches: Matches, focal: float) -> Float[np.ndarray, "points 3"]:
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
    depth_error = config.depth_deviation * (jacobian @ turn @ points[:, :, None])[:, :, 0]
    errors = pixels - matches.target_pixels
    return Projection(points, moved, turn, errors, jacobian, depth_error, config.pixel_deviation)


def bundle_adjust(
    matches: Matches, start: Poses, focal: float, median_depth: float, config: TrackingConfig
) -> tuple[Poses, float]:
    """Refine poses and focal length by Gauss-Newton steps with Geman and McClure's kernel, whose width falls.

    The first pose stays. A step between neighbours that no match constrains stays as in `start`.
    """
    cv2, first_focal = opencv(), focal
    poses = start.copy()
    for iteration in range(config.iterations):
        kernel = config.kernel * max(1.0, config.kernel_start * (1 - 2 * iteration / config.iterations))
        jacobian, errors = _match_terms(matches, poses, focal, kernel, config)
        hessian = config.match_weight * product(jacobian.T, jacobian)
        gradient = config.match_weight * product(jacobian.T, errors)
        for slope, error in _step_terms(poses, start, median_depth, config):
            hessian, gradient = hessian + slope.T @ slope, gradient + slope.T @ error
        hessian[-1, -1] += config.focal_deviation**-2
        gradient[-1] += np.log(focal / first_focal) * config.focal_deviation**-2
        free = slice(6, None)
        change = -solve(hessian[free, free], gradient[free])
        for pose, (rotation, translation) in zip(poses[1:], change[:-1].reshape(-1, 2, 3), strict=True):
            pose[:3, 3] += pose[:3, :3] @ translation
            pose[:3, :3] = pose[:3, :3] @ cv2.Rodrigues(rotation)[0]
        focal *= float(np.exp(change[-1].clip(-0.2, 0.2)))
    return poses, focal


def _match_terms(
    matches: Matches, poses: Poses, focal: float, kernel: float, config: TrackingConfig
) -> tuple[np.ndarray, np.ndarray]:
    """Return the jacobian and the weighted errors of the matches, in deviations.

    A frame has six unknowns, its rotation and its translation in its own camera's frame. The last unknown is the
    logarithm of the focal length.
    """
    seen = project(matches, poses, focal, config)
    weight = (1 + seen.squared_deviations() / kernel**2) ** -1.0
    back = seen.jacobian @ seen.target_from_source
    jacobian = np.zeros((len(weight), 2, 6 * len(poses) + 1))
    rows = np.arange(len(weight))[:, None]
    blocks = (
        (6 * matches.source, -back @ skew(seen.source_points)),
        (6 * matches.source + 3, back),
        (6 * matches.target, seen.jacobian @ skew(seen.target_points)),
        (6 * matches.target + 3, -seen.jacobian),
    )
    for column, block in blocks:
        jacobian[rows, :, column[:, None] + np.arange(3)] = block.mT
    sideways = seen.source_points * (-1.0, -1.0, 0.0)
    jacobian[:, :, -1] = seen.errors + matches.target_pixels + (back @ sideways[:, :, None])[:, :, 0]
    weighted = seen.whitening() * weight[:, None, None]
    errors = (weighted @ seen.errors[:, :, None]).reshape(-1)
    return (weighted @ jacobian).reshape(-1, jacobian.shape[2]), errors


def _step_terms(
    poses: Poses, start: Poses, median_depth: float, config: TrackingConfig
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the jacobians and the errors of the steps between neighbours, compared with the initial steps, in
    deviations. The pull of an error stays that of one deviation where the error is larger."""
    terms = []
    steps, goals = (np.linalg.inv(p[:-1]) @ p[1:] for p in (poses, start))
    for index, (step, goal) in enumerate(zip(steps, goals, strict=True)):
        turn = opencv().Rodrigues(goal[:3, :3].T @ step[:3, :3])[0][:, 0]
        shift = step[:3, 3] - goal[:3, 3]
        jacobian = np.zeros((6, 6 * len(poses) + 1))
        here, there = 6 * index, 6 * index + 6
        jacobian[:3, here : here + 3], jacobian[:3, there : there + 3] = -step[:3, :3].T, np.eye(3)
        jacobian[3:, here : here + 3], jacobian[3:, here + 3 : here + 6] = skew(step[None, :3, 3])[0], -np.eye(3)
        jacobian[3:, there + 3 : there + 6] = step[:3, :3]
        parts = (
            (slice(3), turn, config.step_rotation),
            (slice(3, 6), shift, config.step_translation * median_depth),
        )
        for part, error, deviation in parts:
            scale = min(1.0, deviation / max(float(np.linalg.norm(error)), 1e-12)) ** 0.5 / deviation
            terms.append((scale * jacobian[part], scale * error))
    return terms


def skew(vectors: Float[np.ndarray, "vectors 3"]) -> Float[np.ndarray, "vectors 3 3"]:
    """Return the matrices that take the cross product with `vectors` from the left."""
    x, y, z = vectors.T
    zero = np.zeros_like(x)
    return np.stack((zero, -z, y, z, zero, -x, -y, x, zero), -1).reshape(-1, 3, 3)


def _angle(transform: Pose) -> float:
    """Return the angle of a rotation, in radians."""
    return float(np.arccos(((np.trace(transform[:3, :3]) - 1) / 2).clip(-1, 1)))
