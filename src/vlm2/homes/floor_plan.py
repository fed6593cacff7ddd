"""Floor plans: rectangles split into rooms, sometimes with a corner cut off, joined by doors and lit by windows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np

from ..scenes.record import Room

WALL = 0.12  # wall thickness, metres
Point = tuple[float, float]


@dataclass(frozen=True)
class Kind:
    """What a room of one kind looks like: least and greatest area in m², and its least side in metres."""

    area: tuple[float, float]
    side: float
    window_chance: float = 0.95


KINDS = {
    "living room": Kind((14, 30), 3.2, 1.0),
    "bedroom": Kind((9.5, 18), 2.7),
    "kitchen": Kind((8, 15), 2.4),
    "bathroom": Kind((4.8, 8.5), 1.9, 0.55),
    "office": Kind((8.5, 17), 2.5),
    "dining room": Kind((10.5, 18), 2.8),
    "laundry room": Kind((4.5, 7.5), 1.9, 0.5),
}

MIXES: dict[int, tuple[tuple[float, tuple[str, ...]], ...]] = {
    1: (
        (0.24, ("living room",)),
        (0.24, ("bedroom",)),
        (0.18, ("office",)),
        (0.12, ("kitchen",)),
        (0.08, ("dining room",)),
        (0.1, ("bathroom",)),
        (0.04, ("laundry room",)),
    ),
    2: (
        (0.2, ("living room", "kitchen")),
        (0.2, ("living room", "bedroom")),
        (0.18, ("bedroom", "bathroom")),
        (0.12, ("office", "office")),
        (0.1, ("kitchen", "dining room")),
        (0.1, ("bedroom", "office")),
        (0.1, ("kitchen", "laundry room")),
    ),
    3: (
        (0.25, ("living room", "kitchen", "bedroom")),
        (0.2, ("living room", "bedroom", "bathroom")),
        (0.15, ("living room", "kitchen", "dining room")),
        (0.15, ("living room", "bedroom", "office")),
        (0.15, ("kitchen", "bedroom", "bathroom")),
        (0.1, ("living room", "kitchen", "laundry room")),
    ),
    4: (
        (0.3, ("living room", "kitchen", "bedroom", "bathroom")),
        (0.2, ("living room", "bedroom", "bedroom", "bathroom")),
        (0.15, ("living room", "kitchen", "dining room", "bedroom")),
        (0.15, ("living room", "kitchen", "bedroom", "office")),
        (0.1, ("living room", "kitchen", "office", "bathroom")),
        (0.1, ("living room", "kitchen", "bedroom", "laundry room")),
    ),
}


@dataclass(frozen=True)
class Gap:
    """A hole in a wall for a door or window, on the wall's centre line. A door's leaf hangs at `start`, opened by
    `angle` radians into `rooms[0]`; 0 is closed."""

    kind: Literal["door", "window"]
    start: Point
    end: Point
    bottom: float
    top: float
    rooms: tuple[str, str | None]
    angle: float = 0.0


@dataclass(frozen=True)
class FloorPlan:
    """Rooms with their inner faces as polygons (axis-aligned edges, counter-clockwise) and the gaps in their walls."""

    rooms: tuple[Room, ...]
    gaps: tuple[Gap, ...]


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
        """Return the point `distance` along the edge and `offset` metres into the room."""
        (x, y), (ax, ay), (nx, ny) = self.start, self.along, self.inward
        return (x + ax * distance + nx * offset, y + ay * distance + ny * offset)

    def project(self, point: Point) -> tuple[float, float]:
        """Return a point's distance along the edge and its offset into the room."""
        dx, dy = point[0] - self.start[0], point[1] - self.start[1]
        (ax, ay), (nx, ny) = self.along, self.inward
        return dx * ax + dy * ay, dx * nx + dy * ny


@lru_cache(maxsize=256)
def room_edges(room: Room) -> tuple[WallFace, ...]:
    """Return the inner wall faces of a room, counter-clockwise."""
    points = room.polygon
    return tuple(WallFace(room.name, a, b) for a, b in zip(points, points[1:] + points[:1], strict=True))


def inside(polygon: tuple[Point, ...], point: Point) -> bool:
    """Tell whether a point lies inside a polygon (even-odd rule)."""
    x, y = point
    odd = False
    for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            odd = not odd
    return odd


def polygon_area(polygon: tuple[Point, ...]) -> float:
    """Return the area of a counter-clockwise polygon in square metres."""
    pairs = zip(polygon, polygon[1:] + polygon[:1], strict=True)
    return 0.5 * sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairs)


