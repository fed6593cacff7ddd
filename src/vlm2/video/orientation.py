"""Turn stored pixels the way a viewer sees them.

Phones store frames as the sensor reads them and put a display matrix beside them: 3×3 integers in 16.16 fixed point
(ISO/IEC 14496-12, track header box), rows (a, b, u), (c, d, v), (x, y, w). A stored pixel (column p, row q) is shown at
column a·p + c·q + x, row b·p + d·q + y.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8


@dataclass(frozen=True)
class Orientation:
    """How to lay out a stored image: first swap rows and columns, then mirror left-right, then top-bottom."""

    transpose: bool = False
    mirror_columns: bool = False
    mirror_rows: bool = False

    @staticmethod
    def of_matrix(display_matrix: bytes) -> Orientation:
        """Read a display matrix (36 bytes, native order); angles between quarter turns go to the nearest one."""
        a, b, _, c, d, *_ = struct.unpack("=9i", display_matrix[:36])
        if abs(b) + abs(c) > abs(a) + abs(d):
            return Orientation(True, mirror_columns=c < 0, mirror_rows=b < 0)
        return Orientation(False, mirror_columns=a < 0, mirror_rows=d < 0)

    @staticmethod
    def of_angle(degrees: float) -> Orientation:
        """Return the nearest quarter turn; `degrees` are counter-clockwise."""
        turned = [(False, False, False), (True, False, True), (False, True, True), (True, True, False)]
        return Orientation(*turned[round(degrees / 90) % 4])

    def apply(self, image: UInt8[np.ndarray, "rows columns 3"]) -> UInt8[np.ndarray, "height width 3"]:
        """Return the image as a viewer sees it, contiguous in memory."""
        if self.transpose:
            image = image.swapaxes(0, 1)
        if self.mirror_columns:
            image = image[:, ::-1]
        if self.mirror_rows:
            image = image[::-1]
        return np.ascontiguousarray(image)
