"""Floor plans: rectangles split into rooms, sometimes with a corner cut off, joined by doors and lit by windows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from ..scenes.record import Room

WALL = 0.12  # wall thickness, metres
Point = tuple[float, float]


@dataclass(frozen=True)
class RoomKind:
    """Dimensions of a kind of room: least and greatest area in m², least side in metres, probability of windows."""

    area: tuple[float, float]
    side: float
    window_chance: float = 0.95


KINDS = {
    "living room": RoomKind((14, 30), 3.2, 1.0),
    "bedroom": RoomKind((9.5, 18), 2.7),
    "kitchen": RoomKind((8, 15), 2.4),
    "bathroom": RoomKind((4.8, 8.5), 1.9, 0.55),
    "office": RoomKind((8.5, 17), 2.5),
    "dining room": RoomKind((10.5, 18), 2.8),
    "laundry room": RoomKind((4.5, 7.5), 1.9, 0.5),
}
# Probabilities of the kinds of rooms that a home has, by their number.
MIXES: dict[int, dict[tuple[str, ...], float]] = {
    1: {
        ("living room",): 0.24, ("bedroom",): 0.24, ("office",): 0.18, ("kitchen",): 0.12,
        ("dining room",): 0.08, ("bathroom",): 0.1, ("laundry room",): 0.04,
    },
    2: {
        ("living room", "kitchen"): 0.2, ("living room", "bedroom"): 0.2, ("bedroom", "bathroom"): 0.18,
        ("office", "office"): 0.12, ("kitchen", "dining room"): 0.1, ("bedroom", "office"): 0.1,
        ("kitchen", "laundry room"): 0.1,
    },
    3: {
        ("living room", "kitchen", "bedroom"): 0.25, ("living room", "bedroom", "bathroom"): 0.2,
        ("living room", "kitchen", "dining room"): 0.15, ("living room", "bedroom", "office"): 0.15,
        ("kitchen", "bedroom", "bathroom"): 0.15, ("living room", "kitchen", "laundry room"): 0.1,
    },
    4: {
        ("living room", "kitchen", "bedroom", "bathroom"): 0.3, ("living room", "bedroom", "bedroom", "bathroom"): 0.2,
        ("living room", "kitchen", "dining room", "bedroom"): 0.15,
        ("living room", "kitchen", "bedroom", "office"): 0.15, ("living room", "kitchen", "office", "bathroom"): 0.1,
        ("living room", "kitchen", "bedroom", "laundry room"): 0.1,
    },
}  # fmt: skip
# From the most public kind of room to the most private one: for the doors inside, and for the entrance.
DOOR_RANK = ("living room", "dining room", "kitchen", "office", "bedroom", "laundry room", "bathroom")
ENTRANCE_RANK = ("living room", "office", "dining room", "kitchen", "bedroom", "laundry room", "bathroom")
WET = ("bathroom", "laundry room")


@dataclass(frozen=True)
class WallOpening:
    """A hole in a wall for a door or window, from `start` to `end` on the wall's centre line, between `rooms`.

    A second room that is None is the outside. A door's leaf hangs at `start` and is opened by `angle` radians into
    `rooms[0]`; 0 is closed. `bottom` and `top` are heights in metres.
    """

    kind: Literal["door", "window"]
    start: Point
    end: Point
    bottom: float
    top: float
    rooms: tuple[str, str | None]
    angle: float = 0.0

    @property
    def width(self) -> float:
        """Width in metres."""
        return math.dist(self.start, self.end)


@dataclass(frozen=True)
class FloorPlan:
    """Rooms (their polygons are inner faces: axis-aligned, counter-clockwise) and the openings in their walls."""

    rooms: tuple[Room, ...]
    openings: tuple[WallOpening, ...]


@dataclass(frozen=True)
class WallFace:
    """One inner wall face of a room; the room lies to the left of `start` → `end`."""

    room: str
    start: Point
    end: Point

    @cached_property
    def length(self) -> float:
        """Length in metres."""
        return math.hypot(self.end[0] - self.start[0], self.end[1] - self.start[1])

    @cached_property
    def along(self) -> Point:
        """Unit direction from start to end."""
        return ((self.end[0] - self.start[0]) / self.length, (self.end[1] - self.start[1]) / self.length)

    @cached_property
    def inward(self) -> Point:
        """Unit normal into the room."""
        x, y = self.along
        return (-y, x)

    def at(self, distance: float, offset: float = 0.0) -> Point:
        """Return the point `distance` along the wall and `offset` metres into the room."""
        (x, y), (ax, ay), (nx, ny) = self.start, self.along, self.inward
        return (x + ax * distance + nx * offset, y + ay * distance + ny * offset)

    def project(self, point: Point) -> tuple[float, float]:
        """Return a point's distance along the wall and its offset into the room."""
        dx, dy = point[0] - self.start[0], point[1] - self.start[1]
        (ax, ay), (nx, ny) = self.along, self.inward
        return dx * ax + dy * ay, dx * nx + dy * ny

    def extent(self, opening: WallOpening) -> tuple[float, float]:
        """Return from where to where an opening in this wall reaches, in metres from the wall's start."""
        a, b = self.project(opening.start)[0], self.project(opening.end)[0]
        return min(a, b), max(a, b)

    def span(self, opening: WallOpening) -> tuple[float, float] | None:
        """Return the extent of an opening, or None if it is in another wall."""
        offsets = self.project(opening.start)[1], self.project(opening.end)[1]
        if self.room not in opening.rooms or any(abs(offset + WALL / 2) > 1e-6 for offset in offsets):
            return None
        low, high = self.extent(opening)
        return (low, high) if low > -1e-6 and high < self.length + 1e-6 else None