def hole(edge: WallFace, gap: Gap) -> tuple[float, float]:
    """Return from where to where a gap reaches along its edge, in metres from the edge's start."""
    a, b = edge.project(gap.start)[0], edge.project(gap.end)[0]
    return min(a, b), max(a, b)


def gap_span(edge: WallFace, gap: Gap) -> tuple[float, float] | None:
    """Return where a gap lies along an edge, in metres from its start, or None if it is in another wall."""
    offsets = edge.project(gap.start)[1], edge.project(gap.end)[1]
    if edge.room not in gap.rooms or any(abs(offset + WALL / 2) > 1e-6 for offset in offsets):
        return None
    low, high = hole(edge, gap)
    return (low, high) if low > -1e-6 and high < edge.length + 1e-6 else None


def gap_edge(plan: FloorPlan, gap: Gap) -> WallFace:
    """Return the wall face of `gap.rooms[0]` that holds a gap."""
    room = next(r for r in plan.rooms if r.name == gap.rooms[0])
    return next(e for e in room_edges(room) if gap_span(e, gap))


def make_plan(rng: np.random.Generator, rooms: int | None = None) -> FloorPlan:
    """Draw a floor plan of 1–4 rooms. Raises ValueError for another number of rooms."""
    if rooms is not None and rooms not in MIXES:
        raise ValueError(f"A home of {rooms} rooms was asked for; homes have 1, 2, 3 or 4. Leave it out for a mix.")
    count = rooms or int(rng.choice([1, 2, 3, 4], p=[0.35, 0.25, 0.22, 0.18]))
    while True:
        plan = _attempt(rng, count)
        if plan is not None:
            return plan


def _attempt(rng: np.random.Generator, count: int) -> FloorPlan | None:
    chances, mixes = zip(*MIXES[count], strict=True)
    kinds = mixes[rng.choice(len(mixes), p=chances)]
    height = round(float(rng.uniform(2.4, 2.95)), 2)
    areas = [(kind, rng.uniform(*KINDS[kind].area)) for kind in kinds]
    areas = [areas[i] for i in rng.permutation(count)]
    total = sum(area for _, area in areas)
    width = math.sqrt(total * rng.uniform(0.7, 1.45))
    rectangles = _split(rng, areas, (0.0, 0.0, width, total / width))
    if any(min(r[2] - r[0], r[3] - r[1]) < KINDS[kind].side for kind, r in rectangles):
        return None
    if any(max(r[2] - r[0], r[3] - r[1]) > 2.1 * min(r[2] - r[0], r[3] - r[1]) for _, r in rectangles):
        return None
    bounds = (0.0, 0.0, width, total / width)
    named: dict[str, int] = {}
    result = []
    for kind, rectangle in rectangles:
        named[kind] = named.get(kind, 0) + 1
        name = kind if named[kind] == 1 else f"{kind} {named[kind]}"
        result.append(Room(name, kind, _outline(rng, kind, rectangle, bounds), height))
    doors = _doors(rng, result)
    if doors is None:
        return None
    doors += _entrance(rng, result, doors)
    return FloorPlan(tuple(result), (*doors, *_windows(rng, result, doors)))


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


def _outline(rng, kind, rectangle, bounds) -> tuple[Point, ...]:
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


def _shared(first: Room, second: Room) -> list[tuple[WallFace, float, float]]:
    """Return stretches (edge of the first room, from, to) where only a wall lies between two rooms."""
    stretches = []
    for edge in room_edges(first):
        for other in room_edges(second):
            (a, off_a), (b, off_b) = edge.project(other.start), edge.project(other.end)
            if abs(off_a + WALL) < 0.005 and abs(off_b + WALL) < 0.005:
                low, high = max(0.0, min(a, b)), min(edge.length, max(a, b))
                if high - low > 1.15:
                    stretches.append((edge, low, high))
    return stretches


