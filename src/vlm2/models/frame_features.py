"""What the frozen parts say about the frames of a video: all that the trained parts see, and what a cache keeps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from ..encoders.geometry.cameras import pool_to_grid
from ..encoders.geometry.encoder import Geometry


@dataclass(frozen=True)
class FrameFeatures:
    """Frames of one video after the frozen encoders. Patches are row-major on `grid` (rows, columns); the geometry
    encoder may have a grid of its own. Coordinates are metres where it is metric, in the first frame's camera frame."""

    visual_tokens: Float[Tensor, "frames patches vision_dim"]  # F
    patch_coordinates: Float[Tensor, "frames patches 3"]  # C
    confidence: Float[Tensor, "frames patches"]  # in [0, 1]
    geometry_tokens: Float[Tensor, "frames geometry_patches geometry_dim"]  # G
    view_tokens: Float[Tensor, "frames geometry_patches view_dim"]  # Z
    grid: tuple[int, int]
    times: Float[Tensor, " frames"]  # seconds
    world_from_camera: Float[Tensor, "frames 4 4"] | None = None  # in the world of the coordinates; not in caches

    def __len__(self) -> int:
        return self.visual_tokens.shape[0]

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> FrameFeatures:
        """Return the features on a device and in a dtype. Times keep theirs."""
        moved = {
            name: value.to(device=device, dtype=dtype if name != "times" else None)
            for name, value in vars(self).items()
            if isinstance(value, Tensor)
        }
        return replace(self, **moved)

    def __getitem__(self, frames: slice | Tensor) -> FrameFeatures:
        """Return the features of some frames."""
        chosen = {name: value[frames] for name, value in vars(self).items() if isinstance(value, Tensor)}
        return replace(self, **chosen)

    @staticmethod
    def join(
        visual_tokens: Float[Tensor, "frames patches vision_dim"],
        geometry: Geometry,
        grid: tuple[int, int],
        times: Float[Tensor, " frames"],
        unit: float | Tensor = 1.0,
    ) -> FrameFeatures:
        """Join what the two frozen encoders give: X and its confidence are averaged over the patches of `grid`.

        `unit` is the length that becomes 1 in C: `scene_unit` of the first window where the geometry is not metric.
        """
        return FrameFeatures(
            visual_tokens=visual_tokens,
            patch_coordinates=pool_to_grid(geometry.point_map, grid) / unit,
            confidence=functional.adaptive_avg_pool2d(geometry.confidence[:, None], grid).flatten(1),
            geometry_tokens=geometry.geometry_tokens,
            view_tokens=geometry.view_tokens,
            grid=grid,
            times=times,
            world_from_camera=_in_units(geometry.world_from_camera, unit),
        )


def _in_units(world_from_camera: Float[Tensor, "frames 4 4"], unit: float | Tensor) -> Float[Tensor, "frames 4 4"]:
    """Return poses in a world whose length 1 is `unit`."""
    poses = world_from_camera.clone()
    poses[:, :3, 3] /= unit
    return poses


def scene_unit(geometry: Geometry, window: int) -> float | Tensor:
    """Return 1 for metric geometry, else the mean depth of the first window, by which C is divided."""
    return 1.0 if geometry.metric else geometry.local_points[:window, ..., 2].mean()