WallSpot = tuple[WallFace, float]  # a wall, and the distance of a place along it in metres
WallStretch = tuple[WallFace, float, float]  # a wall, and from where to where a stretch of it reaches, in metres


@lru_cache(maxsize=256)
def wall_faces(room: Room) -> tuple[WallFace, ...]:
    """Return the inner wall faces of a room, counter-clockwise."""
    points = room.polygon
    return tuple(WallFace(room.name, a, b) for a, b in zip(points, points[1:] + points[:1], strict=True))


def inside(
    polygon: tuple[Point, ...], point: Point | tuple[np.ndarray, np.ndarray]
) -> bool | np.bool_ | Bool[np.ndarray, "rows columns"]:
    """Return whether a point, or each point of a grid, lies inside a polygon with axis-aligned edges (even-odd rule).

    A grid is given by its x in a row and its y in a column.
    """
    x, y = point
    odd = False
    for (ax, ay), (_, by) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if ay != by:
            odd = odd ^ (((ay > y) != (by > y)) & (x < ax))
    return odd


def in_rectangle(
    x: Float[np.ndarray, "*#points"],
    y: Float[np.ndarray, "*#points"],
    centre: Sequence[float] | Float[np.ndarray, " xy"],
    along: Sequence[float] | Float[np.ndarray, " xy"],
    reach: tuple[float, float],
) -> Bool[np.ndarray, "*points"]:
    """Return which points of the ground lie in a rectangle, its edges included. Everything is in metres.

    `x` and `y` broadcast. `along` is the unit direction of the rectangle's width; `reach` is half its width and depth.
    """
    dx, dy = x - centre[0], y - centre[1]
    return (abs(dx * along[0] + dy * along[1]) <= reach[0]) & (abs(dy * along[0] - dx * along[1]) <= reach[1])


def polygon_area(polygon: tuple[Point, ...]) -> float:
    """Return the area of a counter-clockwise polygon in square metres."""
    pairs = zip(polygon, polygon[1:] + polygon[:1], strict=True)
    return 0.5 * sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairs)


def opening_wall(plan: FloorPlan, opening: WallOpening) -> WallFace:
    """Return the wall face of `opening.rooms[0]` that holds an opening."""
    room = next(r for r in plan.rooms if r.name == opening.rooms[0])
    return next(wall for wall in wall_faces(room) if wall.span(opening))


def make_plan(rng: np.random.Generator, rooms: int | None = None) -> FloorPlan:
    """Draw a floor plan of 1–4 rooms. Raises ValueError for another number of rooms."""
    if rooms is not None and rooms not in MIXES:
        raise ValueError(f"A home cannot have {rooms} rooms. Give 1, 2, 3 or 4, or leave it out for a mix.")
    count = rooms or int(rng.choice([1, 2, 3, 4], p=[0.35, 0.25, 0.22, 0.18]))
    while True:
        plan = _attempt(rng, count)
        if plan is not None:
            return plan


