"""The shell of a home from its plan (walls, floors, ceilings, skirting, casings), and its doors and windows."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

import numpy as np

from ..scenes.record import Room, Vector
from .floor_plan import WALL, FloorPlan, WallFace, WallOpening, opening_wall, wall_faces
from .home import Opening, Split
from .mesh import Material, Mesh, Part
from .textures import texture_names

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
    (0.86, 0.85, 0.82),
    (0.82, 0.78, 0.70),
    (0.72, 0.77, 0.80),
    (0.76, 0.80, 0.72),
    (0.84, 0.76, 0.70),
    (0.62, 0.68, 0.74),
    (0.88, 0.82, 0.66),
    (0.70, 0.66, 0.62),
)
DOOR_COLOURS = ((0.85, 0.84, 0.81), (0.55, 0.36, 0.2), (0.38, 0.24, 0.14), (0.72, 0.55, 0.36), (0.66, 0.7, 0.7))
SKIRTING, CASING = 0.08, 0.07  # heights and widths of the strips at floors and around doors, metres


@dataclass
class Surfaces:
    """Quads gathered by material, to be joined into one mesh."""

    quads: dict[Material, list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = field(default_factory=dict)

    def quad(self, origin, right, up, material: Material, uv=(0.0, 0.0)) -> None:
        """Add the parallelogram origin, origin+right, origin+right+up, origin+up, seen from the side of right × up."""
        origin, right, up = (np.asarray(v, float) for v in (origin, right, up))
        wide, high = np.linalg.norm(right), np.linalg.norm(up)
        normal = np.cross(right, up) / (wide * high)
        corners = origin + np.array([np.zeros(3), right, right + up, up])
        uvs = np.array([[0, 0], [wide, 0], [wide, high], [0, high]]) + uv
        self.quads.setdefault(material, []).append((corners, np.tile(normal, (4, 1)), uvs))

    def box(self, low, high, material: Material, world_from_box: np.ndarray | None = None) -> None:
        """Add an axis-aligned box between two corners, moved by a 4×4 transform if one is given."""
        low, high = np.asarray(low, float), np.asarray(high, float)
        matrix = np.eye(4) if world_from_box is None else world_from_box
        x, y, z = np.diag(high - low)
        top, turn = high, matrix[:3, :3]
        faces = ((low, y, x), (low, x, z), (low, z, y), (top, -x, -y), (top, -z, -x), (top, -y, -z))
        for origin, right, up in faces:
            self.quad(turn @ origin + matrix[:3, 3], turn @ right, turn @ up, material)

    def mesh(self) -> Mesh:
        """Join the quads into one part per material."""
        parts = []
        for material, quads in self.quads.items():
            positions, normals, uvs = (np.concatenate(c).astype(np.float32) for c in zip(*quads, strict=True))
            first = 4 * np.arange(len(quads), dtype=np.int32)[:, None, None]
            faces = (first + np.array([[0, 1, 2], [0, 2, 3]], np.int32)).reshape(-1, 3).astype(np.int32)
            parts.append(Part(positions, normals, uvs, faces, material))
        return Mesh(tuple(parts))


@dataclass(frozen=True)
class Finish:
    """The materials of one room."""

    floor: Material
    wall: Material
    accent: Material
    ceiling: Material
    skirting: Material


def triple(values) -> Vector:
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
    flooring = _choose(rng, FLOORS[kind])
    size = float({"wood_floor": rng.uniform(1.4, 2.2), "carpet": 1.0, "tile": rng.uniform(0.9, 1.6)}[flooring])
    grey = rng.uniform(0.75, 1.0)
    tint = triple(np.clip(grey * rng.uniform(0.9, 1.05, 3), 0, 1))
    floor = Material(
        tint, _choose(rng, texture_names(flooring, split)), size, gloss=0.05 if flooring == "carpet" else 0.3
    )
    wall = Material(_shade(rng, _choose(rng, WALL_COLOURS)), _choose(rng, texture_names("wall", split)), 2.0)
    accent = wall
    if kind in ("bathroom", "laundry room") and rng.random() < 0.7:
        tiles = _choose(rng, texture_names("tile", split))
        wall = accent = Material((0.9, 0.9, 0.9), tiles, float(rng.uniform(0.8, 1.4)), gloss=0.3)
    elif rng.random() < 0.4:
        accent = Material(
            (0.9, 0.89, 0.87), _choose(rng, texture_names("wallpaper", split)), float(rng.uniform(0.8, 1.4))
        )
    elif rng.random() < 0.3:
        accent = Material(_shade(rng, _choose(rng, WALL_COLOURS), 0.15), wall.texture, 2.0)
    white = float(rng.uniform(0.84, 0.92))
    skirting = Material((0.85, 0.84, 0.82) if rng.random() < 0.7 else _shade(rng, (0.5, 0.34, 0.2)))
    return Finish(floor, wall, accent, Material((white, white, white * 0.98)), skirting)


def build_shell(plan: FloorPlan, split: Split, rng: np.random.Generator) -> Mesh:
    """Build walls with holes, floors, ceilings, skirting and door casings in world coordinates; faces look inwards."""
    surfaces = Surfaces()
    frame = Material(_shade(rng, _choose(rng, DOOR_COLOURS[:1] * 2 + DOOR_COLOURS)))
    finishes = {room.name: make_finish(rng, room.kind, split) for room in plan.rooms}
    for room in plan.rooms:
        finish = finishes[room.name]
        walls = wall_faces(room)
        accented = int(rng.integers(len(walls)))
        for i, wall in enumerate(walls):
            _wall(surfaces, wall, room.height, plan.openings, finish.accent if i == accented else finish.wall)
            _skirting(surfaces, wall, plan.openings, finish.skirting)
            for opening in plan.openings:
                if opening.kind == "door" and (span := wall.span(opening)):
                    _casing(surfaces, wall, span, opening.top, frame)
        for low, high in _rectangles(room):
            wide, deep = high[0] - low[0], high[1] - low[1]
            surfaces.quad((*low, 0), (wide, 0, 0), (0, deep, 0), finish.floor, uv=low)
            surfaces.quad((*low, room.height), (0, deep, 0), (wide, 0, 0), finish.ceiling, uv=low)
    for opening in plan.openings:
        _reveal(surfaces, opening_wall(plan, opening), opening, frame, finishes[opening.rooms[0]].floor)
    return surfaces.mesh()


def _wall(
    surfaces: Surfaces, wall: WallFace, height: float, openings: tuple[WallOpening, ...], material: Material
) -> None:
    """Add a wall face as strips around its holes."""
    holes = sorted((span, opening.bottom, opening.top) for opening in openings if (span := wall.span(opening)))
    strips, done = [], 0.0
    for (low, high), bottom, top in holes:
        strips += [(done, low, 0.0, height), (low, high, 0.0, bottom), (low, high, top, height)]
        done = high
    strips.append((done, wall.length, 0.0, height))
    for low, high, bottom, top in strips:
        if high - low > 1e-6 and top - bottom > 1e-6:
            # Seen from the room, an wall walked counter-clockwise runs to the left, so quads start at its far end.
            x, y = wall.at(high)
            right = np.array([*wall.at(low), 0.0]) - np.array([x, y, 0.0])
            surfaces.quad((x, y, bottom), right, (0, 0, top - bottom), material, uv=(wall.length - high, bottom))


def _frame_of(wall: WallFace, distance: float, offset: float = 0.0) -> np.ndarray:
    """Return world_from_edge at a point of an wall: x along it, y into the room, z up."""
    matrix = np.eye(4)
    matrix[:2, 0], matrix[:2, 1], matrix[:2, 3] = wall.along, wall.inward, wall.at(distance, offset)
    return matrix


def _skirting(surfaces: Surfaces, wall: WallFace, openings: tuple[WallOpening, ...], material: Material) -> None:
    """Add a skirting board along a wall, broken at doors."""
    doors = sorted(s for o in openings if o.kind == "door" and (s := wall.span(o)))
    stops = [0.0, *(v for low, high in doors for v in (low - CASING, high + CASING)), wall.length]
    matrix = _frame_of(wall, 0.0)
    for low, high in zip(stops[::2], stops[1::2], strict=True):
        if high - low > 0.02:
            surfaces.box((low, 0.0, 0.0), (high, 0.012, SKIRTING), material, matrix)


def _casing(surfaces: Surfaces, wall: WallFace, span: tuple[float, float], top: float, material: Material) -> None:
    """Frame a doorway on one side of its wall."""
    matrix, (low, high) = _frame_of(wall, 0.0), span
    left, right = max(low - CASING, 0.005), min(high + CASING, wall.length - 0.005)
    surfaces.box((left, 0.0, 0.0), (low, 0.016, top + CASING), material, matrix)
    surfaces.box((high, 0.0, 0.0), (right, 0.016, top + CASING), material, matrix)
    surfaces.box((low, 0.0, top), (high, 0.016, top + CASING), material, matrix)


def _reveal(surfaces: Surfaces, wall: WallFace, opening: WallOpening, material: Material, floor: Material) -> None:
    """Line a hole through the wall's thickness; a door's hole gets a piece of floor."""
    low, high = wall.extent(opening)
    matrix = _frame_of(wall, 0.0)
    lining = [
        ((low, 0, opening.bottom), (0, 0, opening.top - opening.bottom), (0, -WALL, 0)),
        ((high, 0, opening.bottom), (0, -WALL, 0), (0, 0, opening.top - opening.bottom)),
        ((low, 0, opening.top), (high - low, 0, 0), (0, -WALL, 0)),
        ((low, -WALL, opening.bottom), (high - low, 0, 0), (0, WALL, 0)),
    ]
    for i, (origin, right, up) in enumerate(lining):
        place = matrix[:3, :3] @ np.asarray(origin, float) + matrix[:3, 3]
        surface = floor if i == 3 and opening.kind == "door" else material
        surfaces.quad(place, matrix[:3, :3] @ np.asarray(right), matrix[:3, :3] @ np.asarray(up), surface)


def _rectangles(room: Room) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Cut a room's polygon into rectangles (low corner, high corner) between its distinct x coordinates."""
    xs = sorted({x for x, _ in room.polygon})
    pieces = []
    for left, right in itertools.pairwise(xs):
        middle = (left + right) / 2
        ys = sorted(
            e.start[1]
            for e in wall_faces(room)
            if abs(e.along[0]) > 0.5 and (e.start[0] - middle) * (e.end[0] - middle) < 0
        )
        pieces += [((left, low), (right, high)) for low, high in zip(ys[::2], ys[1::2], strict=True)]
    return pieces


