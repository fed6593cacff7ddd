"""Boxes in an image: how much they overlap, and the best of those that show one thing."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int


def areas(boxes: Float[np.ndarray, "boxes 4"]) -> Float[np.ndarray, " boxes"]:
    """Return the areas of boxes; 0 for those whose corners are in the wrong order."""
    return (boxes[:, 2:] - boxes[:, :2]).clip(min=0).prod(1)


def overlaps(
    first: Float[np.ndarray, "first 4"], second: Float[np.ndarray, "second 4"]
) -> Float[np.ndarray, "first second"]:
    """Return the intersection over union of each pair of boxes."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    common = (high - low).clip(min=0).prod(-1)
    return common / np.maximum(areas(first)[:, None] + areas(second)[None] - common, 1e-9)


def suppressed(
    boxes: Float[np.ndarray, "boxes 4"],
    scores: Float[np.ndarray, " boxes"],
    labels: Int[np.ndarray, " boxes"],
    most: float,
) -> Int[np.ndarray, " kept"]:
    """Return the indices of the boxes that stay, the best first: those that overlap no better box of their label by
    more than `most` (intersection over union)."""
    rivals = (overlaps(boxes, boxes) > most) & (labels[:, None] == labels[None])
    kept: list[int] = []
    for index in np.argsort(-scores, kind="stable").tolist():
        if not rivals[index, kept].any():
            kept.append(index)
    return np.array(kept, int)
