"""Camera tracking: poses from matched features and a geometry encoder's depths [choice].

A small learnt encoder estimates depths well and rotations badly; matched features determine the rotation between two
frames to a fraction of a degree, and no depths. Tracking combines both. SIFT features of frames near each other in a
window are matched. The relative pose of a pair is that of the steps between, or is found from one frame's points and
their pixels in the other frame (perspective-n-point with RANSAC). It must hold in both directions and agree roughly
with the encoder. All pairs, full-size frames and the epipolar geometry are tried where neighbours match weakly. The
pairs with most inliers give initial poses; bundle adjustment then refines all poses and the one unknown focal length,
to which the depths are proportional. The search in `focal_search` gives its start as long as the focal length is not
known well. A step that no pair connects repeats the nearest known step: on walks of homes that is closer than the
encoder's, up to 113° wrong.

Pixels count from the image's centre, which is taken as the principal point.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import reduce

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from .bundle_adjustment import FocalEstimate, bundle_adjust
from .configuration import FeatureConfig, TrackingConfig
from .features import Features, KeyframeFeatures, Matches, detect, match, sift
from .focal_search import search_focal
from .pose_optimization import Pose, Poses
from .relative_pose import PosePair, estimate_relative_pose


@dataclass(frozen=True)
class TrackedPoses:
    """Poses of a window's cameras in the first camera's frame.

    `keyframes` are the features of the last frame, or of all where neighbours match weakly, by index. Matches connect
    the frames of one number in `groups`, and no others.
    `focal` is the camera's focal length after this window. It changes the encoder's points: `depth_scale` is the factor
    on their depths, since what is seen under a smaller angle than the encoder assumed is farther away. With the factor
    `width_scale` on x and y, they lie on the rays of this focal length.
    """

    poses: Poses
    keyframes: dict[int, KeyframeFeatures] = field(default_factory=dict[int, KeyframeFeatures])
    groups: Int[np.ndarray, " frames"] | None = None
    focal: FocalEstimate | None = None
    depth_scale: float = 1.0
    width_scale: float = 1.0

    def scaled(self, scale: float) -> TrackedPoses:
        """Multiply the depths of the keyframes by a factor."""
        return replace(self, keyframes={index: found.scaled(scale) for index, found in self.keyframes.items()})

    def joined(self, first: int, second: int) -> bool:
        """Return whether matches connect two frames."""
        return self.groups is not None and bool(self.groups[first] == self.groups[second])


def track(
    images: UInt8[np.ndarray, "frames height width"],
    depths: Float[np.ndarray, "frames rows columns"],
    world_from_camera: Poses,
    encoded_focal: float,
    config: TrackingConfig,
    known: FocalEstimate | None = None,
) -> TrackedPoses:
    """Refine the poses of grey frames that an encoder estimated with its depths. Deterministic.

    `encoded_focal` is the focal length that the encoder assumes, in widths of the frame; `known` the one after earlier
    windows of the same camera. Depths, poses or a focal length that are not finite or not positive leave the encoder's
    poses as they are.
    """
    inverses = np.linalg.inv(world_from_camera)
    encoded = inverses[0] @ world_from_camera
    median_depth = float(np.median(depths))
    finite = np.isfinite(depths).all() and np.isfinite(encoded).all() and np.isfinite(encoded_focal)
    if not (finite and median_depth > 0 and encoded_focal > 0):
        return TrackedPoses(encoded, focal=known)
    small = [_at_most(image, config.pixels) for image in images]
    width = small[0].shape[1]
    features = [detect(image, depth, config.features) for image, depth in zip(small, depths, strict=True)]
    numbered = dict(enumerate(features))
    every = range(1, len(images))
    near = every if known is None else every[: config.pair_distance]
    matches = _match_all(numbered, near, config.features)
    assumed = FocalEstimate(float(np.log(encoded_focal)), config.focal_deviation)
    prior = known or assumed
    if prior.deviation > config.focal_search_above:
        near_matches = [one for one in matches if one.ends[1] - one.ends[0] <= config.pair_distance]
        prior = search_focal(near_matches, prior, width, config)

    def estimated(matches: list[Matches], focal: FocalEstimate, thorough: bool) -> list[PosePair]:
        scale, steps, pairs = focal.relative_to(assumed), dict[int, Pose](), list[PosePair]()
        for one in matches:
            first, second = one.ends
            chain = [steps[index] for index in range(first, second) if index in steps]
            start = reduce(np.dot, chain) if len(chain) == second - first else None
            expected = inverses[first] @ world_from_camera[second]
            args = focal.pixels(width), config, expected, scale * median_depth, thorough, start
            if (pair := estimate_relative_pose(one.scaled(scale), *args)) is not None:
                pairs.append(pair)
                if second == first + 1:
                    steps[first] = pair.first_from_second
        return pairs

    focal, poses, groups = prior, encoded, np.arange(len(images))
    fine = dict[int, Features]()
    for attempt in range(config.focal_rounds):
        pairs = estimated(matches, focal, bool(fine))
        if attempt == 0 and (weak := _weakly_joined(pairs, len(images), config.fine_below)):
            fine = {i: detect(images[i], depths[i], config.fine_features, width) for i in weak}
            matches += _match_all(numbered, every[len(near) :], config.features)
            matches += _match_all(fine, every, config.fine_features)
            pairs = estimated(matches, focal, True)
        pairs = _best_of_each(pairs)
        poses, groups = initial_poses(pairs, encoded)
        if not pairs:
            break
        start, joined = focal, Matches.join([pair.matches for pair in pairs])
        scaled_depth = start.relative_to(assumed) * median_depth
        poses, focal = bundle_adjust(joined, poses, start, prior, width, scaled_depth, config)
        if abs(focal.logarithm - start.logarithm) < config.focal_change:
            break
    found_scale = focal.relative_to(assumed)
    scale = found_scale**config.depth_share
    poses = poses.copy()
    poses[:, :3, 3] *= scale / found_scale
    last = len(images) - 1
    chosen = (dict(enumerate(features)) if fine else {last: features[last]}) | fine
    keyframes = {
        index: KeyframeFeatures(replace(found, depth=scale * found.depth), focal.pixels(width), index in fine)
        for index, found in sorted(chosen.items())
    }
    return TrackedPoses(poses, keyframes, groups, focal, scale, scale / found_scale)


def find_features(image: UInt8[np.ndarray, "height width"], config: TrackingConfig) -> None:
    """Find the features of a grey frame ahead. They are cached for the last frames, so `track` finds them there."""
    sift(_at_most(image, config.pixels), config.features)


def _at_most(image: UInt8[np.ndarray, "height width"], pixels: int) -> UInt8[np.ndarray, "rows columns"]:
    """Shrink an image to at most so many pixels."""
    scale = (pixels / image.size) ** 0.5
    if scale >= 1:
        return image
    rows, columns = (int(side * scale) for side in image.shape)
    return cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)


def _match_all(features: dict[int, Features], distances: range, config: FeatureConfig) -> list[Matches]:
    """Match the pairs of frames at some distances, the near ones first; return those that have matches."""
    pairs = [(first, first + distance) for distance in distances for first in features if first + distance in features]
    matches = (match(features[first], features[second], first, second, config) for first, second in pairs)
    return [one for one in matches if len(one)]


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
