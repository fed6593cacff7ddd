"""Errors of depth, scale, field of view and camera path on a real sequence.

- `depth_error`: |ẑ − z| / z. `depth_error_scaled` is the same after one scale for each frame, the median of z / ẑ.
  `scale_error`: |median(ẑ / z) − 1|. All three are the median over a frame's cells, then over the frames.
- `scale`: the median of ẑ / z over all cells of all frames.
- `path_error`: the distance of the camera from its true position, root mean square over the frames, after one rigid
  motion of the whole path (Umeyama, without scale). `path_error_scaled`: with one scale for the whole path.
- `length`, `true_length`: of the path through all frames, in metres.
- `tilt_error`: the map's vertical, taken to the true world by each frame's pair of poses, against its mean over the
  frames: the median angle in degrees. 0 for a map that is level everywhere, or tilted everywhere alike.
- `turn_error`: the median error of the rotation from a frame to the next, in degrees. `turn_true`: the median turn.
- `view`, `true_view`: the horizontal field of view in degrees.

A path shorter than `LEAST_PATH` has no path error.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Float64

from ...objects.lifting import sampled
from ...objects.path import ObservedPath
from ...slam.alignment import Alignment, umeyama
from .sets import RealFrame, RealSet

NEAREST, FARTHEST = 0.05, 30.0  # metres of true depth that count
LEAST_PATH = 0.5  # metres

Values = dict[str, float]


@dataclass(frozen=True)
class PathPair:
    """The poses of the frames that both paths have: world from camera, each in a world of its own (metres)."""

    found: Float64[np.ndarray, "frames 4 4"]
    true: Float64[np.ndarray, "frames 4 4"]

    @property
    def found_from_true(self) -> Alignment:
        """The rigid motion that lays the true path on the found one."""
        return _aligned(self.true, self.found, with_scale=False)


def path_pair(real: RealSet, path: ObservedPath) -> PathPair | None:
    """Return the poses of the frames that the observed path has; None without true poses, or for less than 3 frames."""
    found = dict(zip(path.times, path.poses, strict=True))
    both = [(found[f.time], f.world_from_camera) for f in real.frames if f.time in found]
    if not real.posed or len(both) < 3:
        return None
    last = np.array([[0.0, 0.0, 0.0, 1.0]])
    return PathPair(
        np.stack([np.concatenate([pose, last]) for pose, _ in both]),
        np.stack([pose for _, pose in both if pose is not None]),
    )


def path_errors(pair: PathPair) -> Values:
    """Compare a found path with the true one."""
    lengths = [_length(poses) for poses in (pair.found, pair.true)]
    values = {"length": lengths[0], "true_length": lengths[1]}
    if lengths[1] >= LEAST_PATH:
        for name, with_scale in (("path_error", False), ("path_error_scaled", True)):
            moved = _aligned(pair.found, pair.true, with_scale).points(pair.found[:, :3, 3])
            values[name] = float(np.sqrt(np.square(moved - pair.true[:, :3, 3]).sum(1).mean()))
    turns = [poses[:-1, :3, :3].transpose(0, 2, 1) @ poses[1:, :3, :3] for poses in (pair.found, pair.true)]
    vertical = (pair.true[:, :3, :3] @ pair.found[:, 2, :3, None])[..., 0]  # in the true world
    mean = vertical.mean(0) / max(float(np.linalg.norm(vertical.mean(0))), 1e-9)
    still = np.broadcast_to(np.eye(3), turns[1].shape)
    return values | {
        "turn_error": float(np.median(_angles(*turns))),
        "turn_true": float(np.median(_angles(still, turns[1]))),
        "tilt_error": float(np.median(np.degrees(np.arccos((vertical @ mean).clip(-1, 1))))),
    }


def depth_errors(real: RealSet, depths: Mapping[float, Float32[np.ndarray, "rows columns"]]) -> Values:
    """Compare found depths (metres, by time, on any grid of the frame) with the true ones at the centres of the cells.

    Empty without true depth."""
    ratios = [_ratios(real, frame, depths[frame.time]) for frame in real.frames if frame.depth_file is not None]
    ratios = [ratio for ratio in ratios if len(ratio)]
    if not ratios:
        return {}
    scales = [float(np.median(ratio)) for ratio in ratios]
    return {
        "depth_error": float(np.median([np.median(np.abs(ratio - 1)) for ratio in ratios])),
        "depth_error_scaled": float(
            np.median([np.median(np.abs(ratio / scale - 1)) for ratio, scale in zip(ratios, scales, strict=True)])
        ),
        "scale_error": float(np.median([abs(scale - 1) for scale in scales])),
        "scale": float(np.median(np.concatenate(ratios))),
    }


def view_angles(real: RealSet, path: ObservedPath) -> Values:
    """Return the horizontal field of view, found and true, in degrees; empty where one is unknown."""
    if real.intrinsics is None or path.half_view is None:
        return {}
    true = 0.5 * real.intrinsics.width / real.intrinsics.K[0][0]
    return {
        name: math.degrees(2 * math.atan(half)) for name, half in (("view", path.half_view[0]), ("true_view", true))
    }


def _ratios(real: RealSet, frame: RealFrame, found: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, " cells"]:
    """Return found depth / true depth of the cells that have both."""
    true = sampled(real.depth(frame), *found.shape)
    valid = (true > NEAREST) & (true < FARTHEST) & np.isfinite(found) & (found > 0)
    return (found[valid] / true[valid]).astype(np.float64)


def _aligned(
    source: Float64[np.ndarray, "frames 4 4"], target: Float64[np.ndarray, "frames 4 4"], with_scale: bool
) -> Alignment:
    return umeyama(source[:, :3, 3], target[:, :3, 3], np.ones(len(source)), with_scale)


def _length(poses: Float64[np.ndarray, "frames 4 4"]) -> float:
    return float(np.linalg.norm(np.diff(poses[:, :3, 3], axis=0), axis=1).sum())


def _angles(
    first: Float64[np.ndarray, "turns 3 3"], second: Float64[np.ndarray, "turns 3 3"]
) -> Float64[np.ndarray, " turns"]:
    """Return the angles between rotations in degrees, from the chord ‖A − B‖ = 2√2 sin(θ/2)."""
    chord = np.linalg.norm(first - second, axis=(1, 2)) / math.sqrt(8)
    return np.degrees(2 * np.arcsin(np.minimum(chord, 1.0)))
