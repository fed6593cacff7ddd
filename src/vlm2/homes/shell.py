"""The shell of a home from its plan (walls, floors, ceilings, skirting, casings), and its doors and windows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from ..scenes.record import Room, Vector
from .floor_plan import WALL, WET, FloorPlan, WallFace, WallOpening, opening_wall, wall_faces
from .home import Opening, Split
from .mesh import Material, Mesh, Part, joined, part
from .textures import texture_names

Triple = Sequence[float] | Float[np.ndarray, " 3"]

FLOORS = {
    "living room": ("wood_floor", "wood_floor", "carpet"),
    "bedroom": ("wood_floor", "carpet"),
    "kitchen": ("tile", "tile", "wood_floor"),
    "bathroom": ("tile",),
    "office": ("carpet", "wood_floor", "wood_floor"),
    "dining room": ("wood_floor",),
    "laundry room": ("tile",),
}
WALL_COLOURS = (
    (0.86, 0.85, 0.82), (0.82, 0.78, 0.70), (0.72, 0.77, 0.80), (0.76, 0.80, 0.72),
    (0.84, 0.76, 0.70), (0.62, 0.68, 0.74), (0.88, 0.82, 0.66), (0.70, 0.66, 0.62),
)  # fmt: skip
DOOR_COLOURS = ((0.85, 0.84, 0.81), (0.55, 0.36, 0.2), (0.38, 0.24, 0.14), (0.72, 0.55, 0.36), (0.66, 0.7, 0.7))
WINDOW_COLOURS = ((0.88, 0.88, 0.87), (0.88, 0.88, 0.87), (0.45, 0.3, 0.18), (0.2, 0.2, 0.21))
SKIRTING, CASING = 0.08, 0.07  # heights and widths of the strips at floors and around doors, metres


def quad(
    origin: Triple,
    right: Triple,
    up: Triple,
    material: Material,
    world_from_source: Float64[np.ndarray, "4 4"] | None = None,
    uv: tuple[float, float] = (0.0, 0.0),
) -> Part:
    """Return the parallelogram origin, origin+right, origin+right+up, origin+up, seen from the side of right × up.

    All are in metres. `uv` are the texture coordinates of the origin in metres.
    """
    origin, right, up = (np.asarray(v, float) for v in (origin, right, up))
    if world_from_source is not None:
        linear, offset = world_from_source[:3, :3], world_from_source[:3, 3]
        origin, right, up = linear @ origin + offset, linear @ right, linear @ up
    wide, high = np.linalg.norm(right), np.linalg.norm(up)
    normals = np.tile(np.cross(right, up) / (wide * high), (4, 1))
    corners = origin + np.array([np.zeros(3), right, right + up, up])
    uvs = np.array([[0, 0], [wide, 0], [wide, high], [0, high]]) + uv
    return part(corners, normals, uvs, [[0, 1, 2], [0, 2, 3]], material)


def block(
    low: Triple, high: Triple, material: Material, world_from_source: Float64[np.ndarray, "4 4"]
) -> Iterator[Part]:
    """Yield the faces of an axis-aligned box between its least and greatest corner, in metres in the source's frame."""
    low, high = np.asarray(low, float), np.asarray(high, float)
    x, y, z = np.diag(high - low)
    faces = ((low, y, x), (low, x, z), (low, z, y), (high, -x, -y), (high, -z, -x), (high, -y, -z))
    for origin, right, up in faces:
        yield quad(origin, right, up, material, world_from_source)


@dataclass(frozen=True)
class Finish:
    """The materials of one room."""

    floor: Material
    wall: Material
    accent: Material
    ceiling: Material
    skirting: Material


def triple(values: Iterable[float]) -> Vector:
    """Return three plain floats."""
    x, y, z = (float(v) for v in values)
    return x, y, z


def _choose(rng, options):
    return options[int(rng.integers(len(options)))]


def _shade(rng, colour, spread=0.05):
    factor = rng.uniform(1 - spread, 1 + spread, 3) * rng.uniform(0.92, 1.06)
    return triple(np.clip(np.asarray(colour) * factor, 0, 1))


def make_finish(rng: np.random.Generator, kind: str, split: Split) -> Finish:
    """Draw the materials of a room of one kind, with textures of one split only."""

    def texture(name: str) -> str:
        return _choose(rng, texture_names(name, split))

    flooring = _choose(rng, FLOORS[kind])
    size = float({"wood_floor": rng.uniform(1.4, 2.2), "carpet": 1.0, "tile": rng.uniform(0.9, 1.6)}[flooring])
    grey = rng.uniform(0.75, 1.0)
    tint = triple(np.clip(grey * rng.uniform(0.9, 1.05, 3), 0, 1))
    floor = Material(tint, texture(flooring), size, gloss=0.05 if flooring == "carpet" else 0.3)
    accent = wall = Material(_shade(rng, _choose(rng, WALL_COLOURS)), texture("wall"), 2.0)
    if kind in WET and rng.random() < 0.7:
        accent = wall = Material((0.9, 0.9, 0.9), texture("tile"), float(rng.uniform(0.8, 1.4)), gloss=0.3)
    elif rng.random() < 0.4:
        accent = Material((0.9, 0.89, 0.87), texture("wallpaper"), float(rng.uniform(0.8, 1.4)))
    elif rng.random() < 0.3:
        accent = Material(_shade(rng, _choose(rng, WALL_COLOURS), 0.15), wall.texture, 2.0)
    white = float(rng.uniform(0.84, 0.92))
    skirting = Material((0.85, 0.84, 0.82) if rng.random() < 0.7 else _shade(rng, (0.5, 0.34, 0.2)))
    return Finish(floor, wall, accent, Material((white, white, white * 0.98)), skirting)