def _attempt(rng: np.random.Generator, count: int) -> FloorPlan | None:
    """Draw one plan; None where a room is too narrow or cannot have a door."""
    mixes, chances = list(MIXES[count]), list(MIXES[count].values())
    kinds = mixes[rng.choice(len(mixes), p=chances)]
    height = round(float(rng.uniform(2.4, 2.95)), 2)
    areas = [(kind, rng.uniform(*KINDS[kind].area)) for kind in kinds]
    areas = [areas[i] for i in rng.permutation(count)]
    total = sum(area for _, area in areas)
    width = math.sqrt(total * rng.uniform(0.7, 1.45))
    bounds = (0.0, 0.0, width, total / width)
    rectangles = _split(rng, areas, bounds)
    for kind, (x0, y0, x1, y1) in rectangles:
        short, long = sorted((x1 - x0, y1 - y0))
        if short < KINDS[kind].side or long > 2.1 * short:
            return None
    number: dict[str, int] = {}
    rooms = []
    for kind, rectangle in rectangles:
        number[kind] = number.get(kind, 0) + 1
        name = kind if number[kind] == 1 else f"{kind} {number[kind]}"
        rooms.append(Room(name, kind, _outline(rng, rectangle, bounds), height))
    doors = _doors(rng, rooms)
    if doors is None:
        return None
    doors += _entrance(rng, rooms, doors)
    return FloorPlan(tuple(rooms), (*doors, *_windows(rng, rooms, doors)))


def _split(rng, areas, rectangle):
    """Split a rectangle among rooms by area, along its longer side, leaving a wall's thickness between."""
    if len(areas) == 1:
        return [(areas[0][0], tuple(round(v, 3) for v in rectangle))]
    cut = int(rng.integers(1, len(areas))) if len(areas) != 4 else int(rng.choice([1, 2, 2, 3]))
    share = sum(a for _, a in areas[:cut]) / sum(a for _, a in areas)
    x0, y0, x1, y1 = rectangle
    if (x1 - x0 > y1 - y0) != (rng.random() < 0.1):
        middle = x0 + share * (x1 - x0)
        first, second = (x0, y0, middle - WALL / 2, y1), (middle + WALL / 2, y0, x1, y1)
    else:
        middle = y0 + share * (y1 - y0)
        first, second = (x0, y0, x1, middle - WALL / 2), (x0, middle + WALL / 2, x1, y1)
    return _split(rng, areas[:cut], first) + _split(rng, areas[cut:], second)


def _outline(rng, rectangle, bounds) -> tuple[Point, ...]:
    """Return a room's polygon: its rectangle, or now and then an L where it has a corner of the whole home."""
    x0, y0, x1, y1 = rectangle
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    outer = [
        i
        for i, (x, y) in enumerate(corners)
        if min(abs(x - bounds[0]), abs(x - bounds[2])) < 0.01 and min(abs(y - bounds[1]), abs(y - bounds[3])) < 0.01
    ]
    wide, deep = x1 - x0, y1 - y0
    if not outer or wide * deep < 14 or min(wide, deep) < 3.4 or rng.random() > 0.3:
        return tuple(corners)
    i = int(rng.choice(outer))
    cut_x, cut_y = (round(float(rng.uniform(0.22, 0.36)) * side, 3) for side in (wide, deep))
    x, y = corners[i]
    inner_x, inner_y = (x + cut_x if x == x0 else x - cut_x), (y + cut_y if y == y0 else y - cut_y)
    notch = [(x, inner_y), (inner_x, inner_y), (inner_x, y)]
    if i % 2:  # walking counter-clockwise, odd corners are reached along x, even ones along y
        notch.reverse()
    return tuple(corners[:i] + notch + corners[i + 1 :])


def _shared(first: Room, second: Room) -> list[WallStretch]:
    """Return stretches of the first room's walls where only a wall lies between two rooms."""
    stretches = []
    for wall in wall_faces(first):
        for other in wall_faces(second):
            (a, off_a), (b, off_b) = wall.project(other.start), wall.project(other.end)
            if abs(off_a + WALL) < 0.005 and abs(off_b + WALL) < 0.005:
                low, high = max(0.0, min(a, b)), min(wall.length, max(a, b))
                if high - low > 1.15:
                    stretches.append((wall, low, high))
    return stretches


def _doors(rng, rooms: list[Room]) -> list[WallOpening] | None:
    """Join all rooms by doors, from the most public room outwards; None where walls are too short for that."""
    rank = {kind: i for i, kind in enumerate(DOOR_RANK)}
    joined = [min(rooms, key=lambda r: rank[r.kind])]
    doors: list[WallOpening] = []
    while len(joined) < len(rooms):
        options = [
            (rank[a.kind] + rank[b.kind] + rng.uniform(0, 3) + 10 * (a.kind == "bathroom"), a, b)
            for a in joined
            for b in rooms
            if b not in joined and _shared(a, b)
        ]
        if not options:
            return None
        _, a, b = min(options, key=lambda o: o[0])
        doors.append(_interior_door(rng, a, b, doors))
        joined.append(b)
    linked = {frozenset(d.rooms) for d in doors}
    for i, a in enumerate(rooms):
        for b in rooms[:i]:
            private = a.kind in WET or b.kind in WET
            if not private and frozenset((a.name, b.name)) not in linked and _shared(a, b) and rng.random() < 0.3:
                doors.append(_interior_door(rng, a, b, doors))
    return doors


