"""Features of frames (SIFT), and which of one frame are found again in another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8

from .linear import product

FEATURES = 800  # of a frame, at most
CONTRAST = 0.005  # of a feature; SIFT's usual 0.04 leaves nothing of plain walls
EDGE = 15.0  # how edge-like a feature may be
RATIO = 0.85  # of a match's distance to the next best's
MATCHES = 100  # of a pair, at most: the likest


@dataclass(frozen=True)
class Features:
    """Features of a frame, the strongest first: pixels from the image's centre, unit descriptors, and the encoder's
    depth there."""

    pixels: Float[np.ndarray, "features 2"]
    descriptors: Float[np.ndarray, "features 128"]
    depth: Float[np.ndarray, " features"]


@dataclass(frozen=True)
class Landmarks:
    """What may be recognised in a window's last frame: its features, and the focal length (pixels) that goes with
    them. `certain`: matches join all frames of the window."""

    features: Features
    focal: float
    certain: bool = True

    def scaled(self, scale: float) -> Landmarks:
        """Give the landmarks in other units of length."""
        return replace(self, features=replace(self.features, depth=self.features.depth * scale))


@dataclass(frozen=True)
class Sights:
    """Points of `source` frames by their pixels and depth, and the pixels where `target` frames see them."""

    source: Int[np.ndarray, " points"]
    target: Int[np.ndarray, " points"]
    pixels: Float[np.ndarray, "points 2"]
    depth: Float[np.ndarray, " points"]
    seen: Float[np.ndarray, "points 2"]

    @staticmethod
    def join(parts: list[Sights]) -> Sights:
        """Join the sights of several pairs."""
        return Sights(*(np.concatenate(arrays) for arrays in zip(*(vars(p).values() for p in parts), strict=True)))


@cache
def opencv() -> Any:
    """Import OpenCV, with as many threads as torch has."""
    import cv2

    cv2.setNumThreads(torch.get_num_threads())
    return cv2


def detect(image: UInt8[np.ndarray, "height width"], depth: Float[np.ndarray, "rows columns"]) -> Features:
    """Find the features of a frame, where its depth is positive."""
    pixels, descriptors = _found(image.tobytes(), image.shape)
    size, cells = np.array(image.shape[::-1]), np.array(depth.shape[::-1])
    column, row = (pixels * cells / size).astype(int).clip(0, cells - 1).T
    z = depth[row, column]
    return Features((pixels - size / 2)[z > 0], descriptors[z > 0], z[z > 0])


@lru_cache(maxsize=64)
def _found(image: bytes, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Find features, the strongest first: pixels from the upper left corner, and descriptors. Windows share frames,
    which are looked at once."""
    sift = opencv().SIFT_create(nfeatures=FEATURES, contrastThreshold=CONTRAST, edgeThreshold=EDGE)
    points, found = sift.detectAndCompute(np.frombuffer(image, np.uint8).reshape(shape), None)
    order = np.argsort([-point.response for point in points], kind="stable")
    pixels = np.array([point.pt for point in points], np.float64).reshape(-1, 2)[order] + 0.5
    # The square root of a histogram of unit sum: distances of these tell features better apart (Arandjelović 2012).
    counts = np.zeros((0, 128), np.float32) if found is None else found[order]
    return pixels, np.sqrt(counts / counts.sum(1, keepdims=True).clip(1e-6))


def match(first: Features, second: Features, source: int, target: int) -> Sights:
    """Match features that are each other's nearest and clearly nearer than the next. All sights of `source`'s points
    in `target` come first, then, in the same order, those of `target`'s points in `source`."""
    a = b = np.zeros(0, int)
    if len(first.depth) > 1 and len(second.depth) > 1:
        likeness = product(first.descriptors, second.descriptors.T)
        nearest = likeness.argmax(1)
        next_best, best = np.partition(likeness, -2, axis=1)[:, -2:].T
        mutual = likeness.argmax(0)[nearest] == np.arange(len(nearest))
        clear = (1 - best).clip(0) < RATIO**2 * (1 - next_best)
        a = np.flatnonzero(mutual & clear)
        a = np.sort(a[np.argsort(-best[a], kind="stable")[:MATCHES]])
        b = nearest[a]
    here, away = np.full(len(a), source), np.full(len(a), target)
    there = Sights(here, away, first.pixels[a], first.depth[a], second.pixels[b])
    back = Sights(away, here, second.pixels[b], second.depth[b], first.pixels[a])
    return Sights.join([there, back])
