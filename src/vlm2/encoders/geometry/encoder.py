"""What a geometry encoder is, and what it gives."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from jaxtyping import Float
from torch import Tensor, nn

if TYPE_CHECKING:
    from ...slam.features import Landmarks


@dataclass(frozen=True)
class Geometry:
    """Geometry of frames seen together. Camera axes are OpenCV's (x right, y down, z forward).

    The world frame is the first frame's camera frame unless windows were joined into another; metres when `metric`.
    """

    local_points: Float[Tensor, "frames height width 3"]
    confidence: Float[Tensor, "frames height width"]  # in [0, 1]
    world_from_camera: Float[Tensor, "frames 4 4"]
    geometry_tokens: Float[Tensor, "frames patches geometry_dim"]  # G
    view_tokens: Float[Tensor, "frames patches view_dim"]  # Z
    grid: tuple[int, int]  # patches = rows × columns of G and Z
    metric: bool
    landmarks: Landmarks | None = None  # of the last frame, where poses are tracked

    @property
    def point_map(self) -> Float[Tensor, "frames height width 3"]:
        """X: the local points in the world frame."""
        rotation = self.world_from_camera[:, None, None, :3, :3]
        return (rotation @ self.local_points[..., None])[..., 0] + self.world_from_camera[:, None, None, :3, 3]


class GeometryEncoder(nn.Module, ABC):
    """Frames in, 3D out. One subclass a file; found by its file's name."""

    geometry_dim: int
    view_dim: int
    metric: bool
    window: int  # most frames to see at once
    needs_visual_tokens: bool
    trusted_poses: bool = False  # poses say better than points how two windows lie to each other

    @property
    def needs_images(self) -> bool:
        """Whether `encode` wants the images themselves."""
        return not self.needs_visual_tokens

    def halve(self) -> GeometryEncoder:
        """Compute in bfloat16 where the results bear it; return self. Encoders that cannot stay as they are."""
        return self

    @abstractmethod
    def encode(
        self,
        images: Float[Tensor, "frames 3 height width"] | None,
        visual_tokens: Float[Tensor, "frames patches dim"] | None = None,
        grid: tuple[int, int] | None = None,
    ) -> Geometry:
        """Encode at most `window` frames together.

        `images` are in [0, 1]; encoders that reuse the vision encoder's features read `visual_tokens` on `grid`, and
        their `images` may be None.
        """


@cache
def nearest_size(aspect: float, step: int, max_pixels: int) -> tuple[int, int]:
    """Return the (height, width) nearest `aspect` (w/h), multiples of `step`, with half to all of `max_pixels`."""
    most = max_pixels // step**2  # cells of step × step pixels
    sizes = [(rows, columns) for rows in range(1, most + 1) for columns in range(1, most // rows + 1)]
    large = [size for size in sizes if size[0] * size[1] >= most / 2]
    rows, columns = min(large, key=lambda s: (round(abs(math.log(s[1] / s[0] / aspect)), 9), -s[0] * s[1]))
    return rows * step, columns * step


def native_size(height: int, width: int, step: int, max_pixels: int) -> tuple[int, int]:
    """Return the (height, width) for a whole frame of this size: multiples of `step`, the aspect ratio kept as nearly
    as they allow, at most `max_pixels` and never more than the frame has, but for frames smaller than a step."""
    native = max(height, step) * max(width, step)
    return nearest_size(width / height, step, min(native, max_pixels))
