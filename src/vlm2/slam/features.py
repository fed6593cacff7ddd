"""SIFT features of frames, and their matches between two frames."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from .configuration import FeatureConfig


@dataclass(frozen=True)
class Features:
    """Features of a frame, the strongest first: pixels from the image's centre, unit descriptors, and the depth at each
    pixel."""

    pixels: Float[np.ndarray, "features 2"]
    descriptors: Float[np.ndarray, "features 128"]
    depth: Float[np.ndarray, " features"]


@dataclass(frozen=True)
class KeyframeFeatures:
    """Features of a frame, by which its place is recognised later, and the focal length in pixels. `fine`: they are of
    the full-size frame, because its neighbours match weakly."""

    features: Features
    focal: float
    fine: bool = False

    def scaled(self, scale: float) -> KeyframeFeatures:
        """Multiply the depths by a factor."""
        return replace(self, features=replace(self.features, depth=self.features.depth * scale))


@dataclass(frozen=True)
class Matches:
    """Features of `source` frames, by pixels and depth, and the pixels of the same points in `target` frames.

    `source` and `target` are indices of frames; pixels count from the image's centre.
    """

    source: Int[np.ndarray, " matches"]
    target: Int[np.ndarray, " matches"]
    source_pixels: Float[np.ndarray, "matches 2"]
    source_depth: Float[np.ndarray, " matches"]
    target_pixels: Float[np.ndarray, "matches 2"]

    def __len__(self) -> int:
        return len(self.source)

    @property
    def ends(self) -> tuple[int, int]:
        """The frames of the matches of one pair."""
        return int(self.source[0]), int(self.target[0])

    def scaled(self, scale: float) -> Matches:
        """Multiply the depths by a factor."""
        return replace(self, source_depth=scale * self.source_depth)

    @staticmethod
    def join(parts: list[Matches]) -> Matches:
        """Join the matches of several pairs."""
        return Matches(*(np.concatenate(arrays) for arrays in zip(*(vars(p).values() for p in parts), strict=True)))


def detect(
    image: UInt8[np.ndarray, "height width"],
    depth: Float[np.ndarray, "rows columns"],
    config: FeatureConfig,
    width: int | None = None,
) -> Features:
    """Find the features of a grey frame at pixels of positive depth. Pixels are those of the frame at another `width`,
    where one is given."""
    pixels, descriptors = sift(image, config)
    size, cells = np.array(image.shape[::-1]), np.array(depth.shape[::-1])
    column, row = (pixels * cells / size).astype(int).clip(0, cells - 1).T
    z = depth[row, column]
    scale = 1.0 if width is None else width / image.shape[1]
    return Features(scale * (pixels - size / 2)[z > 0], descriptors[z > 0], z[z > 0])


def sift(image: UInt8[np.ndarray, "height width"], config: FeatureConfig) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels from the upper left corner and descriptors, the strongest first. Cached for the last frames:
    windows overlap, and frames are looked at ahead."""
    return _sift(image.tobytes(), image.shape, config)


@lru_cache(maxsize=128)  # some 0.5 MB each
def _sift(image: bytes, shape: tuple[int, int], config: FeatureConfig) -> tuple[np.ndarray, np.ndarray]:
    detector = cv2.SIFT.create(config.max_features, 3, config.contrast_threshold, config.edge_threshold)  # 3: default
    points, found = detector.detectAndCompute(np.frombuffer(image, np.uint8).reshape(shape), None)
    order = np.argsort([-point.response for point in points], kind="stable")
    pixels = np.array([point.pt for point in points], np.float64).reshape(-1, 2)[order] + 0.5
    # The square root of a histogram of unit sum: distances of these tell features better apart (Arandjelović 2012).
    counts = np.zeros((0, 128), np.float32) if found is None else found[order]
    return pixels, np.sqrt(counts / counts.sum(1, keepdims=True).clip(1e-6))


def match(first: Features, second: Features, source: int, target: int, config: FeatureConfig) -> Matches:
    """Match features that are each other's nearest and clearly nearer than the second nearest.

    Every match is returned in both directions: those from `source` to `target` first, then the others in the same
    order.
    """
    a = b = np.zeros(0, int)
    if len(first.depth) > 1 and len(second.depth) > 1:
        similarity = first.descriptors @ second.descriptors.T
        of_second = similarity.max(0)
        nearest, best, clear = nearest_and_clear(similarity, config.max_ratio)
        a = np.flatnonzero((best == of_second[nearest]) & clear)
        a = np.sort(a[np.argsort(-best[a], kind="stable")[: config.max_matches]])
        b = nearest[a]
    sources, targets = np.full(len(a), source), np.full(len(a), target)
    forward = Matches(sources, targets, first.pixels[a], first.depth[a], second.pixels[b])
    backward = Matches(targets, sources, second.pixels[b], second.depth[b], first.pixels[a])
    return Matches.join([forward, backward])


def nearest_and_clear(
    similarity: Float[np.ndarray, "*batch features"], max_ratio: float
) -> tuple[Int[np.ndarray, "*batch"], Float[np.ndarray, "*batch"], Bool[np.ndarray, "*batch"]]:
    """Return the index of the largest cosine similarity along the last axis, its value, and whether it passes Lowe's
    ratio test. The largest values in `similarity` are overwritten: a copy of such a large array takes longer than all
    else here."""
    nearest = similarity.argmax(-1)
    best = np.take_along_axis(similarity, nearest[..., None], -1)[..., 0]
    np.put_along_axis(similarity, nearest[..., None], -np.inf, -1)
    return nearest, best, (1 - best).clip(0) < max_ratio**2 * (1 - similarity.max(-1))
