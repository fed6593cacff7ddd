"""Decoded frames as pictures: RGB, square pixels, the right way up, and all of one size."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from av.error import FFmpegError
from av.filter import Graph
from av.sidedata.sidedata import Type
from av.video.stream import VideoStream
from jaxtyping import UInt8

from .orientation import Orientation

SIDE_DATA_TYPES = 64  # FFmpeg has 32 types of frame side data so far
SAME_SHAPE = 0.02  # by how much the ratio of width to height may differ between pictures of one shape


class VideoError(ValueError):
    """A file from which no frame can be read; the message says which, why, and what to do."""


class PictureChanged(VideoError):
    """The picture has another shape than before; the frames before it are of use."""


class Screen:
    """Makes pictures of one size. `size` is height and width in pixels; None before the first picture."""

    def __init__(self, size: tuple[int, int] | None = None) -> None:
        self.size = size

    def show(self, frame: av.VideoFrame, stream: VideoStream) -> UInt8[np.ndarray, "height width 3"]:
        """Return the frame as RGB with square pixels, the right way up. One of the same shape and another resolution is
        scaled. Raises PictureChanged for one of another shape."""
        orientation = orientation_of(frame)
        rows, columns = frame.height, square_width(frame.width, stream)
        height, width = (columns, rows) if orientation.transpose else (rows, columns)
        if self.size is not None and self.size != (height, width):
            if abs(width * self.size[0] / (height * self.size[1]) - 1) > SAME_SHAPE:
                raise PictureChanged(
                    f"the picture changes from {self.size[1]}×{self.size[0]} to {width}×{height} pixels"
                )
            rows, columns = self.size[::-1] if orientation.transpose else self.size
        self.size = self.size or (height, width)
        return orientation.apply(frame.reformat(width=columns, height=rows, format="rgb24").to_ndarray())


def square_width(width: int, stream: VideoStream) -> int:
    """Return the width of a picture in square pixels."""
    aspect = float(stream.sample_aspect_ratio or 1)
    return max(round(width * aspect), 1) if 1 / 8 <= aspect <= 8 else width


def orientation_of(frame: av.VideoFrame) -> Orientation:
    """Return how a frame is shown. Side data that PyAV has no name for (EXIF of a camera's JPEGs) is passed over."""
    try:
        side_data = frame.side_data
    except ValueError:  # PyAV lists all of a frame's side data or none
        try:
            side_data = _known_only(frame).side_data
        except (FFmpegError, ValueError):  # the angle is known in any case, mirroring is not
            return Orientation.of_angle(frame.rotation)
    try:
        matrix = side_data["DISPLAYMATRIX"]  # pyright: ignore[reportGeneralTypeIssues] (PyAV's stub)
    except KeyError:
        return Orientation()
    return Orientation.of_matrix(bytes(matrix))


def _known_only(frame: av.VideoFrame) -> av.VideoFrame:
    """Return the frame without the side data that PyAV does not know. Pixels are not copied."""
    graph, known = Graph(), {kind.value for kind in Type}
    unknown = [kind for kind in range(SIDE_DATA_TYPES) if kind not in known]
    filters = [
        graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 1000)),
        *(graph.add("sidedata", f"mode=delete:type={kind}") for kind in unknown),
        graph.add("buffersink"),
    ]
    graph.link_nodes(*filters).configure()
    graph.vpush(frame)
    return graph.vpull()
