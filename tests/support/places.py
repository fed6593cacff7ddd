"""A room of points that a turning camera recognises: landmarks without pictures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch

from vlm2.encoders.geometry.encoder import Geometry, GeometryEncoder
from vlm2.slam.features import Features, Landmarks
from vlm2.slam.loop_closure import axis_angle

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


def landmarks(world_from_camera: np.ndarray) -> Landmarks:
    """What a camera recognises there."""
    local = (POINTS - world_from_camera[:3, 3]) @ world_from_camera[:3, :3]
    pixels = FOCAL * local[:, :2] / local[:, 2:].clip(0.1)
    seen = (local[:, 2] > 0.5) & (np.abs(pixels) < HALF).all(1)
    return Landmarks(Features(pixels[seen], DESCRIPTORS[seen], local[seen, 2]), FOCAL)


def mistaken(true: list[np.ndarray], lost: int, degrees: float = 40.0) -> list[np.ndarray]:
    """A path whose step after `lost` turns wrongly."""
    path = [true[0]]
    for index, (a, b) in enumerate(pairwise(true)):
        path.append(path[-1] @ np.linalg.inv(a) @ b @ turned(degrees if index == lost else 0.0))
    return path


def worst(found: Iterable[np.ndarray], true: Iterable[np.ndarray]) -> float:
    """The largest error of a direction, in degrees."""
    errors = np.stack([a[:3, :3].T @ b[:3, :3] for a, b in zip(found, true, strict=True)])
    return float(np.degrees(np.linalg.norm(axis_angle(errors), axis=1)).max())


class Wandering(GeometryEncoder):
    """An encoder's points with a path of the test's own, which is wrong in one step, and what is recognised along the
    true one. Every value of a frame's image is its number / 255."""

    needs_images, trusted_poses = True, True

    def __init__(self, inner: GeometryEncoder, true: list[np.ndarray], lost: int) -> None:
        super().__init__()
        self.inner, self.true, self.path, self.lost = inner, true, mistaken(true, lost), lost
        self.geometry_dim, self.view_dim, self.metric = inner.geometry_dim, inner.view_dim, inner.metric
        self.window, self.needs_visual_tokens = inner.window, inner.needs_visual_tokens

    def encode(self, images, visual_tokens=None, grid=None) -> Geometry:
        numbers = (255 * images.flatten(1).mean(1)).round().long().tolist()
        poses = np.stack([np.linalg.inv(self.path[numbers[0]]) @ self.path[number] for number in numbers])
        seen = replace(landmarks(self.true[numbers[-1]]), certain=self.lost not in numbers[:-1])
        geometry = self.inner.encode(images, visual_tokens, grid)
        return replace(geometry, world_from_camera=torch.from_numpy(poses).float(), landmarks=seen)