def build_shell(plan: FloorPlan, split: Split, rng: np.random.Generator) -> Mesh:
    """Build walls with holes, floors, ceilings, skirting and door casings in world coordinates; faces look inwards."""
    return joined(_shell_parts(plan, split, rng))


def _shell_parts(plan: FloorPlan, split: Split, rng: np.random.Generator) -> Iterator[Part]:
    frame = Material(_shade(rng, _choose(rng, DOOR_COLOURS[:1] * 2 + DOOR_COLOURS)))
    finishes = {room.name: make_finish(rng, room.kind, split) for room in plan.rooms}
    for room in plan.rooms:
        finish = finishes[room.name]
        walls = wall_faces(room)
        accented = int(rng.integers(len(walls)))
        for i, wall in enumerate(walls):
            holes = [(span, o) for o in plan.openings if (span := wall.span(o))]
            yield from _wall(wall, room.height, sorted(holes), finish.accent if i == accented else finish.wall)
            doors = [(span, o.top) for span, o in holes if o.kind == "door"]
            yield from _skirting(wall, sorted(span for span, _ in doors), finish.skirting)
            for span, top in doors:
                yield from _casing(wall, span, top, frame)
        for low, high in _rectangles(room):
            wide, deep = high[0] - low[0], high[1] - low[1]
            yield quad((*low, 0), (wide, 0, 0), (0, deep, 0), finish.floor, uv=low)
            yield quad((*low, room.height), (0, deep, 0), (wide, 0, 0), finish.ceiling, uv=low)
    for opening in plan.openings:
        yield from _reveal(opening_wall(plan, opening), opening, frame, finishes[opening.rooms[0]].floor)


def _wall(
    wall: WallFace, height: float, holes: list[tuple[tuple[float, float], WallOpening]], material: Material
) -> Iterator[Part]:
    """Yield a wall face as strips around its holes."""
    strips, done = [], 0.0
    for (low, high), hole in holes:
        strips += [(done, low, 0.0, height), (low, high, 0.0, hole.bottom), (low, high, hole.top, height)]
        done = high
    strips.append((done, wall.length, 0.0, height))
    for low, high, bottom, top in strips:
        if high - low > 1e-6 and top - bottom > 1e-6:
            # Seen from the room, a wall walked counter-clockwise runs to the left, so quads start at its far end.
            x, y = wall.at(high)
            right = np.array([*wall.at(low), 0.0]) - np.array([x, y, 0.0])
            yield quad((x, y, bottom), right, (0, 0, top - bottom), material, uv=(wall.length - high, bottom))


def _world_from_wall(wall: WallFace) -> np.ndarray:
    """Return the 4×4 transform of a wall's frame: origin at its start, x along it, y into the room, z up."""
    matrix = np.eye(4)
    matrix[:2, 0], matrix[:2, 1], matrix[:2, 3] = wall.along, wall.inward, wall.at(0.0)
    return matrix


def _skirting(wall: WallFace, doors: list[tuple[float, float]], material: Material) -> Iterator[Part]:
    """Yield a skirting board along a wall, broken at doors."""
    stops = [0.0, *(v for low, high in doors for v in (low - CASING, high + CASING)), wall.length]
    for low, high in zip(stops[::2], stops[1::2], strict=True):
        if high - low > 0.02:
            yield from block((low, 0.0, 0.0), (high, 0.012, SKIRTING), material, _world_from_wall(wall))


def _casing(wall: WallFace, span: tuple[float, float], top: float, material: Material) -> Iterator[Part]:
    """Yield the frame of a doorway on one side of its wall."""
    low, high = span
    left, right = max(low - CASING, 0.005), min(high + CASING, wall.length - 0.005)
    for start, end, bottom in ((left, low, 0.0), (high, right, 0.0), (low, high, top)):
        yield from block((start, 0.0, bottom), (end, 0.016, top + CASING), material, _world_from_wall(wall))


def _reveal(wall: WallFace, opening: WallOpening, material: Material, floor: Material) -> Iterator[Part]:
    """Yield the lining of a hole through the wall's thickness; a door's hole gets a piece of floor."""
    low, high = wall.extent(opening)
    bottom, top, tall, matrix = opening.bottom, opening.top, opening.top - opening.bottom, _world_from_wall(wall)
    yield quad((low, 0, bottom), (0, 0, tall), (0, -WALL, 0), material, matrix)
    yield quad((high, 0, bottom), (0, -WALL, 0), (0, 0, tall), material, matrix)
    yield quad((low, 0, top), (high - low, 0, 0), (0, -WALL, 0), material, matrix)
    sill = floor if opening.kind == "door" else material
    yield quad((low, -WALL, bottom), (high - low, 0, 0), (0, WALL, 0), sill, matrix)


