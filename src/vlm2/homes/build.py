"""Build a home from a seed: plan, shell, openings, furniture, lights. Give the boxes of its countable things."""

from __future__ import annotations

import math
import zlib

import numpy as np

from ..scenes.record import Box, Room, SceneObject, Vector
from .floor_plan import FloorPlan, WallOpening, inside, make_plan, opening_wall, polygon_area
from .furnish import furnish
from .furniture.catalogue import Catalogue
from .home import Home, Light, Opening, Placement, Split
from .shell import build_opening, build_shell, triple


def build_home(seed: int, split: Split, rooms: int | None = None, catalogue: Catalogue | None = None) -> Home:
    """Build a home of 1–4 rooms (drawn where `rooms` is None); the same arguments give the same home.

    Instance ids count from 1: doors and windows first, then furniture room by room. Raises ValueError for another
    number of rooms.
    """
    catalogue = catalogue or Catalogue(split)
    rng = np.random.default_rng([seed, zlib.crc32(split.encode()), rooms or 0])
    plan = make_plan(rng, rooms)
    shell = build_shell(plan, split, rng)
    openings = tuple(build_opening(o, i, opening_wall(plan, o), rng) for i, o in enumerate(plan.openings, start=1))
    placements: list[Placement] = []
    for room in plan.rooms:
        for piece in furnish(room, plan.openings, catalogue, rng):
            number = len(openings) + len(placements) + 1
            placements.append(Placement(number, piece.model, piece.matrix, room.name))
    return Home(seed, split, plan.rooms, shell, openings, tuple(placements), _lights(plan, placements, rng))


def _lights(plan: FloorPlan, placements: list[Placement], rng: np.random.Generator) -> tuple[Light, ...]:
    """Light each room from its ceiling (under the lamp where it has one) and from its largest window."""
    lights = []
    for room in plan.rooms:
        lamps = [p for p in placements if p.room == room.name and p.model.stands == "ceiling"]
        if lamps:
            x, y, z = lamps[0].world_from_model[:3, 3]
            z -= lamps[0].model.size[2] + 0.1
        else:
            xs, ys = zip(*room.polygon, strict=True)
            x, y, z = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2, room.height - 0.2
        warm = np.array([1.0, 0.96 - 0.14 * rng.random(), 0.9 - 0.25 * rng.random()])
        strength = rng.uniform(0.7, 1.15) * (0.75 + polygon_area(room.polygon) / 60)
        lights.append(Light((float(x), float(y), float(z)), triple(warm * strength)))
    for room in plan.rooms:
        windows = [o for o in plan.openings if o.kind == "window" and o.rooms[0] == room.name]
        if windows:
            lights.append(_daylight(max(windows, key=lambda window: window.width), room, rng))
    return tuple(lights)


def _daylight(window: WallOpening, room: Room, rng: np.random.Generator) -> Light:
    """Return the light of a window, placed before it in its room."""
    middle = np.add(window.start, window.end) / 2
    across = np.array([window.start[1] - window.end[1], window.end[0] - window.start[0]]) / window.width
    sign = 1 if inside(room.polygon, tuple(middle + 0.3 * across)) else -1
    x, y = middle + sign * 0.45 * across
    day = np.array([0.86, 0.93, 1.0]) * rng.uniform(0.25, 0.7) * min(1.0, window.width / 1.4)
    return Light((float(x), float(y), (window.bottom + window.top) / 2 + 0.2), triple(day))


def placement_box(placement: Placement) -> Box:
    """Return the box of a placed piece: exact size, turned by its yaw."""
    model, matrix = placement.model, placement.world_from_model
    _, deep, high = model.size
    middle = {"wall": (0.0, deep / 2, 0.0), "ceiling": (0.0, 0.0, -high / 2)}.get(model.stands, (0.0, 0.0, high / 2))
    center = matrix[:3, :3] @ np.array(middle) + matrix[:3, 3]
    return Box(triple(center), triple(model.size), _axes(matrix[:3, :3].T))


def _axes(rows: np.ndarray) -> tuple[Vector, Vector, Vector]:
    return triple(rows[0]), triple(rows[1]), triple(rows[2])


def opening_box(opening: Opening) -> Box:
    """Return the tight box of a door's leaf or of a window."""
    c, s = math.cos(opening.yaw), math.sin(opening.yaw)
    axes = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    local = np.concatenate([p.positions for p in opening.mesh.parts]).astype(float) @ axes.T
    low, high = local.min(0), local.max(0)
    return Box(triple(axes.T @ ((low + high) / 2)), triple(high - low), _axes(axes))


def scene_objects(home: Home) -> tuple[SceneObject, ...]:
    """Return every countable thing of a home with its box, in the order of ids (1, 2, ...), without sightings."""
    openings = [SceneObject(o.id, o.kind, opening_box(o), room=o.rooms[0]) for o in home.openings]
    things = [
        SceneObject(p.id, p.model.category, placement_box(p), room=p.room, colour=p.model.colour, model=p.model.name)
        for p in home.placements
    ]
    return (*openings, *things)


def floor_area(home: Home) -> float:
    """Return the floor area of all rooms together, without walls, in square metres."""
    return float(sum(polygon_area(room.polygon) for room in home.rooms))
