"""Variation of whole walks through generated homes: other cameras, paths and looks, the same in all frames of a walk.

`eye_variation` varies single views. Geometry is learnt from several frames together, so a thing keeps its colour and
its texture from frame to frame, and the camera its lens.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from ..homes.home import CameraWalk
from ..homes.renderer import pinhole
from ..scenes.record import Intrinsics
from .eye_variation import vary_camera, vary_things, vary_tones
from .eye_views import FIELDS_OF_VIEW, HEIGHTS

GAPS = 0.25, 2.0  # seconds between two frames of a walk, on average
LONGEST = 60  # frames of a walk
LIFT = 0.25  # metres, deviation of the camera's height from that of the walk
TYPICAL_FIELD, TYPICAL_SHARE = (62.0, 7.0), 0.7  # degrees along the longer side: mean and deviation; share of the walks
STRETCH = 0.06  # deviation of the pixels' aspect ratio: frames are resized to sides that are multiples of 64 pixels
WAVES = 4  # of a texture, for each channel
WAVELENGTHS = 0.04, 0.8  # metres


def vary_walk(
    walk: CameraWalk, size: tuple[int, int], rng: np.random.Generator, lift: float = LIFT
) -> tuple[CameraWalk, Intrinsics]:
    """Return a walk with another camera: field of view, height (by a deviation of `lift` metres), pitch and roll, gaps
    between frames, a hand that is not steady. Its frames are `size` = (width, height) pixels."""
    width, height = size
    gap = math.exp(rng.uniform(*np.log(GAPS)))
    steps = gap * rng.uniform(0.6, 1.4, LONGEST)
    times = walk.times[0] + rng.uniform(0, 5) + np.cumsum(steps)
    frames = np.unique(np.searchsorted(walk.times, times[times < walk.times[-1]]))
    path = walk.at(frames)
    poses = path.world_from_camera.copy()
    poses[:, 2, 3] = np.clip(poses[:, 2, 3] + rng.normal(0, lift), *HEIGHTS)
    # Camera axes: x right, y down, z forward. A constant tilt of the hand, and its trembling.
    constant = rng.normal(0, (0.17, 0.15, 0.08))
    turns = constant + rng.normal(0, math.exp(rng.uniform(math.log(0.005), math.log(0.06))), (len(poses), 3))
    poses[:, :3, :3] = poses[:, :3, :3] @ np.stack([cv2.Rodrigues(turn)[0] for turn in turns])
    fov = field_of_view(size, rng)
    camera = pinhole(width, height, fov)
    stretched = Intrinsics(width, height, camera.fx, camera.fy * math.exp(rng.normal(0, STRETCH)), camera.cx, camera.cy)
    return CameraWalk(path.times, poses, fov), stretched


def field_of_view(size: tuple[int, int], rng: np.random.Generator) -> float:
    """Draw the horizontal field of view of a camera, in radians: most often that of phones and depth cameras."""
    width, height = size
    low, high = np.radians(FIELDS_OF_VIEW[height > width])
    if rng.random() >= TYPICAL_SHARE:
        return rng.uniform(low, high)
    half = math.tan(math.radians(rng.normal(*TYPICAL_FIELD)) / 2)
    return min(max(2 * math.atan(half * width / max(size)), low), high)


def vary_looks(
    frames: UInt8[np.ndarray, "frames height width 3"],
    instances: Int[np.ndarray, "frames height width"],
    world_points: Float[np.ndarray, "frames height width 3"],
    rng: np.random.Generator,
) -> UInt8[np.ndarray, "frames height width 3"]:
    """Change colours and textures of things and the tones of all frames alike; then light, blur and noise of each.

    `instances` are the ids of the things (0: the shell), `world_points` the visible points in metres."""
    things, tones, ids = *rng.integers(2**32, size=2), int(instances.max()) + 1
    steady = rng.random() < 0.5  # exposure

    def vary(frame: np.ndarray, own: np.ndarray, points: np.ndarray) -> np.ndarray:
        pixels, waves = frame.astype(np.float32) / 255, np.random.default_rng(things + 1)
        pixels = vary_things(pixels, own, np.random.default_rng(things), lambda _: solid_texture(points, waves), ids)
        pixels = vary_tones(np.clip(pixels, 0, 1.6), np.random.default_rng(tones))
        if not steady:
            pixels = pixels * np.float32(math.exp(rng.normal(0, 0.08)))
        return (np.clip(vary_camera(pixels, rng), 0, 1) * 255).astype(np.uint8)

    return np.stack([vary(*shown) for shown in zip(frames, instances, world_points, strict=True)])


def solid_texture(
    points: Float[np.ndarray, "height width 3"], rng: np.random.Generator
) -> Float[np.ndarray, "height width 3"]:
    """Return a pattern of deviation 1 that is fixed to the world, at points of it (metres): a sum of waves."""
    shortest, longest = np.log(WAVELENGTHS)
    lengths = np.exp(rng.uniform(shortest, longest, (WAVES, 3)))
    ways = rng.normal(0, 1, (3, WAVES, 3))
    ways *= 2 * math.pi / (lengths * np.linalg.norm(ways, axis=0))
    phases = rng.uniform(0, 2 * math.pi, (WAVES, 3))
    angles = np.einsum("hwi,ikc->hwkc", points.astype(np.float32), ways.astype(np.float32)) + phases.astype(np.float32)
    return np.sin(angles).sum(2) * np.float32(math.sqrt(2 / WAVES))
