"""Small pictures of frames, to show people what a memory holds."""

from __future__ import annotations

import io

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

SIDE = 64  # pixels of the longer side
QUALITY = 80


def thumbnail(picture: UInt8[np.ndarray, "height width 3"]) -> UInt8[Tensor, " bytes"]:
    """Return an RGB picture as the bytes of a JPEG file of at most `SIDE` pixels a side."""
    return small_jpeg(picture, SIDE, QUALITY)


def small_jpeg(
    picture: UInt8[np.ndarray, "height width 3"],
    side: int,
    quality: int,
    filter: Image.Resampling = Image.Resampling.BICUBIC,
) -> UInt8[Tensor, " bytes"]:
    """Return an RGB picture as the bytes of a JPEG file of at most `side` pixels a side."""
    small, file = Image.fromarray(picture), io.BytesIO()
    small.thumbnail((side, side), filter)
    small.save(file, "JPEG", quality=quality)
    return torch.from_numpy(np.frombuffer(file.getvalue(), np.uint8).copy())


def picture(jpeg: UInt8[Tensor, " bytes"]) -> Image.Image:
    """Return a thumbnail as an image. Raises ValueError for bytes that are none."""
    try:
        return Image.open(io.BytesIO(jpeg.numpy().tobytes())).convert("RGB")
    except OSError as error:
        raise ValueError(f"A thumbnail is no JPEG picture: {error}.") from None
