"""The camera's path: times and poses."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated

import numpy as np
from jaxtyping import Float64
from pydantic import Field, model_validator

from .frozen import FrozenRecord

Pose = Annotated[tuple[float, ...], Field(min_length=12, max_length=12)]


class ObservedPath(FrozenRecord):
    """The camera's poses: seconds, in order, and `world_from_camera` as 3×4 rows, flattened (x right, y down, z
    forward). `half_view` holds the tangents of half the horizontal and half the vertical field of view. `pieces` are
    the numbers of the pieces of the path, which begin where the camera was lost: how two pieces lie to each other is
    a guess. Empty: one piece."""

    times: tuple[float, ...] = ()
    world_from_camera: tuple[Pose, ...] = ()
    half_view: tuple[float, float] | None = None
    pieces: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> ObservedPath:
        if len(self.times) != len(self.world_from_camera):
            raise ValueError(f"the path has {len(self.times)} times but {len(self.world_from_camera)} poses")
        if self.pieces and len(self.pieces) != len(self.times):
            raise ValueError(f"the path has {len(self.times)} times but {len(self.pieces)} numbers of pieces")
        if any(after <= before for before, after in zip(self.times, self.times[1:], strict=False)):
            raise ValueError("the times of the path do not increase")
        return self

    def __bool__(self) -> bool:
        return bool(self.times)

    @cached_property
    def poses(self) -> Float64[np.ndarray, "frames 3 4"]:
        """The poses as an array."""
        return np.array(self.world_from_camera, dtype=np.float64).reshape(-1, 3, 4)

    def frame(self, time: float) -> int:
        """Return the index of the pose closest to a time."""
        return int(np.abs(np.array(self.times) - time).argmin())

    @property
    def long_step(self) -> float:
        """The time between two poses, in seconds, that only a twentieth of the steps exceed; 0 for a single pose. It
        grows as a path is thinned, and with a slow phase. A single gap does not change it."""
        steps = np.diff(self.times)
        return float(np.quantile(steps, 0.95, method="lower")) if len(steps) else 0.0

    def piece(self, time: float) -> int:
        """Return the number of the piece at a time."""
        return self.pieces[self.frame(time)] if self.pieces else 0

    def pieces_between(self, start: float, end: float) -> set[int]:
        """Return the numbers of the pieces between two times, whichever is first."""
        first, last = sorted((self.frame(start), self.frame(end)))
        return set(self.pieces[first : last + 1]) or {0}

    @property
    def lost(self) -> tuple[float, ...]:
        """The times at which the camera was lost: the first of each piece but the first one."""
        first = [self.pieces.index(piece) for piece in set(self.pieces)]
        return tuple(self.times[index] for index in sorted(first)[1:])

    def time_of_share(self, share: float) -> float:
        """Return the time of the pose at a share (0–1) of the number of poses; 1 is the last pose."""
        return self.times[round(share * (len(self.times) - 1))]

    def walked(self, start: float, end: float) -> float:
        """Return the length of the path between two times, in metres."""
        steps = np.linalg.norm(np.diff(self.poses[:, :, 3], axis=0), axis=1)
        along = np.interp([start, end], self.times, np.concatenate([[0.0], np.cumsum(steps)]))
        return float(abs(along[1] - along[0]))

    def moved(self, metres: float, degrees: float) -> bool:
        """Tell whether the camera went this far from its first place, or turned by this much from where it looked."""
        steps = np.linalg.norm(self.poses[:, :, 3] - self.poses[0, :, 3], axis=1)
        ahead = self.poses[:, :, 2] @ self.poses[0, :, 2]
        return bool((steps > metres).any() or (ahead < np.cos(np.radians(degrees))).any())

    def in_camera(self, points: Float64[np.ndarray, "points 3"], time: float) -> Float64[np.ndarray, "points 3"]:
        """Return world points in the camera's frame at a time."""
        pose = self.poses[self.frame(time)]
        return (points - pose[:, 3]) @ pose[:, :3]