def build_opening(opening: WallOpening, number: int, wall: WallFace, rng: np.random.Generator) -> Opening:
    """Build the leaf of a door or the frame, glass and sill of a window; `wall` is the wall face of `opening.rooms[0]`."""
    if opening.kind == "door":
        mesh, yaw = _leaf(opening, wall, rng)
    else:
        mesh, yaw = _window(opening, wall, rng), math.atan2(wall.along[1], wall.along[0])
    return Opening(
        number, opening.kind, opening.start, opening.end, opening.bottom, opening.top, opening.rooms, mesh, yaw
    )


def leaf_pose(opening: WallOpening, wall: WallFace) -> tuple[tuple[float, float], float]:
    """Return where a door's leaf hangs (its hinge on the plane) and the direction it points to, radians about z."""
    hinge, _ = wall.project(opening.start)
    other, _ = wall.project(opening.end)
    closed = math.atan2(opening.end[1] - opening.start[1], opening.end[0] - opening.start[0])
    turn = 1.0 if other > hinge else -1.0  # the room lies to the left of the wall
    return wall.at(hinge, 0.0 if opening.angle else -0.03), closed + turn * opening.angle


def _leaf(opening: WallOpening, wall: WallFace, rng: np.random.Generator) -> tuple[Mesh, float]:
    surfaces = Surfaces()
    hinge, yaw = leaf_pose(opening, wall)
    matrix = np.eye(4)
    matrix[:2, :2] = [[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]]
    matrix[:2, 3] = hinge
    width, top = opening.width, opening.top
    colour = _shade(rng, _choose(rng, DOOR_COLOURS))
    surfaces.box((0.004, -0.02, 0.008), (width - 0.004, 0.02, top - 0.004), Material(colour, gloss=0.15), matrix)
    relief = Material(triple(0.86 * np.asarray(colour)), gloss=0.15)
    panels = _choose(
        rng, (((0.12, 0.9), (1.02, top - 0.14)), ((0.14, top - 0.14),), ((0.2, 0.6), (0.7, 1.2), (1.3, 1.85)), ())
    )
    for low, high in panels:
        surfaces.box((0.12, -0.025, low), (width - 0.12, 0.025, high), relief, matrix)
    metal = Material((0.6, 0.58, 0.54), gloss=0.8)
    surfaces.box((width - 0.09, -0.05, 1.0), (width - 0.06, 0.05, 1.03), metal, matrix)
    for side in (-1, 1):
        near, far = sorted((side * 0.035, side * 0.05))
        surfaces.box((width - 0.19, near, 1.0), (width - 0.06, far, 1.025), metal, matrix)
    return surfaces.mesh(), yaw


