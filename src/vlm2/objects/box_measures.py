"""Measures of oriented boxes: distances, heights, footprints."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from jaxtyping import Bool, Float64

from ..scenes.record import Box

CORNERS = np.array(list(product((-0.5, 0.5), repeat=3)))
UPRIGHT = 0.7  # of an axis' length along the vertical: the axis whose edge is the height

Points = Float64[np.ndarray, "points 3"]


def point_box_distance(point: Sequence[float] | np.ndarray, box: Box) -> float:
    """Return the distance in metres from a point in space to the nearest point of a box; 0 inside it."""
    local = np.abs(np.array(box.axes) @ (np.asarray(point, np.float64) - np.array(box.center)))
    return float(np.linalg.norm(np.maximum(local - np.array(box.size) / 2, 0.0)))


def ground_gap(points: Float64[np.ndarray, "points 2"], box: Box) -> Float64[np.ndarray, " points"]:
    """Return the distances in metres from points on the ground plane to the footprint of an upright box; 0 inside."""
    local = (points - np.array(box.center[:2])) @ np.array(box.axes)[:2, :2].T
    return np.linalg.norm(np.maximum(np.abs(local) - np.array(box.size[:2]) / 2, 0.0), axis=-1)


def box_points(box: Box, shares: Points) -> Points:
    """Return points of a box in the world, in metres, given as shares (-0.5 to 0.5) of its edges from the centre."""
    return np.array(box.center) + (shares * np.array(box.size)) @ np.array(box.axes)


def crossed(start: Float64[np.ndarray, " 3"], ends: Points, box: Box) -> Bool[np.ndarray, " points"]:
    """Return which straight lines from a point to some ends pass through a box."""
    axes, halves = np.array(box.axes), np.array(box.size) / 2
    local, way = axes @ (start - np.array(box.center)), (ends - start) @ axes.T
    way = np.where(np.abs(way) < 1e-9, 1e-9, way)
    faces = np.stack([(-halves - local) / way, (halves - local) / way])
    enter, leave = faces.min(axis=0).max(axis=-1), faces.max(axis=0).min(axis=-1)
    return (enter < leave) & (leave > 0.0) & (enter < 1.0)


def span(box: Box) -> tuple[float, float]:
    """Return the heights of a box's lowest and highest points, in metres."""
    heights = box_points(box, CORNERS)[:, 2]
    return float(heights.min()), float(heights.max())


def sides(box: Box) -> tuple[float, float, float]:
    """Return a box's greater and smaller horizontal edge and its height, in metres."""
    upright = int(np.abs(np.array(box.axes)[:, 2]).argmax())
    flat = sorted(size for place, size in enumerate(box.size) if place != upright)
    return flat[1], flat[0], box.size[upright]


def stands_over(upper: Box, lower: Box, outside: float) -> bool:
    """Return whether, seen from above, the middle of one box lies on another or at most `outside` metres beside it."""
    axes = np.array(lower.axes)
    local = np.abs(axes @ (np.array(upper.center) - np.array(lower.center)))
    flat = np.abs(axes[:, 2]) < UPRIGHT
    return bool((local[flat] <= np.array(lower.size)[flat] / 2 + outside).all())
