"""FrameResizer: frames to the sizes that the frozen encoders want. It needs no transformers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

from ..encoders.geometry.encoder import native_size, nearest_size
from .checkpoint import PROCESSOR

MAX_PIXELS = 65_536  # of a resized frame that keeps its shape, by default


class FrameResizer:
    """Resizes frames. `side`: whole frames become squares of so many pixels; else they keep their shape, with at most
    `max_pixels`. `geometry_images`: "stride" and "max_pixels" of what a geometry encoder that sees images is given."""

    def __init__(
        self,
        stride: int,
        max_pixels: int = MAX_PIXELS,
        side: int | None = None,
        geometry_images: dict[str, int] | None = None,
        **_: Any,  # what a saved record names besides
    ) -> None:
        self.stride, self.max_pixels, self.side, self.geometry_images = stride, max_pixels, side, geometry_images

    @staticmethod
    def read(folder: Path) -> FrameResizer:
        """Return the resizer of a checkpoint. Raises ValueError as `read_processor_record` does."""
        return FrameResizer(**read_processor_record(folder)["video_processor"])

    def frame_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the (height, width) to which whole frames of a video are resized."""
        if self.side is not None:
            return self.side, self.side
        return nearest_size(width / height, 2 * self.stride, self.max_pixels)

    def sizes(self, height: int, width: int) -> tuple[tuple[int, int], tuple[int, int] | None]:
        """Return the (height, width) to which whole frames are resized for the vision encoder, and for a geometry
        encoder that sees images, else None."""
        limits = self.geometry_images
        seen = None if limits is None else native_size(height, width, limits["stride"], limits["max_pixels"])
        return self.frame_size(height, width), seen

    def resize(self, frames: UInt8[np.ndarray, "frames height width 3"]) -> Float[Tensor, "frames 3 rows columns"]:
        """Resize whole RGB frames and scale them to [0, 1]; squares by cubic interpolation, as SigLIP was trained."""
        mode = "bilinear" if self.side is None else "bicubic"
        return _resized(frames, self.frame_size(*frames.shape[1:3]), mode)

    def resize_for_geometry(
        self, frames: UInt8[np.ndarray, "frames height width 3"]
    ) -> Float[Tensor, "frames 3 rows columns"] | None:
        """Resize whole RGB frames for a geometry encoder that sees images; None where it reads visual tokens."""
        _, size = self.sizes(*frames.shape[1:3])
        return None if size is None else _resized(frames, size, "bilinear")


def read_processor_record(folder: Path) -> dict[str, Any]:
    """Return the record of a checkpoint's processor. Raises ValueError for one that is missing, cannot be read, or is
    of another processor."""
    file, advice = folder / PROCESSOR, f"Use the {PROCESSOR} that was saved with the weights."
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} cannot be read as JSON ({error}). {advice}") from None
    if not isinstance(record, dict) or "stride" not in (record.get("video_processor") or {}):
        raise ValueError(f"{file} is no record of this processor: it has no video_processor with a stride. {advice}")
    return record


def _resized(frames: np.ndarray, size: tuple[int, int], mode: str) -> Float[Tensor, "frames 3 rows columns"]:
    planes = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).contiguous()
    if planes.shape[-2:] == size:
        return planes.float().div_(255)
    resized = torch.empty(*planes.shape[:2], *size)
    for into, frame in zip(resized.split(1), planes.split(1), strict=True):  # one after the other stays in the cache
        into.copy_(functional.interpolate(frame.float().div_(255), size, mode=mode, antialias=True))
    return resized.clamp_(0, 1)
