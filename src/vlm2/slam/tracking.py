"""Camera tracking: poses from matched features and a geometry encoder's depths [choice].

A small learnt encoder estimates depths well and rotations badly; matched features determine the rotation between two
frames to a fraction of a degree, and no depths. Tracking combines both. SIFT features of all pairs of a window's frames
are matched. The relative pose of a pair is found from one frame's points and their pixels in the other frame
(perspective-n-point with RANSAC). It must hold in both directions and agree roughly with the encoder. Where neighbours
match weakly, full-size frames and the epipolar geometry are tried too. The pairs with most inliers give initial poses;
bundle adjustment then refines all poses and the one unknown focal length, to which the depths are proportional. A step
that no pair connects repeats the nearest known step: on walks of homes that is closer than the encoder's, up to 113°
wrong.

Pixels count from the image's centre, which is taken as the principal point.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import combinations

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from .configuration import FeatureConfig, TrackingConfig
from .features import Features, KeyframeFeatures, Matches, detect, match
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
class FocalEstimate:
    """A camera's focal length: the logarithm of its share of the image's width, with a standard deviation."""

    logarithm: float
    deviation: float

    def pixels(self, width: int) -> float:
        """Return the focal length in pixels of an image `width` wide."""
        return float(np.exp(self.logarithm)) * width


@dataclass(frozen=True)
class TrackedPoses:
    """Poses of a window's cameras in the first camera's frame.

    `keyframes` are the features of the last frame, or of all where neighbours match weakly, by index. Matches connect
    the frames of one number in `groups`, and no others.
    `focal` is the camera's focal length after this window. `depth_scale` is the factor on the encoder's depths that it
    requires: what is seen under a smaller angle than the encoder assumed is as wide, but farther away.
    """

    poses: Poses
    keyframes: dict[int, KeyframeFeatures] = field(default_factory=dict[int, KeyframeFeatures])
    groups: Int[np.ndarray, " frames"] | None = None
    focal: FocalEstimate | None = None
    depth_scale: float = 1.0

    def scaled(self, scale: float) -> TrackedPoses:
        """Multiply the depths of the keyframes by a factor."""
        return replace(self, keyframes={index: found.scaled(scale) for index, found in self.keyframes.items()})

    def joined(self, first: int, second: int) -> bool:
        """Return whether matches connect two frames."""
        return self.groups is not None and bool(self.groups[first] == self.groups[second])


def track(
    images: UInt8[np.ndarray, "frames height width"],
    local_points: Float[np.ndarray, "frames rows columns 3"],
    world_from_camera: Poses,
    config: TrackingConfig,
    known: FocalEstimate | None = None,
) -> TrackedPoses:
    """Refine the poses of grey frames that an encoder estimated with its points. Deterministic.

    `known` is the focal length after earlier windows of the same camera. Points or poses that are not finite, or depths
    that are not positive, leave the encoder's poses as they are.
    """
    inverses = np.linalg.inv(world_from_camera)
    encoded = inverses[0] @ world_from_camera
    depths = local_points[..., 2]
    median_depth = float(np.median(depths))
    if not (np.isfinite(local_points).all() and np.isfinite(encoded).all() and median_depth > 0):
        return TrackedPoses(encoded, focal=known)
    small = [_at_most(image, config.pixels) for image in images]
    width = small[0].shape[1]
    features = [detect(image, depth, config.features) for image, depth in zip(small, depths, strict=True)]
    matches = _match_all(dict(enumerate(features)), config.features)
    encoded_focal = focal_length(local_points, width)
    prior = known or FocalEstimate(float(np.log(encoded_focal / width)), config.focal_deviation)

    def estimated(matches: list[Matches], focal: FocalEstimate, thorough: bool) -> list[PosePair]:
        scale = focal.pixels(width) / encoded_focal
        pairs = list[PosePair]()
        for one in matches:
            step = inverses[one.source[0]] @ world_from_camera[one.target[0]] if len(one) else None
            args = focal.pixels(width), config, step, scale * median_depth, thorough
            if (pair := estimate_relative_pose(one.scaled(scale), *args)) is not None:
                pairs.append(pair)
        return pairs

    focal, poses, groups = prior, encoded, np.arange(len(images))
    fine = dict[int, Features]()
    for attempt in range(config.focal_rounds):
        pairs = estimated(matches, focal, bool(fine))
        if attempt == 0 and (weak := _weakly_joined(pairs, len(images), config.fine_below)):
            fine = {i: detect(images[i], depths[i], config.fine_features, width) for i in weak}
            more = _match_all(fine, config.fine_features)
            matches += more
            pairs = estimated(matches, focal, True)
        pairs = _best_of_each(pairs)
        poses, groups = initial_poses(pairs, encoded)
        if not pairs:
            break
        start, joined = focal, Matches.join([pair.matches for pair in pairs])
        scaled_depth = start.pixels(width) / encoded_focal * median_depth
        poses, focal = bundle_adjust(joined, poses, start, prior, width, scaled_depth, config)
        if abs(focal.logarithm - start.logarithm) < config.focal_change:
            break
    scale = focal.pixels(width) / encoded_focal
    last = len(images) - 1
    chosen = (dict(enumerate(features)) if fine else {last: features[last]}) | fine
    keyframes = {
        index: KeyframeFeatures(replace(found, depth=scale * found.depth), focal.pixels(width))
        for index, found in sorted(chosen.items())
    }
    return TrackedPoses(poses, keyframes, groups, focal, scale)


def _at_most(image: UInt8[np.ndarray, "height width"], pixels: int) -> UInt8[np.ndarray, "rows columns"]:
    """Shrink an image to at most so many pixels."""
    scale = (pixels / image.size) ** 0.5
    if scale >= 1:
        return image
    rows, columns = (int(side * scale) for side in image.shape)
    return cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)


def _match_all(features: dict[int, Features], config: FeatureConfig) -> list[Matches]:
    """Match all pairs of frames."""
    return [match(features[i], features[j], i, j, config) for i, j in combinations(sorted(features), 2)]


def _weakly_joined(pairs: list[PosePair], frames: int, least: int) -> set[int]:
    """Return the frames that have few inliers with a neighbour."""
    joined = {pair.first for pair in pairs if pair.second == pair.first + 1 and pair.inliers >= least}
    return {end for first in range(frames - 1) if first not in joined for end in (first, first + 1)}


def _best_of_each(pairs: list[PosePair]) -> list[PosePair]:
    """Return the estimate with most inliers of every pair of frames."""
    best: dict[tuple[int, int], PosePair] = {}
    for pair in pairs:
        other = best.get((pair.first, pair.second))
        if other is None or pair.inliers > other.inliers:
            best[pair.first, pair.second] = pair
    return [best[ends] for ends in sorted(best)]


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
    thorough: bool = True,
) -> PosePair | None:
    """Estimate the relative pose of two frames from the matches that `match` returned.

    Poses from the points of either frame are tried. Where they leave many matches out, a `thorough` search tries one
    from the epipolar geometry too, which does not depend on the depths, and refines both. Return None where too few
    matches agree on a pose, or only on one that is far from the `expected` one.
    """
    count = len(matches) // 2
    if count < config.min_inliers:
        return None
    first, second = int(matches.source[0]), int(matches.target[0])
    least = config.min_inliers + config.chance * count

    def judged(steps: list[Pose]) -> PosePair | None:
        plausible = [step for step in steps if _near(step, expected, median_depth, config)]
        agree = [_agreeing(step, matches, focal, config) for step in plausible]
        best = int(np.argmax(agree)) if agree else -1
        return PosePair(first, second, plausible[best], matches, agree[best]) if agree else None

    points = back_project(matches, focal)
    forth, back = (
        _ransac_pose(points[half], matches.target_pixels[half], focal, config)
        for half in (slice(count), slice(count, None))
    )
    best = judged([step for step in (None if forth is None else np.linalg.inv(forth), back) if step is not None])
    if thorough and (best is None or best.inliers < config.clear_share * count):
        epipolar = judged(_epipolar_poses(matches, focal, config))
        found = [pair.first_from_second for pair in (best, epipolar) if pair is not None and 2 * pair.inliers > least]
        refined = judged([_refined(step, matches, focal, config) for step in found])
        best = max((p for p in (best, epipolar, refined) if p is not None), key=lambda p: p.inliers, default=None)
    return best if best is not None and best.inliers >= least else None


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


def _agreeing(step: Pose, matches: Matches, focal: float, config: TrackingConfig) -> int:
    """Count the matches that agree with a relative pose in both directions."""
    poses = np.tile(np.eye(4), (int(max(matches.source[0], matches.target[0])) + 1, 1, 1))
    poses[matches.target[0]] = step
    squared = project(matches, poses, focal, config).squared_deviations().reshape(2, -1)
    return int((squared < config.inlier_deviations**2).all(0).sum())


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


def initial_poses(pairs: list[PosePair], encoded: Poses) -> tuple[Poses, Int[np.ndarray, " frames"]]:
    """Chain relative poses along the maximum spanning tree of inliers; also return a number for each frame, the same
    for the frames that it connects.

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
    connected = group.copy()
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
