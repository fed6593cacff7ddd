"""Decoded frames as RGB pictures: square pixels, upright, of standard range, and all of one size."""

from __future__ import annotations

import av
import numpy as np
from av.video.stream import VideoStream
from jaxtyping import UInt8

from .hdr import to_standard_range
from .orientation import display_matrix

SAME_SHAPE = 0.02  # largest relative difference between the aspect ratios of pictures of one shape


class VideoError(ValueError):
    """A video cannot be read. The message names the file, the reason and what to do."""


class PictureChanged(VideoError):
    """The picture changed its shape. The frames before the change are valid."""


def check_picture(picture: np.ndarray) -> None:
    """Raise ValueError for what is no RGB picture: uint8, height × width × 3, not empty."""
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        shape = " × ".join(map(str, picture.shape))
        raise ValueError(f"A frame is an RGB picture, uint8, height × width × 3; this is {picture.dtype}, {shape}.")


class FrameConverter:
    """Converts frames to pictures of one size. `size` is (height, width) in pixels; None before the first picture."""

    def __init__(self, size: tuple[int, int] | None = None) -> None:
        self.size = size

    def convert(self, frame: av.VideoFrame, stream: VideoStream) -> UInt8[np.ndarray, "height width 3"]:
        """Return the frame as sRGB with square pixels, upright; HDR is brought to the standard range.

        Another resolution of the same shape is scaled.

        Raises PictureChanged for another shape.
        """
        matrix = display_matrix(frame)
        rows, columns = frame.height, square_width(frame.width, stream)
        height, width = (columns, rows) if matrix.transposes else (rows, columns)
        if self.size is None:
            self.size = height, width
        elif self.size != (height, width):
            if abs(width * self.size[0] / (height * self.size[1]) - 1) > SAME_SHAPE:
                raise PictureChanged(
                    f"the picture changes from {self.size[1]}×{self.size[0]} to {width}×{height} pixels"
                )
            rows, columns = self.size[::-1] if matrix.transposes else self.size
        image = frame.reformat(width=columns, height=rows, format="rgb24").to_ndarray()
        standard = to_standard_range(stream)
        return matrix.apply(image if standard is None else standard(image))


def square_width(width: int, stream: VideoStream) -> int:
    """Return the width of a picture after its pixels were made square."""
    aspect = float(stream.sample_aspect_ratio or 1)
    return max(round(width * aspect), 1) if 1 / 8 <= aspect <= 8 else width