def _interior_door(rng, a: Room, b: Room, doors: list[WallOpening]) -> WallOpening:
    """Put an open door in the wall of two rooms, its leaf into the room that is entered (the second)."""
    width = round(float(rng.uniform(0.88, 1.0)), 2)
    stretches = _shared(b, a)
    wall, low, high, place = *stretches[0], stretches[0][1] + 0.12
    for _ in range(20):
        wall, low, high = stretches[int(rng.integers(len(stretches)))]
        place = float(rng.choice([low + 0.12, high - 0.12 - width, rng.uniform(low + 0.1, high - 0.1 - width)]))
        centre = wall.at(place + width / 2, -WALL / 2)
        if all(math.dist(centre, d.start) > 1.3 and math.dist(centre, d.end) > 1.3 for d in doors):
            break
    start, end = _ends(wall, place, width)
    if place - low > high - place - width:  # hinge on the side of the nearer corner
        start, end = end, start
    angle = math.radians(rng.uniform(82, 97))
    return WallOpening("door", start, end, 0.0, round(float(rng.uniform(2.0, 2.1)), 2), (b.name, a.name), angle)


def _ends(wall: WallFace, place: float, width: float) -> tuple[Point, Point]:
    """Return the ends of an opening on the centre line of a wall."""
    return wall.at(place, -WALL / 2), wall.at(place + width, -WALL / 2)


def outer_stretches(room: Room, rooms: list[Room], openings: list[WallOpening]) -> list[WallStretch]:
    """Return stretches of a room's walls that face outside and hold no opening yet."""
    stretches = []
    others = [r for r in rooms if r.name != room.name]
    step = 0.05
    for wall in wall_faces(room):
        taken = [span for opening in openings if (span := wall.span(opening))]
        places = np.arange(0.1, wall.length - 0.1, step)
        free = [
            not any(a - 0.2 < place < b + 0.2 for a, b in taken)
            and not any(inside(r.polygon, wall.at(place, -WALL - 0.25)) for r in others)
            for place in places
        ]
        for first, end in np.flatnonzero(np.diff([False, *free, False])).reshape(-1, 2):
            last = places[end] - step if end < len(places) else places[-1]
            stretches.append((wall, float(places[first]), float(last)))
    return stretches


def _entrance(rng, rooms: list[Room], doors: list[WallOpening]) -> list[WallOpening]:
    """Put the closed entrance door into the most public room that has space for one."""
    for room in sorted(rooms, key=lambda r: ENTRANCE_RANK.index(r.kind)):
        width = round(float(rng.uniform(0.86, 1.0)), 2)
        stretches = [s for s in outer_stretches(room, rooms, doors) if s[2] - s[1] > width + 0.15]
        if stretches:
            wall, low, high = stretches[int(rng.integers(len(stretches)))]
            place = rng.choice([low + 0.05, high - 0.05 - width, rng.uniform(low, high - width)])
            top = round(float(rng.uniform(2.0, 2.1)), 2)
            return [WallOpening("door", *_ends(wall, place, width), 0.0, top, (room.name, None))]
    return []


def _windows(rng, rooms: list[Room], doors: list[WallOpening]) -> list[WallOpening]:
    """Put windows into outer walls, by room kind; bathrooms have small high ones."""
    windows: list[WallOpening] = []
    for room in rooms:
        if rng.random() > KINDS[room.kind].window_chance:
            continue
        small = room.kind in WET
        wanted = 1 if small else int(rng.choice([1, 2, 3], p=[0.45, 0.4, 0.15]))
        sill = (1.25, 1.45) if small else (1.08, 1.2) if room.kind == "kitchen" else (0.75, 1.05)
        bottom = round(float(rng.uniform(*sill)), 2)
        top = round(min(float(rng.uniform(1.98, 2.25)), room.height - 0.15), 2)
        for _ in range(wanted):
            width = float(rng.uniform(0.5, 0.8) if small else rng.uniform(0.8, 2.0))
            free = [s for s in outer_stretches(room, rooms, doors + windows) if s[2] - s[1] > width + 0.1]
            if not free:
                continue
            wall, low, high = free[int(rng.integers(len(free)))]
            middle = (low + high - width) / 2
            place = float(np.clip(middle + rng.normal(0, 0.25) * (high - low), low, high - width))
            windows.append(WallOpening("window", *_ends(wall, place, width), bottom, top, (room.name, None)))
    return windows