def _doors(rng, rooms: list[Room]) -> list[Gap] | None:
    """Join all rooms by doors, from the most public room outwards; None where walls are too short for that."""
    rank = ["living room", "dining room", "kitchen", "office", "bedroom", "laundry room", "bathroom"]
    joined = [min(rooms, key=lambda r: rank.index(r.kind))]
    doors: list[Gap] = []
    while len(joined) < len(rooms):
        options = [
            (rank.index(a.kind) + rank.index(b.kind) + rng.uniform(0, 3) + 10 * (a.kind == "bathroom"), a, b)
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
            private = {"bathroom", "laundry room"} & {a.kind, b.kind}
            if not private and frozenset((a.name, b.name)) not in linked and _shared(a, b) and rng.random() < 0.3:
                doors.append(_interior_door(rng, a, b, doors))
    return doors


def _interior_door(rng, a: Room, b: Room, doors: list[Gap]) -> Gap:
    """Put an open door in the wall of two rooms, its leaf into the room that is entered (the second)."""
    width = round(float(rng.uniform(0.88, 1.0)), 2)
    stretches = _shared(b, a)
    edge, low, high, place = *stretches[0], stretches[0][1] + 0.12
    for _ in range(20):
        edge, low, high = stretches[int(rng.integers(len(stretches)))]
        place = float(rng.choice([low + 0.12, high - 0.12 - width, rng.uniform(low + 0.1, high - 0.1 - width)]))
        centre = edge.at(place + width / 2, -WALL / 2)
        if all(math.dist(centre, d.start) > 1.3 and math.dist(centre, d.end) > 1.3 for d in doors):
            break
    ends = [edge.at(place, -WALL / 2), edge.at(place + width, -WALL / 2)]
    if place - low > high - place - width:  # hinge on the side of the nearer corner
        ends.reverse()
    angle = math.radians(rng.uniform(82, 97))
    return Gap("door", ends[0], ends[1], 0.0, round(float(rng.uniform(2.0, 2.1)), 2), (b.name, a.name), angle)


def outer_stretches(room: Room, rooms: list[Room], gaps: list[Gap]) -> list[tuple[WallFace, float, float]]:
    """Return stretches (edge, from, to) of a room's walls that face outside and hold no gap yet."""
    stretches = []
    others = [r for r in rooms if r.name != room.name]
    for edge in room_edges(room):
        taken = [s for s in (gap_span(edge, g) for g in gaps) if s]
        start = None
        steps = np.arange(0.1, edge.length - 0.1, 0.05)
        for step in [*steps, None]:
            free = (
                step is not None
                and not any(a - 0.2 < step < b + 0.2 for a, b in taken)
                and not any(inside(r.polygon, edge.at(step, -WALL - 0.25)) for r in others)
            )
            if free and start is None:
                start = step
            elif not free and start is not None:
                end = step - 0.05 if step is not None else steps[-1]
                stretches.append((edge, float(start), float(end)))
                start = None
    return stretches


def _entrance(rng, rooms: list[Room], doors: list[Gap]) -> list[Gap]:
    """Put the closed entrance door into the most public room that has room for one."""
    rank = ["living room", "office", "dining room", "kitchen", "bedroom", "laundry room", "bathroom"]
    for room in sorted(rooms, key=lambda r: rank.index(r.kind)):
        width = round(float(rng.uniform(0.86, 1.0)), 2)
        stretches = [s for s in outer_stretches(room, rooms, doors) if s[2] - s[1] > width + 0.15]
        if stretches:
            edge, low, high = stretches[int(rng.integers(len(stretches)))]
            place = rng.choice([low + 0.05, high - 0.05 - width, rng.uniform(low, high - width)])
            ends = (edge.at(place, -WALL / 2), edge.at(place + width, -WALL / 2))
            return [Gap("door", *ends, 0.0, round(float(rng.uniform(2.0, 2.1)), 2), (room.name, None))]
    return []


def _windows(rng, rooms: list[Room], doors: list[Gap]) -> list[Gap]:
    """Put windows into outer walls, by room kind; bathrooms have small high ones."""
    windows: list[Gap] = []
    for room in rooms:
        if rng.random() > KINDS[room.kind].window_chance:
            continue
        small = room.kind in ("bathroom", "laundry room")
        wanted = 1 if small else int(rng.choice([1, 2, 3], p=[0.45, 0.4, 0.15]))
        sill = (1.25, 1.45) if small else (1.08, 1.2) if room.kind == "kitchen" else (0.75, 1.05)
        bottom = round(float(rng.uniform(*sill)), 2)
        top = round(min(float(rng.uniform(1.98, 2.25)), room.height - 0.15), 2)
        for _ in range(wanted):
            width = float(rng.uniform(0.5, 0.8) if small else rng.uniform(0.8, 2.0))
            free = [s for s in outer_stretches(room, rooms, doors + windows) if s[2] - s[1] > width + 0.1]
            if not free:
                continue
            edge, low, high = free[int(rng.integers(len(free)))]
            middle = (low + high - width) / 2
            place = float(np.clip(middle + rng.normal(0, 0.25) * (high - low), low, high - width))
            ends = (edge.at(place, -WALL / 2), edge.at(place + width, -WALL / 2))
            windows.append(Gap("window", *ends, bottom, top, (room.name, None)))
    return windows
