"""The interface of geometry encoders, and what they return."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor, nn

PER_FRAME = ("local_points", "confidence", "world_from_camera", "geometry_tokens", "view_tokens")


@dataclass(frozen=True)
class Geometry:
    """Geometry of frames that were encoded together. Camera axes are OpenCV's (x right, y down, z forward).

    The world frame is the first frame's camera frame unless windows were joined into another; metres when `metric`.
    """

    local_points: Float[Tensor, "frames height width 3"]
    confidence: Float[Tensor, "frames height width"]  # in [0, 1]
    world_from_camera: Float[Tensor, "frames 4 4"]
    geometry_tokens: Float[Tensor, "frames patches geometry_dim"]  # G
    view_tokens: Float[Tensor, "frames patches view_dim"]  # Z
    grid: tuple[int, int]  # patches = rows × columns of G and Z
    metric: bool

    def __len__(self) -> int:
        return len(self.local_points)

    def __getitem__(self, frames: slice) -> Geometry:
        """Return the geometry of some frames, in the same world."""
        return replace(self, **{name: getattr(self, name)[frames] for name in PER_FRAME})

    @staticmethod
    def join(parts: list[Geometry]) -> Geometry:
        """Join geometry of successive frames in the same world."""
        return replace(parts[0], **{name: torch.cat([getattr(part, name) for part in parts]) for name in PER_FRAME})

    @property
    def point_map(self) -> Float[Tensor, "frames height width 3"]:
        """X: the local points in the world frame."""
        rotation = self.world_from_camera[:, None, None, :3, :3]
        return (rotation @ self.local_points[..., None])[..., 0] + self.world_from_camera[:, None, None, :3, 3]


class GeometryEncoder(nn.Module, ABC):
    """Frames in, 3D out. One subclass a file; found by its file's name.

    `window` is the most frames that `encode` takes. `needs_visual_tokens`: it reads the vision encoder's features
    instead of images. `needs_images`: it sees images as well.
    """

    geometry_dim: int
    view_dim: int
    metric: bool
    window: int
    needs_visual_tokens: bool
    needs_images: bool = False

    def to_bfloat16(self) -> GeometryEncoder:
        """Compute in bfloat16 where the results allow it; return self. The default changes nothing."""
        return self

    @abstractmethod
    def encode(
        self,
        images: Float[Tensor, "frames 3 height width"] | None,
        visual_tokens: Float[Tensor, "frames patches dim"] | None = None,
        grid: tuple[int, int] | None = None,
    ) -> Geometry:
        """Encode at most `window` frames together.

        `images` are in [0, 1]; encoders that read `visual_tokens` on `grid` ignore them, and they may be None.
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
    """Return the (height, width) at which a whole frame is encoded: multiples of `step`, the aspect ratio nearly kept.

    It has at most `max_pixels`, and not more than the frame unless the frame is smaller than a step."""
    native = max(height, step) * max(width, step)
    return nearest_size(width / height, step, min(native, max_pixels))
