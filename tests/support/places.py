"""A room of points that a turning camera recognises: keyframe features without pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np

from vlm2.slam.features import Features, KeyframeFeatures
from vlm2.slam.pose_optimization import rotation_vectors
from vlm2.slam.tracking import TrackedPoses

FOCAL = 160.0
HALF = (128, 96)  # pixels
_random = np.random.default_rng(3)
_directions = _random.normal(size=(1500, 3)) * (1, 0.4, 1)
POINTS = 3 * _directions / np.linalg.norm(_directions, axis=1, keepdims=True) + _random.normal(0, 0.3, (1500, 3))
DESCRIPTORS = np.abs(_random.normal(size=(1500, 128))) ** 3  # sparse, as those of pictures are
DESCRIPTORS = (DESCRIPTORS / np.linalg.norm(DESCRIPTORS, axis=1, keepdims=True)).astype(np.float32)


def turned(degrees: float, x: float = 0.0) -> np.ndarray:
    """The pose of a camera that turned about the vertical, x metres to the right of the middle."""
    pose, angle = np.eye(4), np.radians(degrees)
    pose[:3, :3] = [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    pose[0, 3] = x
    return pose


def keyframe_features(world_from_camera: np.ndarray) -> KeyframeFeatures:
    """What a camera recognises there."""
    local = (POINTS - world_from_camera[:3, 3]) @ world_from_camera[:3, :3]
    pixels = FOCAL * local[:, :2] / local[:, 2:].clip(0.1)
    seen = (local[:, 2] > 0.5) & (np.abs(pixels) < HALF).all(1)
    return KeyframeFeatures(Features(pixels[seen], DESCRIPTORS[seen], local[seen, 2]), FOCAL)


def mistaken(true: list[np.ndarray], lost: int, degrees: float = 40.0) -> list[np.ndarray]:
    """A path whose step after `lost` turns wrongly."""
    path = [true[0]]
    for index, (a, b) in enumerate(pairwise(true)):
        path.append(path[-1] @ np.linalg.inv(a) @ b @ turned(degrees if index == lost else 0.0))
    return path


def worst(found: Iterable[np.ndarray], true: Iterable[np.ndarray]) -> float:
    """The largest error of a direction, in degrees."""
    errors = np.stack([a[:3, :3].T @ b[:3, :3] for a, b in zip(found, true, strict=True)])
    return float(np.degrees(np.linalg.norm(rotation_vectors(errors), axis=1)).max())


class WanderingTracker:
    """Stands in for `vlm2.slam.tracking.track`: a path that is wrong in one step, and features seen along the true one.

    Every pixel of a frame is its number. `scale(first)` is the scale of a window that begins with frame `first`.
    """

    def __init__(self, true: list[np.ndarray], lost: int, scale: Callable[[int], float] = lambda first: 1.0) -> None:
        self.true, self.path, self.lost, self.scale = true, mistaken(true, lost), lost, scale

    def __call__(self, images: np.ndarray, *_: object) -> TrackedPoses:
        numbers = images[:, 0, 0].tolist()
        poses = np.stack([np.linalg.inv(self.path[numbers[0]]) @ self.path[number] for number in numbers])
        scale = self.scale(numbers[0])
        poses[:, :3, 3] *= scale
        seen = keyframe_features(self.true[numbers[-1]]).scaled(scale)
        return TrackedPoses(poses, {len(numbers) - 1: seen}, np.array([int(number > self.lost) for number in numbers]))
