"""One detection lifted into 3D, in its camera's frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, UInt8

POINTS = 12  # of a sighting
FEWEST_POINTS = 2
LEAST_SIDE = 0.02  # metres, of a box
BEHIND = 0.6  # metres, plus a quarter of the depth: points farther than this from the thing's depth are not its own


@dataclass(frozen=True)
class SightedBox:
    """The 3D box of a thing as a detector estimates it from one frame.

    `centre` is the centre of the box (metres, camera frame). `size` is long side, short side and height in metres.
    `heading` is the angle of the long side about the vertical, from the camera's right to its forward direction, in
    radians modulo π.
    """

    centre: Float[np.ndarray, " 3"]
    size: Float[np.ndarray, " 3"]
    heading: float


@dataclass(frozen=True)
class ObjectSighting:
    """A thing as one frame shows it, in that frame's camera frame (OpenCV axes, metres).

    `evidence` is a probability for each label. `points` lie on the visible surface. `share` is the part of the image
    that it covers (0–1), `colour` its median sRGB. `whole` is False where the frame's border cuts it off.
    """

    frame: int
    time: float
    evidence: Float[np.ndarray, " labels"]
    score: float
    points: Float[np.ndarray, "points 3"]
    shape: SightedBox | None
    share: float
    colour: UInt8[np.ndarray, " 3"]
    whole: bool

    @cached_property
    def centre(self) -> Float[np.ndarray, " 3"]:
        """The centre of its box where the detector gives one, else the middle of its visible points."""
        if self.shape is not None:
            return self.shape.centre
        return 0.5 * (self.points.min(0) + self.points.max(0))

    @cached_property
    def depth(self) -> float:
        """Distance to the middle of the visible points along the camera's axis, in metres."""
        return float(self.points[:, 2].mean())

    @cached_property
    def extent(self) -> float:
        """The length of its long side in metres, as far as it is known."""
        return float(np.ptp(self.points, axis=0).max()) if self.shape is None else float(self.shape.size.max())

    @cached_property
    def label_direction(self) -> Float[np.ndarray, " labels"]:
        """The evidence, scaled to a unit vector."""
        return self.evidence / max(float(np.linalg.norm(self.evidence)), 1e-9)

    @cached_property
    def log_size(self) -> Float[np.ndarray, " 3"]:
        """The logarithms of long side, short side and height in metres; NaN where the detector gives no 3D box."""
        return np.full(3, np.nan) if self.shape is None else np.log(np.maximum(self.shape.size, LEAST_SIDE))

    def scaled(self, factor: float) -> ObjectSighting:
        """Return the sighting with its places multiplied; the size that its detector estimates stays."""
        shape = None if self.shape is None else replace(self.shape, centre=factor * self.shape.centre)
        return replace(self, points=(factor * self.points).astype(self.points.dtype), shape=shape)

    @property
    def quality(self) -> float:
        """The weight of this sighting: high if its score and share are large and the thing is whole."""
        return self.score * min(self.share, 0.1) ** 0.5 * (1.0 if self.whole else 0.5)


def visible_points(
    points: Float[np.ndarray, "rows columns 3"],
    mask: Bool[np.ndarray, "rows columns"],
    near: float = 0.5,
    count: int = POINTS,
) -> Float[np.ndarray, "points 3"] | None:
    """Return at most `count` points of a mask's cells, without those behind or in front of the thing; None if too few
    are left. The thing's depth is the quantile `near` of the depths in the mask; it should be below 0.5 for a mask that
    contains much background."""
    inside = points[mask]
    inside = inside[inside[:, 2] > 0.05]
    if len(inside) < FEWEST_POINTS:
        return None
    depth = np.interp(near * (len(inside) - 1), np.arange(len(inside)), np.sort(inside[:, 2]))
    kept = inside[np.abs(inside[:, 2] - depth) < BEHIND + 0.25 * depth]
    if len(kept) < FEWEST_POINTS:
        return None
    if len(kept) > count:
        kept = kept[np.linspace(0, len(kept) - 1, count).round().astype(int)]
    return kept.astype(np.float32)