def _window(opening: WallOpening, wall: WallFace, rng: np.random.Generator) -> Mesh:
    surfaces = Surfaces()
    (low, high), bottom, top = wall.extent(opening), opening.bottom, opening.top
    matrix = _frame_of(wall, 0.0)
    frame = Material(
        _shade(rng, _choose(rng, ((0.88, 0.88, 0.87), (0.88, 0.88, 0.87), (0.45, 0.3, 0.18), (0.2, 0.2, 0.21))))
    )
    bar, front, back = 0.06, -0.05, -0.1
    for a, b, c, d in (
        (low, low + bar, bottom, top),
        (high - bar, high, bottom, top),
        (low + bar, high - bar, bottom, bottom + bar),
        (low + bar, high - bar, top - bar, top),
    ):
        surfaces.box((a, back, c), (b, front, d), frame, matrix)
    panes = 1 if high - low < 0.9 else int(rng.integers(2, 4))
    for i in range(1, panes):
        middle = low + (high - low) * i / panes
        surfaces.box((middle - 0.035, back, bottom + bar), (middle + 0.035, front, top - bar), frame, matrix)
    surfaces.box((low - 0.05, -0.05, bottom - 0.03), (high + 0.05, 0.1, bottom + 0.005), frame, matrix)
    # The world outside is painted on the glass: sky above a hazy, darker ground.
    horizon = bottom + (top - bottom) * rng.uniform(0.15, 0.4)
    sky = triple(rng.uniform((0.62, 0.74, 0.85), (0.8, 0.88, 0.98)))
    ground = triple(rng.uniform((0.3, 0.36, 0.26), (0.5, 0.55, 0.45)))
    for c, d, colour in ((bottom, horizon, ground), (horizon, top, sky)):
        origin = matrix[:3, :3] @ np.array([high, -0.08, c]) + matrix[:3, 3]
        surfaces.quad(origin, matrix[:3, 0] * (low - high), (0, 0, d - c), Material(colour, glow=0.8, gloss=0.4))
    return surfaces.mesh()
