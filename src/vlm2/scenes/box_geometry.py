"""Geometry of oriented boxes: distances, bearings and obstacles, in space and on the ground plane.

Lengths are in metres, angles in degrees, in the world frame of `scenes.record` (z up; the ground plane is x, y). A
function that takes points of `dims` 2 or 3 treats them as on the ground plane or in space. On the ground plane boxes
stand upright: their third axis is z, and their footprint is what the first two axes span.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import TypeVar

import numpy as np
from jaxtyping import Bool, Float64

from .record import Box

# Alternating projections between two boxes settle within a millimetre long before this on every real scan tried.
PROJECTIONS = 30
SETTLED = 1e-6  # metres
CORNERS = np.array(list(product((-0.5, 0.5), repeat=3)))  # of a box, as shares of its edges
OBSTACLE = 0.8  # of an obstacle's edges that block a straight way; its border may be brushed past

Degrees = TypeVar("Degrees", float, np.ndarray)
Point = Sequence[float] | Float64[np.ndarray, " dims"]


def box_distances(first: Sequence[Box], second: Sequence[Box]) -> Float64[np.ndarray, "first second"]:
    """Return the distance in metres between the closest points of each pair of boxes; 0 where they overlap.

    Projects a point to and fro between the two boxes of a pair, all pairs at once; for convex bodies this converges to
    the closest pair of points.
    """
    if not first or not second:
        return np.zeros((len(first), len(second)))
    a = [values[:, None] for values in _arrays(first)]
    b = [values[None] for values in _arrays(second)]
    here = there = np.broadcast_to(a[0], (len(first), len(second), 3))
    for _ in range(PROJECTIONS):
        before, there = here, _project(here, *b)
        here = _project(there, *a)
        if np.abs(here - before).max() < SETTLED:
            break
    return np.linalg.norm(here - there, axis=-1)


def box_distance(first: Box, second: Box) -> float:
    """Return the distance in metres between the closest points of two boxes."""
    return float(box_distances([first], [second])[0, 0])


def ground_distance(first: Box, second: Box) -> float:
    """Return the distance in metres between two boxes' centres on the ground plane."""
    return math.dist(first.center[:2], second.center[:2])


def point_distances(points: Float64[np.ndarray, "points dims"], box: Box) -> Float64[np.ndarray, " points"]:
    """Return the distances in metres from points to the nearest point of a box or footprint; 0 inside it."""
    return np.linalg.norm(np.maximum(np.abs(in_box(points, box)) - np.array(box.size) / 2, 0.0), axis=-1)


def bearing(stand: Box, face: Box, target: Box) -> float:
    """Return the angle in degrees from facing `face` to `target`, standing at `stand`: (−180, 180], left is positive.

    Measured between box centres on the ground plane, seen from above.
    """
    return turn(heading(stand.center, face.center), heading(stand.center, target.center))


def heading(start: Point, end: Point) -> float:
    """Return the direction in degrees from one point to another on the ground plane: 0 along x, 90 along y."""
    return math.degrees(math.atan2(end[1] - start[1], end[0] - start[0]))


def turn(before: float, after: float) -> float:
    """Return the turn in degrees from one heading to another: (−180, 180], left is positive."""
    return wrapped(after - before)


def wrapped(degrees: Degrees) -> Degrees:
    """Return the same angles in (−180, 180]."""
    return 180.0 - (180.0 - degrees) % 360.0


def upright_edges(box: Box) -> tuple[int, int, int]:
    """Return the indices of an upright box's longer and shorter horizontal edge, and of its vertical one."""
    vertical = int(np.abs(np.array(box.axes)[:, 2]).argmax())
    long, short = sorted({0, 1, 2} - {vertical}, key=lambda axis: -box.size[axis])
    return long, short, vertical


def bottom(box: Box) -> float:
    """Return the height of a box's lowest point in metres."""
    return box.center[2] - _half_height(box)


def top(box: Box) -> float:
    """Return the height of a box's highest point in metres."""
    return box.center[2] + _half_height(box)


def box_points(box: Box, shares: Float64[np.ndarray, "points 3"]) -> Float64[np.ndarray, "points 3"]:
    """Return the points in the world, in metres, at shares (−0.5 to 0.5) of a box's edges from its centre."""
    return np.array(box.center) + (shares * np.array(box.size)) @ np.array(box.axes)


def box_corners(box: Box) -> Float64[np.ndarray, "8 3"]:
    """Return a box's corners in the world, in metres; every second one is on the side where its third axis begins."""
    return box_points(box, CORNERS)


def footprint(box: Box) -> Float64[np.ndarray, "4 2"]:
    """Return the corners of a box's footprint on the ground plane, in metres."""
    return box_corners(box)[::2, :2]


def in_box(points: Float64[np.ndarray, "points dims"], box: Box) -> Float64[np.ndarray, "points 3"]:
    """Return points of the world in a box's frame: metres from its centre along its three axes."""
    dims = points.shape[-1]
    return (points - np.array(box.center[:dims])) @ np.array(box.axes)[:, :dims].T


def crossing(
    starts: Float64[np.ndarray, "lines dims"], ends: Float64[np.ndarray, "lines dims"], box: Box, scale: float = 1.0
) -> tuple[Float64[np.ndarray, " lines"], Float64[np.ndarray, " lines"]]:
    """Return the shares of straight lines (0 at the start, 1 at the end) at which they enter and leave a box.

    A line that would enter after it left misses the box. `scale` multiplies the box's edges.
    """
    halves = np.array(box.size) / 2 * scale
    local = in_box(starts, box)
    way = (ends - starts) @ np.array(box.axes)[:, : starts.shape[-1]].T
    way = np.where(np.abs(way) < 1e-9, 1e-9, way)
    faces = np.stack([(-halves - local) / way, (halves - local) / way])
    return faces.min(axis=0).max(axis=-1), faces.max(axis=0).min(axis=-1)


def blocked(
    starts: Float64[np.ndarray, "ways 2"], ends: Float64[np.ndarray, "ways 2"], obstacles: Sequence[Box]
) -> Bool[np.ndarray, " ways"]:
    """Tell which straight ways on the ground plane enter an obstacle's footprint and leave it again.

    A footprint that contains an end of the way does not block it: it belongs to the start or the goal, or to a table or
    a chair at it.
    """
    found = np.zeros(len(starts), dtype=bool)
    for obstacle in obstacles:
        enter, leave = crossing(starts, ends, obstacle, OBSTACLE)
        found |= (enter < leave) & (enter > 0) & (leave < 1)
    return found


def _half_height(box: Box) -> float:
    return sum(abs(axis[2]) * size for axis, size in zip(box.axes, box.size, strict=True)) / 2


def _arrays(boxes: Sequence[Box]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the boxes' centres (boxes, 3), axes (boxes, 3, 3) and half sizes (boxes, 3)."""
    centers, axes, sizes = zip(*((box.center, box.axes, box.size) for box in boxes), strict=True)
    return np.array(centers, dtype=np.float64), np.array(axes, dtype=np.float64), np.array(sizes, np.float64) / 2


def _project(points: np.ndarray, centers: np.ndarray, axes: np.ndarray, halves: np.ndarray) -> np.ndarray:
    """Return the point of each box that is closest to each point."""
    local = (axes @ (points - centers)[..., None])[..., 0]
    inside = np.clip(local, -halves, halves)
    return centers + (inside[..., None, :] @ axes)[..., 0, :]
