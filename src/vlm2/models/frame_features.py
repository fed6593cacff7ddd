"""The frozen encoders over the frames of a video: their features are all that the trained parts see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

from ..encoders.geometry.cameras import pool_to_grid
from ..encoders.geometry.encoder import Geometry
from ..encoders.vision import VisionEncoder
from .windows import EncodedWindow, FrameInputs, Verticals, WindowEncoder, WindowState

FRAMES_AT_ONCE = 16  # through the vision encoder

Images = Float[Tensor, "frames 3 _ _"]


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
        inputs: FrameInputs, geometry: Geometry, times: Float[Tensor, " frames"], scale: float | Tensor = 1.0
    ) -> FrameFeatures:
        """Join the outputs of the two frozen encoders: X and its confidence are averaged over the vision encoder's
        patches. `scale` is the length that becomes 1 in C and in the poses: `scene_scale` of the first window."""
        assert inputs.visual_tokens is not None and inputs.grid is not None
        poses = geometry.world_from_camera.clone()
        poses[:, :3, 3] /= scale
        return FrameFeatures(
            visual_tokens=inputs.visual_tokens,
            patch_coordinates=pool_to_grid(geometry.point_map, inputs.grid) / scale,
            confidence=functional.adaptive_avg_pool2d(geometry.confidence[:, None], inputs.grid).flatten(1),
            geometry_tokens=geometry.geometry_tokens,
            view_tokens=geometry.view_tokens,
            grid=inputs.grid,
            times=times.to(inputs.visual_tokens.device),
            world_from_camera=poses,
        )


def scene_scale(geometry: Geometry, window: int) -> float | Tensor:
    """Return 1 for metric geometry, else the mean depth of the first window, by which C is divided."""
    return 1.0 if geometry.metric else geometry.local_points[:window, ..., 2].mean()


class EncodedPortion(NamedTuple):
    """A portion of a stream: the state after it, its features, the scene's scale, and its geometry."""

    windows: WindowState
    features: FrameFeatures
    scale: float | Tensor
    geometry: Geometry


@dataclass(frozen=True)
class FrameEncoder:
    """The frozen encoders of a model over frames, offline or in portions as a stream."""

    vision: VisionEncoder
    windows: WindowEncoder

    def inputs(
        self,
        images: Images,
        geometry_images: Images | None = None,
        grey: UInt8[Tensor, "frames rows columns"] | None = None,
    ) -> FrameInputs:
        """Run the vision encoder over whole frames in [0, 1]; return what the geometry encoder may see of them.

        `geometry_images` are the same frames at the size of a geometry encoder that sees images, `grey` those in which
        the camera is tracked. Raises ValueError for a size that `vision.frame_size` does not give.
        """
        device = next(self.windows.encoder.parameters()).device
        height, width = images.shape[-2:]
        self.vision.check_size(height, width)
        tokens = torch.cat([self.vision(part.to(device)).float() for part in images.split(FRAMES_AT_ONCE)])
        seen = images if geometry_images is None else geometry_images
        return FrameInputs(seen.to(device), tokens, self.vision.grid(height, width), grey)

    def encode(
        self, images: Images, times: Float[Tensor, " frames"], geometry_images: Images | None = None
    ) -> FrameFeatures:
        """Encode a whole video; `times` in seconds, images as `inputs` takes them."""
        inputs = self.inputs(images, geometry_images)
        geometry = self.windows.encode(inputs)
        scale = scene_scale(geometry, self.windows.encoder.window)
        return FrameFeatures.join(inputs, geometry, times, scale)

    def advance(
        self,
        state: WindowState,
        inputs: FrameInputs,
        times: Float[Tensor, " frames"],
        scale: float | Tensor | None = None,
        encoded: EncodedWindow | None = None,
        verticals: Verticals = dict,
    ) -> EncodedPortion:
        """Encode the next portion of a stream.

        It holds `state.missing` frames; the last portion may hold fewer. `scale` is that of the portions before;
        `encoded` is used if it is of the portion's window. `verticals` is called after tracking.
        """
        state, geometry = self.windows.advance(state, inputs, encoded, verticals)
        if geometry is None:
            state, geometry = self.windows.finish(state, verticals)
        assert geometry is not None
        scale = scene_scale(geometry, state.window) if scale is None else scale
        features = FrameFeatures.join(inputs, geometry, times, scale)
        return EncodedPortion(state, features, scale, geometry)
