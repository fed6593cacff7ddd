"""The ground in the views of the frames: the vertical, and the grid of the floor that was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float

CELL = 0.05  # metres
FARTHEST = 20.0  # metres: ground farther than this from a camera does not count as seen
FEWEST_VIEWS, MORE_VIEWS = 2, 50  # views of a cell that is floor; views that make it one more
WIDEST = 100.0  # metres: the sides of the grid at most
WALL = 0.3  # of the views across a cell: so many surfaces that end in it or beside it make it part of a wall


@dataclass(frozen=True)
class GroundView:
    """The view of the ground in one frame, in its camera frame (metres).

    `reach` holds, for each column of the image from left to right, one of the farthest visible points, or NaN if there
    is none. From the camera up to this point the floor is free or covered by furniture. `floor` holds points on the
    floor. `up` is the vertical direction.
    """

    frame: int
    reach: Float[np.ndarray, "columns 3"]
    floor: Float[np.ndarray, "points 3"]
    up: Float[np.ndarray, " 3"]


def vertical(views: Sequence[GroundView], poses: Mapping[int, np.ndarray]) -> Float[np.ndarray, " 3"]:
    """Return the upward direction in the world: the mean over the views, without those that differ most."""
    if not views:
        return np.array([0.0, -1.0, 0.0])
    directions = np.array([poses[view.frame][:3, :3] @ view.up for view in views])
    mean = np.median(directions, axis=0)
    for _ in range(3):
        mean = mean / max(np.linalg.norm(mean), 1e-9)
        agreement = directions @ mean
        mean = directions[agreement >= np.quantile(agreement, 0.25)].mean(0)
    return mean / max(np.linalg.norm(mean), 1e-9)


def level(up: Float[np.ndarray, " 3"]) -> Float[np.ndarray, "3 3"]:
    """Return the smallest rotation that takes `up` to z."""
    z = np.array([0.0, 0.0, 1.0])
    axis, cosine = np.cross(up, z), float(up @ z)
    sine = np.linalg.norm(axis)
    if sine < 1e-9:
        return np.eye(3) if cosine > 0 else np.diag([1.0, -1.0, -1.0])
    return cv2.Rodrigues(axis / sine * np.arctan2(sine, cosine))[0]


def seen_area(
    views: Sequence[GroundView],
    poses: Mapping[int, np.ndarray],
    map_from_world: Float[np.ndarray, "4 4"],
) -> tuple[Bool[np.ndarray, "rows columns"], Bool[np.ndarray, "rows columns"], Float[np.ndarray, " 2"]]:
    """Return the floor that was seen, its walls, and their lower corner: grids with cells of `CELL` metres, rows along
    y. A cell is seen if it lies in the fans (camera and `reach` on the ground) of several views. It is part of a wall
    if many fans end there, although others reach farther, by errors of depth or pose. z is up in the map."""
    fans = []
    for view in views:
        map_from_camera = map_from_world @ poses[view.frame]
        reach = view.reach[np.linalg.norm(view.reach, axis=1) < FARTHEST]  # not NaN either
        if len(reach) >= 2:
            ground = reach @ map_from_camera[:2, :3].T + map_from_camera[:2, 3]
            fans.append(np.vstack([map_from_camera[:2, 3], ground]))
    if not fans:
        return np.zeros((1, 1), bool), np.zeros((1, 1), bool), np.zeros(2)
    corners = np.concatenate(fans)
    middle = np.median(corners, axis=0)
    low = np.maximum(corners.min(0), middle - WIDEST / 2) - 1.5 * CELL
    high = np.minimum(corners.max(0), middle + WIDEST / 2) + CELL
    shape = np.ceil((high - low) / CELL).astype(int)[::-1] + 1
    across, ends = np.zeros(shape, np.uint16), np.zeros(shape, np.uint16)
    for fan in fans:
        # the middle of cell 0 is half a cell from the corner
        cells = np.round((fan - low) / CELL - 0.5).astype(np.int32)
        across += cv2.fillPoly(np.zeros(shape, np.uint8), [cells], 1)
        x, y = cells[1:][((cells[1:] >= 0) & (cells[1:] < shape[::-1])).all(1)].T
        one = np.zeros(shape, np.uint8)
        one[y, x] = 1
        ends += one
    near = cv2.boxFilter(ends.astype(np.float32), -1, (3, 3), normalize=False)
    seen = across >= min(FEWEST_VIEWS + len(fans) // MORE_VIEWS, len(fans))
    return seen, seen & (near >= WALL * across), low
