"""Geometry of oriented boxes: exact distances between them, and bearings on the ground plane."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
from jaxtyping import Bool, Float64

from ..scenes.record import Box

# Alternating projections between two boxes settle within a millimetre long before this on every real scan tried.
PROJECTIONS = 30
SETTLED = 1e-6  # metres
CORNERS = np.array(list(product((-0.5, 0.5), repeat=3)))  # of a box, in shares of its edges
OBSTACLE = 0.8  # of a thing's edges that bar a way; one may brush past it


def box_distances(first: Sequence[Box], second: Sequence[Box]) -> Float64[np.ndarray, "first second"]:
    """Return the distance in metres between the closest points of each pair of boxes; 0 where they overlap.

    Projects a point to and fro between the two boxes of a pair, all pairs at once; for convex bodies this converges to
    the closest pair of points.
    """
    if not first or not second:
        return np.zeros((len(first), len(second)))
    a, b = _arrays(first, rows=True), _arrays(second, rows=False)
    here = np.broadcast_to(a[0], (len(first), len(second), 3))
    there = here
    for _ in range(PROJECTIONS):
        before, there = here, _project(here, *b)
        here = _project(there, *a)
        if np.abs(here - before).max() < SETTLED:
            break
    return np.linalg.norm(here - there, axis=-1)


def box_distance(first: Box, second: Box) -> float:
    """Return the distance in metres between the closest points of two boxes."""
    return float(box_distances([first], [second])[0, 0])


def bearing(stand: Box, face: Box, target: Box) -> float:
    """Return the angle in degrees from facing `face` to `target`, standing at `stand`: (−180, 180], left is positive.

    Taken between box centres on the ground plane (x, y), seen from above.
    """
    return turn(heading(stand, face), heading(stand, target))


def heading(start: Box, end: Box) -> float:
    """Return the compass angle in degrees of the way from one box's centre to another's: 0 along x, 90 along y."""
    return math.degrees(math.atan2(end.center[1] - start.center[1], end.center[0] - start.center[0]))


def turn(before: float, after: float) -> float:
    """Return the turn in degrees from one heading to another: (−180, 180], left is positive."""
    return 180.0 - (180.0 - (after - before)) % 360.0


def ground_distance(first: Box, second: Box) -> float:
    """Return the distance in metres between two boxes' centres on the ground plane."""
    return math.dist(first.center[:2], second.center[:2])


def box_points(box: Box, shares: Float64[np.ndarray, "points 3"]) -> Float64[np.ndarray, "points 3"]:
    """Return the points in the world, in metres, at shares (−0.5 to 0.5) of a box's edges from its centre."""
    return np.array(box.center) + (shares * np.array(box.size)) @ np.array(box.axes)


def box_corners(box: Box) -> Float64[np.ndarray, "8 3"]:
    """Return a box's corners in the world, in metres; every second one is on the side where its third axis begins."""
    return box_points(box, CORNERS)


def point_distance(point: Float64[np.ndarray, " 3"], box: Box) -> float:
    """Return the distance in metres from a point to the nearest point of a box; 0 inside it."""
    local = np.array(box.axes) @ (point - np.array(box.center))
    return float(np.linalg.norm(np.maximum(np.abs(local) - np.array(box.size) / 2, 0.0)))


def crossing(
    starts: Float64[np.ndarray, "lines dims"], ends: Float64[np.ndarray, "lines dims"], box: Box, scale: float = 1.0
) -> tuple[Float64[np.ndarray, " lines"], Float64[np.ndarray, " lines"]]:
    """Return at which shares of the straight lines they enter a box and leave it, in space or on the ground plane.

    A line misses the box where it would enter after it left. `scale` multiplies the box's edges.
    """
    dims = starts.shape[-1]
    axes, halves = np.array(box.axes)[:, :dims], np.array(box.size) / 2 * scale
    local = (starts - np.array(box.center[:dims])) @ axes.T
    way = (ends - starts) @ axes.T
    way = np.where(np.abs(way) < 1e-9, 1e-9, way)
    faces = np.stack([(-halves - local) / way, (halves - local) / way])
    return faces.min(axis=0).max(axis=-1), faces.max(axis=0).min(axis=-1)


def blocked(
    starts: Float64[np.ndarray, "ways 2"], ends: Float64[np.ndarray, "ways 2"], barriers: Sequence[Box]
) -> Bool[np.ndarray, " ways"]:
    """Tell on which straight ways between two points a barrier's footprint lies, entered and left again.

    A footprint that holds an end of the way is no obstacle: it is the thing there, or its table, or its chair.
    """
    found = np.zeros(len(starts), dtype=bool)
    for barrier in barriers:
        enter, leave = crossing(starts, ends, barrier, OBSTACLE)
        found |= (enter < leave) & (enter > 0) & (leave < 1)
    return found


def _arrays(boxes: Sequence[Box], *, rows: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return centres, axes and half sizes, with an axis of length one where the other boxes go."""
    place = 1 if rows else 0
    centers = np.expand_dims(np.array([box.center for box in boxes], dtype=np.float64), place)
    axes = np.expand_dims(np.array([box.axes for box in boxes], dtype=np.float64), place)
    halves = np.expand_dims(np.array([box.size for box in boxes], dtype=np.float64), place) / 2
    return centers, axes, halves


def _project(points: np.ndarray, centers: np.ndarray, axes: np.ndarray, halves: np.ndarray) -> np.ndarray:
    """Return the point of each box that is closest to each point."""
    local = (axes @ (points - centers)[..., None])[..., 0]
    inside = np.clip(local, -halves, halves)
    return centers + (inside[..., None, :] @ axes)[..., 0, :]