def _rectangles(room: Room) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Cut a room's polygon into rectangles (low corner, high corner) between its distinct x coordinates."""
    pieces = []
    for left, right in itertools.pairwise(sorted({x for x, _ in room.polygon})):
        middle = (left + right) / 2
        level = [w for w in wall_faces(room) if abs(w.along[0]) > 0.5]
        ys = sorted(w.start[1] for w in level if (w.start[0] - middle) * (w.end[0] - middle) < 0)
        pieces += [((left, low), (right, high)) for low, high in zip(ys[::2], ys[1::2], strict=True)]
    return pieces


def build_opening(opening: WallOpening, number: int, wall: WallFace, rng: np.random.Generator) -> Opening:
    """Build the leaf of a door, or the frame, glass and sill of a window, in world coordinates.

    `number` is its instance id. `wall` belongs to `opening.rooms[0]`.
    """
    o, yaw = opening, math.atan2(wall.along[1], wall.along[0])
    if o.kind == "door":
        closed = math.atan2(o.end[1] - o.start[1], o.end[0] - o.start[0])
        forwards = wall.project(o.end)[0] > wall.project(o.start)[0]
        yaw = closed + (1.0 if forwards else -1.0) * o.angle  # the room lies to the left of the wall
    parts = _leaf(o, wall, yaw, rng) if o.kind == "door" else _window(o, wall, rng)
    return Opening(**vars(opening), id=number, mesh=joined(parts), yaw=yaw)


def _leaf(opening: WallOpening, wall: WallFace, yaw: float, rng: np.random.Generator) -> Iterator[Part]:
    """Yield a door's leaf with panels and handles."""
    matrix = np.eye(4)
    matrix[:2, :2] = [[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]]
    hinge = wall.project(opening.start)[0]
    matrix[:2, 3] = wall.at(hinge, 0.0 if opening.angle else -0.03)  # an open leaf hangs on the plane of the wall
    width, top = opening.width, opening.top
    colour = _shade(rng, _choose(rng, DOOR_COLOURS))
    yield from block((0.004, -0.02, 0.008), (width - 0.004, 0.02, top - 0.004), Material(colour, gloss=0.15), matrix)
    relief = Material(triple(0.86 * np.asarray(colour)), gloss=0.15)
    two, one, three = ((0.12, 0.9), (1.02, top - 0.14)), ((0.14, top - 0.14),), ((0.2, 0.6), (0.7, 1.2), (1.3, 1.85))
    for low, high in _choose(rng, (two, one, three, ())):
        yield from block((0.12, -0.025, low), (width - 0.12, 0.025, high), relief, matrix)
    metal = Material((0.6, 0.58, 0.54), gloss=0.8)
    yield from block((width - 0.09, -0.05, 1.0), (width - 0.06, 0.05, 1.03), metal, matrix)
    for near, far in ((-0.05, -0.035), (0.035, 0.05)):
        yield from block((width - 0.19, near, 1.0), (width - 0.06, far, 1.025), metal, matrix)


def _window(opening: WallOpening, wall: WallFace, rng: np.random.Generator) -> Iterator[Part]:
    """Yield a window's frame, bars, sill and glass."""
    (low, high), bottom, top = wall.extent(opening), opening.bottom, opening.top
    matrix, bar = _world_from_wall(wall), 0.06
    frame = Material(_shade(rng, _choose(rng, WINDOW_COLOURS)))
    bars = [(low, low + bar, bottom, top), (high - bar, high, bottom, top)]
    bars += [(low + bar, high - bar, *span) for span in ((bottom, bottom + bar), (top - bar, top))]
    panes = 1 if high - low < 0.9 else int(rng.integers(2, 4))
    for i in range(1, panes):
        middle = low + (high - low) * i / panes
        bars.append((middle - 0.035, middle + 0.035, bottom + bar, top - bar))
    for left, right, under, over in bars:
        yield from block((left, -0.1, under), (right, -0.05, over), frame, matrix)
    yield from block((low - 0.05, -0.05, bottom - 0.03), (high + 0.05, 0.1, bottom + 0.005), frame, matrix)
    # The world outside is painted on the glass: sky above a hazy, darker ground.
    horizon = bottom + (top - bottom) * rng.uniform(0.15, 0.4)
    sky = triple(rng.uniform((0.62, 0.74, 0.85), (0.8, 0.88, 0.98)))
    ground = triple(rng.uniform((0.3, 0.36, 0.26), (0.5, 0.55, 0.45)))
    for under, over, colour in ((bottom, horizon, ground), (horizon, top, sky)):
        glass = Material(colour, glow=0.8, gloss=0.4)
        yield quad((high, -0.08, under), (low - high, 0, 0), (0, 0, over - under), glass, matrix)
