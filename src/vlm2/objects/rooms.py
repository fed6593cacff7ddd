"""Rooms: split the seen floor where it is as narrow as a doorway, and name each part by the things in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import cv2
import numpy as np
import shapely
from jaxtyping import Bool, Float, Int32
from shapely.geometry.polygon import orient

from ..scenes.record import Room
from .floor import Doorway, Floor, room_area
from .ground import CELL
from .track import Track

DOORWAY = 1.1  # metres: floor that is narrower separates two rooms
LEAST_ROOM = 1.5  # square metres
LEAST_CORE = 0.1  # square metres, of the part of a room that is wider than a doorway
HEIGHT = 2.5  # metres, of a room whose ceiling is not measured
AREA_ERROR = 0.1  # of the area, beside that of the scale: six validation homes had 0.87 to 1.17 of the true area
KINDS = {
    "bathroom": {"toilet": 5, "bathtub": 4, "sink": 1, "washer": 1, "towel": 1},
    "kitchen": {"stove": 4, "refrigerator": 4, "dishwasher": 3, "microwave": 2, "counter": 1, "kettle": 1, "sink": 1},
    "bedroom": {"bed": 5, "nightstand": 2, "closet": 1, "pillow": 0.5},
    "living room": {"sofa": 4, "tv": 2, "tv stand": 2, "fireplace": 2, "bookshelf": 0.5},
    "office": {"desk": 2, "monitor": 2, "computer tower": 2, "printer": 2, "whiteboard": 2, "keyboard": 1},
    "dining room": {"table": 1.5, "chair": 0.5},
}
"""The weight of each thing's vote for a kind of room."""


def floor_of(
    seen: Bool[np.ndarray, "rows columns"],
    walls: Bool[np.ndarray, "rows columns"],
    corner: Float[np.ndarray, " 2"],
    tracks: Sequence[Track],
) -> Floor:
    """Return the floor of a map from the grids of the seen floor (`ground.seen_area`) and the things on it. Its area is
    the sum of the areas of its rooms."""
    parts = split_rooms(seen, walls)
    rooms, numbers = [], Counter()
    for part in range(1, int(parts.max()) + 1):
        outline = _outline(parts == part, corner)
        if outline is None:
            continue
        kind = _kind([t.label for t in tracks if _inside(t, parts, corner) == part])
        numbers[kind] += 1
        name = kind if numbers[kind] == 1 else f"{kind} {numbers[kind]}"
        rooms.append((part, Room(name, kind, outline, HEIGHT)))
    names = {part: room.name for part, room in rooms}
    area = sum(room_area(room) for _, room in rooms)
    return Floor(
        area=area,
        area_std=area * AREA_ERROR,
        rooms=tuple(room for _, room in rooms),
        doorways=_doorways(parts, names, corner),
    )


def split_rooms(
    seen: Bool[np.ndarray, "rows columns"], walls: Bool[np.ndarray, "rows columns"]
) -> Int32[np.ndarray, "rows columns"]:
    """Number the rooms of a grid from 1; 0 is outside. A cell belongs to the room whose wide part is nearest to it
    along the floor, not through a wall."""
    free = seen & ~walls
    padded = np.pad(free, 1).astype(np.uint8)
    from_wall = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1] * CELL
    count, cores = cv2.connectedComponents((from_wall > 0.5 * DOORWAY).astype(np.uint8), connectivity=4)
    sizes = np.bincount(cores.ravel(), minlength=count) * CELL**2
    kept = [label for label in range(1, count) if sizes[label] > LEAST_CORE]
    if not kept:
        return seen.astype(np.int32)
    grown = _grown(_grown(np.where(np.isin(cores, kept), cores, 0), free), seen)
    areas = np.bincount(grown.ravel(), minlength=count) * CELL**2
    out = np.zeros(seen.shape, np.int32)
    large = [label for label in kept if areas[label] >= LEAST_ROOM] or kept
    for number, label in enumerate(large, 1):
        out[grown == label] = number
    return out


def _grown(
    cores: Int32[np.ndarray, "rows columns"], seen: Bool[np.ndarray, "rows columns"]
) -> Int32[np.ndarray, "rows columns"]:
    """Return the numbers of the cores spread over the floor around them, step by step."""
    grown, step = cores.astype(np.uint16), 0
    shapes = (cv2.MORPH_CROSS, cv2.MORPH_RECT)  # in turn: nearly as far in all directions
    while True:
        spread = cv2.dilate(grown, cv2.getStructuringElement(shapes[step % 2], (3, 3)))
        new = (grown == 0) & seen & (spread > 0)
        if not new.any():
            return grown.astype(np.int32)
        grown[new] = spread[new]
        step += 1


def _outline(part: np.ndarray, corner: np.ndarray) -> tuple[tuple[float, float], ...] | None:
    """Return a part's outline along the borders of its cells in metres, counter-clockwise; None if it has almost no
    area."""
    contours, _ = cv2.findContours(part.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return None
    largest = cv2.approxPolyDP(max(contours, key=cv2.contourArea), 0.1 / CELL, True)[:, 0]
    if len(largest) < 3:
        return None
    middles = shapely.Polygon(corner + (largest + 0.5) * CELL)  # of the cells at the border
    ground = shapely.make_valid(middles).buffer(CELL / 2, join_style="mitre")
    piece = max(getattr(ground, "geoms", [ground]), key=lambda piece: piece.area)
    if piece.area < 0.1:
        return None
    return tuple((x, y) for x, y in orient(piece).exterior.coords[:-1])


def _inside(track: Track, parts: np.ndarray, corner: np.ndarray) -> int:
    """Return the number of the room that a thing stands in, or 0."""
    column, row = ((np.array(track.box.center[:2]) - corner) / CELL).astype(int)
    rows, columns = parts.shape
    return int(parts[row, column]) if 0 <= row < rows and 0 <= column < columns else 0


def _kind(labels: Sequence[str]) -> str:
    """Return the kind of room with the largest sum of votes, or "room" if the sum is too small."""
    worth = {kind: sum(signs.get(label, 0.0) for label in labels) for kind, signs in KINDS.items()}
    best = max(worth, key=lambda kind: worth[kind])
    return best if worth[best] >= 2 else "room"


def _doorways(parts: np.ndarray, names: dict[int, str], corner: np.ndarray) -> tuple[Doorway, ...]:
    """Return the middle of each border between two rooms."""
    borders: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for first, second, step in ((parts[:, :-1], parts[:, 1:], (0, 1)), (parts[:-1], parts[1:], (1, 0))):
        for row, column in zip(*np.nonzero((first != second) & (first > 0) & (second > 0)), strict=True):
            pair = sorted((int(first[row, column]), int(second[row, column])))
            borders.setdefault((pair[0], pair[1]), []).append((row + step[0] / 2, column + step[1] / 2))
    found = []
    for (a, b), cells in sorted(borders.items()):
        if a in names and b in names:
            row, column = np.median(np.array(cells), axis=0)
            x, y = corner + (np.array([column, row]) + 0.5) * CELL
            found.append(Doorway(middle=(float(x), float(y)), rooms=(names[a], names[b])))
    return tuple(found)
