"""Orientation of frames: turn stored pixels to what a viewer sees."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from typing import NamedTuple

import av
import numpy as np
from av.error import FFmpegError
from av.filter import Graph
from av.sidedata.sidedata import Type
from jaxtyping import UInt8

SIDE_DATA_TYPES = 64  # above the number of FFmpeg's types of frame side data


class DisplayMatrix(NamedTuple):
    """The linear part of a display matrix (ISO/IEC 14496-12, track header box).

    Phones store frames as the sensor reads them, beside this matrix. A stored pixel (column p, row q) is shown at
    column a·p + c·q and row b·p + d·q, up to a shift. The numbers may have any common scale.
    """

    a: float = 1
    b: float = 0
    c: float = 0
    d: float = 1

    @staticmethod
    def of_angle(degrees: float) -> DisplayMatrix:
        """Return the nearest quarter turn. `degrees` are counter-clockwise."""
        angle = math.radians(90 * round(degrees / 90))
        return DisplayMatrix(math.cos(angle), -math.sin(angle), math.sin(angle), math.cos(angle))

    @property
    def transposes(self) -> bool:
        """Whether rows become columns. Other angles count as the nearest quarter turn."""
        return abs(self.b) + abs(self.c) > abs(self.a) + abs(self.d)

    def apply(self, image: UInt8[np.ndarray, "rows columns 3"]) -> UInt8[np.ndarray, "height width 3"]:
        """Return the image as a viewer sees it, contiguous in memory."""
        across, down = (self.c, self.b) if self.transposes else (self.a, self.d)
        image = image.swapaxes(0, 1) if self.transposes else image
        return np.ascontiguousarray(image[:: -1 if down < 0 else 1, :: -1 if across < 0 else 1])


def display_matrix(frame: av.VideoFrame) -> DisplayMatrix:
    """Return a frame's display matrix, also for a camera's JPEG with EXIF."""
    try:
        side_data = frame.side_data
    except ValueError:  # PyAV cannot list side data if it does not know one of the types, such as EXIF
        try:
            side_data = _without_unknown(frame).side_data
        except (FFmpegError, ValueError):  # the angle is still known, mirroring is not
            return DisplayMatrix.of_angle(frame.rotation)
    try:
        matrix = side_data["DISPLAYMATRIX"]  # pyright: ignore[reportGeneralTypeIssues] (PyAV's stub)
    except KeyError:
        return DisplayMatrix()
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(matrix)[:36])
    return DisplayMatrix(a, b, c, d)


def _without_unknown(frame: av.VideoFrame) -> av.VideoFrame:
    """Return the frame without the side data whose type PyAV does not know. Pixels are not copied."""
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
