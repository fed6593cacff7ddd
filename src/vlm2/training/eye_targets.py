"""Training targets of the detector for homes: one set for each cell of a frame, computed from a rendered view."""

from __future__ import annotations

import numpy as np

from ..encoders.detectors.dense_head import STRIDE
from ..scenes.vocabulary import VOCABULARY
from .eye_views import DEPTH_BLOCK, HomeView

SURFACES = ("floor", "ceiling", "wall")
LABELS = (*VOCABULARY, *SURFACES)  # the first: a thing without a name here
FLOOR, CEILING, WALL = (LABELS.index(name) for name in SURFACES)
FLOOR_HEIGHT = 0.06  # metres, below which the shell is floor
CEILING_HEIGHT = 2.2  # metres, the least of a ceiling
CEILING_BAND = 0.05  # metres below the highest visible point of the shell that are ceiling
VOTE_CELLS = 4.0  # unit of a vote

Targets = dict[str, np.ndarray]
"""Arrays of [rows, columns, channels], named as the fields of `DensePrediction`; [rows, columns] for "label", "thing"
(the cell shows a thing) and "valid" (its depth is known)."""


def cell_targets(
    view: HomeView, area: tuple[float, float, float, float], size: tuple[int, int], flip: bool = False
) -> Targets:
    """Return the targets of a frame of `size` = (width, height) pixels.

    The frame shows an area (x, y, width, height in pixels) of a view. `flip` mirrors it left to right.
    """
    instances, points = _cells(view, area, size, flip)
    label = view.things.labels[instances]
    rotation, position = view.world_from_camera[:3, :3], view.world_from_camera[:3, 3]
    height = (points @ rotation.T)[..., 2] + position[2]
    shell = instances == 0
    ceiling = max(CEILING_HEIGHT, float(np.max(height[shell], initial=0.0)) - CEILING_BAND)
    surface = np.where(height < FLOOR_HEIGHT, FLOOR, np.where(height > ceiling, CEILING, WALL))
    center = (view.things.centers[instances] - position) @ rotation - points
    forward = rotation[:2, 2] / max(float(np.linalg.norm(rotation[:2, 2])), 1e-6)
    side = view.things.sides[instances]
    twice = 2 * np.arctan2(side @ forward, side @ np.array([forward[1], -forward[0]]))
    heading, up = np.stack([np.cos(twice), np.sin(twice)], -1), rotation[2].copy()
    if flip:
        center[..., 0] *= -1
        heading[..., 1] *= -1
        up[0] *= -1
    depth = points[..., 2:]
    return {
        "label": np.where(shell, surface, label),
        "vote": _votes(instances),
        "center": center,
        "size": view.things.log_sizes[instances],
        "heading": heading,
        "depth": np.log(np.maximum(depth, 0.05)),
        "up": np.broadcast_to(up, center.shape),
        "thing": ~shell,
        "valid": depth[..., 0] > 0.05,
    }


def _cells(
    view: HomeView, area: tuple[float, float, float, float], size: tuple[int, int], flip: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids and the points (metres, camera frame, not mirrored) at the middles of the cells."""
    left, top, width, height = area
    columns, rows = size[0] // STRIDE, size[1] // STRIDE
    x = left + (np.arange(columns) + 0.5) * width / columns
    y = top + (np.arange(rows) + 0.5) * height / rows
    if flip:
        x = x[::-1]
    whole = view.instances.shape
    row, column = np.clip(y.astype(int), 0, whole[0] - 1), np.clip(x.astype(int), 0, whole[1] - 1)
    instances = view.instances[np.ix_(row, column)].astype(int)
    depth = view.depth[np.ix_(row // DEPTH_BLOCK, column // DEPTH_BLOCK)]
    right = (x - 0.5 * whole[1]) / view.focal * depth
    down = (y[:, None] - 0.5 * whole[0]) / view.focal * depth
    return instances, np.stack([right, down, depth], -1)


def _votes(instances: np.ndarray) -> np.ndarray:
    """Return for each cell the way to the mean cell of its thing."""
    rows, columns = np.indices(instances.shape)
    ids, counts = instances.ravel(), np.maximum(np.bincount(instances.ravel()), 1)
    ways = [np.bincount(ids, place.ravel()) / counts for place in (columns, rows)]
    return np.stack([ways[0][instances] - columns, ways[1][instances] - rows], -1) / VOTE_CELLS
