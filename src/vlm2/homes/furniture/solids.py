"""Solids that furniture is made of. Metres, z up; `at` is the centre of a solid's base unless stated otherwise.

Every solid is one `Part` with unit normals and texture coordinates in metres along its surface.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from jaxtyping import Float64

from ..mesh import Material, Mesh, Part, joined, part

Point = tuple[float, float, float]
ORIGIN: Point = (0.0, 0.0, 0.0)
PLAIN = Material()


@cache
def _stitch(rows: int, columns: int) -> np.ndarray:
    """Return the triangles of a grid of vertices, row by row; columns × rows points outwards."""
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).reshape(-1)
    lower = np.stack([corner, corner + 1, corner + columns + 1], 1)
    upper = np.stack([corner, corner + columns + 1, corner + columns], 1)
    return np.concatenate([lower, upper])


def box(
    size: Point,
    at: Point = ORIGIN,
    material: Material = PLAIN,
    *,
    bevel: float = 0.0,
    steps: int = 1,
    cuts: tuple[float, ...] = (),
) -> Part:
    """Return a box of full edge lengths `size`, its edges rounded by radius `bevel` in `steps` strips of 45° / steps.

    `cuts` (−1 to 1 between the rounded edges, ascending) add lines of vertices to every face, for bending it later.
    """
    half = np.asarray(size, float) / 2
    bevel = float(min(bevel, half.min() * 0.999))
    center = np.add(at, (0, 0, half[2]))
    if bevel > 0:
        tangents = np.tan(np.linspace(np.pi / 4, 0, steps + 1))
        edges = [(h - bevel) + bevel * tangents for h in half]
        lines = [np.concatenate([-e, np.array(cuts) * (h - bevel), e[::-1]]) for e, h in zip(edges, half, strict=True)]
    else:
        lines = [np.array([-h, h]) for h in half]
    inner = half - bevel
    sides = []
    for axis in range(3):
        across, up = (axis + 1) % 3, (axis + 2) % 3
        for sign in (-1.0, 1.0):
            shape = (len(lines[up]), len(lines[across]))
            grid = np.empty((*shape, 3))
            grid[..., across], grid[..., up] = lines[across] * sign, lines[up][:, None]
            grid[..., axis] = sign * half[axis]
            grid = grid.reshape(-1, 3)
            if bevel > 0:
                core = np.clip(grid, -inner, inner)
                normal = grid - core
                normal /= np.linalg.norm(normal, axis=1, keepdims=True)
                grid = core + bevel * normal
            else:
                normal = np.zeros_like(grid)
                normal[:, axis] = sign
            sides.append(part(grid + center, normal, _box_uv(grid, axis), _stitch(*shape), material))
    return joined(sides).parts[0]


def _box_uv(points: np.ndarray, axis: int) -> np.ndarray:
    """Return texture coordinates on the face of a box that looks along `axis`, u (the grain) along its longer edge."""
    across, up = [(1, 2), (0, 2), (0, 1)][axis]
    if np.ptp(points[:, up]) > np.ptp(points[:, across]):
        across, up = up, across
    return points[:, (across, up)]


def cushion(size: Point, at: Point = ORIGIN, material: Material = PLAIN, *, puff: float = 0.25, steps: int = 1) -> Part:
    """Return a box with round edges whose top and bottom swell by `puff` of its height in the middle."""
    height = size[2] / (1 + puff)
    core = (size[0], size[1], height)
    soft = box(core, at, material, bevel=0.45 * min(core), steps=steps, cuts=(0.0,))
    middle = np.add(at, (0, 0, height / 2))
    relative = (soft.positions - middle) / (np.asarray(core) / 2)
    swell = np.clip(1 - relative[:, 0] ** 2, 0, 1) * np.clip(1 - relative[:, 1] ** 2, 0, 1)
    positions = soft.positions.copy()
    positions[:, 2] += relative[:, 2] * swell * puff * height / 2 + puff * height / 2
    return replace(soft, positions=positions.astype(np.float32))


def lathe(
    profile: Sequence[tuple[float, float]],
    at: Point = ORIGIN,
    material: Material = PLAIN,
    *,
    sides: int = 12,
    closed: bool = True,
) -> Part:
    """Return the solid that a profile sweeps when it turns about the z axis.

    The profile lists (radius, height) points upwards on the outside. A flat disc closes it where it starts or ends away
    from the axis, unless `closed` is False. Neighbouring segments that turn by less than 50° are shaded as one smooth
    surface.
    """
    if closed:
        profile = [(0, profile[0][1]), *profile, (0, profile[-1][1])]
    points = np.asarray(profile, float)
    steps = np.diff(points, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    keep = lengths > 1e-9
    outward = np.stack([steps[keep, 1], -steps[keep, 0]], 1) / lengths[keep, None]
    arc = np.concatenate([[0.0], np.cumsum(lengths[keep])])
    angles = np.linspace(0, 2 * np.pi, sides + 1)

    def swept(ends: np.ndarray) -> np.ndarray:
        """Turn the (radial, upward) pairs at both ends of each segment about the axis."""
        radial, up = np.moveaxis(ends[:, :, None], -1, 0)
        return np.stack(np.broadcast_arrays(np.cos(angles) * radial, np.sin(angles) * radial, up), -1).reshape(-1, 3)

    ends = np.stack([points[:-1][keep], points[1:][keep]], 1)
    shape = (len(ends), 2, sides + 1)
    around = np.broadcast_to(angles * max(points[:, 0].max(), 1e-3), shape)
    along = np.broadcast_to(np.stack([arc[:-1], arc[1:]], 1)[..., None], shape)
    strips = _stitch(2, sides + 1).reshape(2, sides, 3) + np.arange(len(ends))[:, None, None, None] * 2 * (sides + 1)
    faces = strips[ends[..., 0] > 1e-9].reshape(-1, 3)
    uvs = np.stack([around, along], -1).reshape(-1, 2)
    return part(swept(ends) + np.asarray(at), swept(_joints(outward)), uvs, faces, material)


def _joints(outward: np.ndarray) -> np.ndarray:
    """Return the normals at both ends of each segment, shared by neighbours that turn by less than 50°."""
    normals = np.stack([outward, outward], 1)
    for i in range(len(outward) - 1):
        if outward[i] @ outward[i + 1] > 0.64:
            shared = outward[i] + outward[i + 1]
            normals[i, 1] = normals[i + 1, 0] = shared / np.linalg.norm(shared)
    return normals


def cylinder(
    radius: float,
    height: float,
    at: Point = ORIGIN,
    material: Material = PLAIN,
    *,
    top: float | None = None,
    sides: int = 12,
) -> Part:
    """Return an upright cylinder, or a cone's frustum where `top` gives the upper radius."""
    upper = radius if top is None else top
    return lathe([(radius, 0), (upper, height)], at, material, sides=sides)


def ellipsoid(size: Point, at: Point = ORIGIN, material: Material = PLAIN, *, sides: int = 10) -> Part:
    """Return an ellipsoid of full axis lengths `size` that stands on `at`."""
    angles = np.linspace(-np.pi / 2, np.pi / 2, max(sides // 2, 4) + 1)
    profile = [(float(np.cos(a)), float(np.sin(a))) for a in angles]
    ball = lathe(profile, ORIGIN, material, sides=sides, closed=False)
    half = np.asarray(size, float) / 2
    normals = ball.normals / half
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    positions = ball.positions * half + np.asarray(at) + (0, 0, half[2])
    return part(positions, normals, ball.uvs * half.max(), ball.faces, material)


def rod(start: Point, end: Point, radius: float, material: Material = PLAIN, *, sides: int = 6) -> Part:
    """Return a round bar between two points."""
    axis = np.subtract(end, start)
    length = float(np.linalg.norm(axis))
    axis = axis / length
    side = np.cross(axis, (0, 0, 1) if abs(axis[2]) < 0.9 else (1, 0, 0))
    side /= np.linalg.norm(side)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([side, np.cross(axis, side), axis], 1)
    matrix[:3, 3] = start
    return placed(cylinder(radius, length, ORIGIN, material, sides=sides), matrix)


def tube(points: Sequence[Point], radius: float, material: Material = PLAIN, *, sides: int = 6) -> list[Part]:
    """Return round bars along a line of points."""
    return [rod(a, b, radius, material, sides=sides) for a, b in pairwise(points)]


def prism(
    outline: Sequence[tuple[float, float]], height: float, at: Point = ORIGIN, material: Material = PLAIN
) -> Part:
    """Return an upright prism over a counter-clockwise outline that is seen whole from the mean of its points."""
    ring = np.asarray(outline, float)
    count = len(ring)
    edges = np.roll(ring, -1, 0) - ring
    lengths = np.linalg.norm(edges, axis=1)
    outward = np.column_stack([edges[:, 1], -edges[:, 0], np.zeros(count)]) / lengths[:, None]
    arc = np.concatenate([[0], np.cumsum(lengths)])
    low = np.column_stack([ring, np.zeros(count)])
    high = np.add(low, (0, 0, height))
    sides = np.stack([low, np.roll(low, -1, 0), np.roll(high, -1, 0), high], 1).reshape(-1, 3)
    side_uvs = np.array([[(a, 0), (b, 0), (b, height), (a, height)] for a, b in pairwise(arc)]).reshape(-1, 2)
    side_faces = np.concatenate([np.arange(count)[:, None] * 4 + f for f in ([0, 1, 2], [0, 2, 3])])
    hub = 4 * count
    fan = np.column_stack([np.full(count, count), np.arange(count), (np.arange(count) + 1) % count])
    lid = np.concatenate([high, [[*ring.mean(0), height]]])
    bottom = lid * (1, 1, 0)
    up = np.tile((0.0, 0.0, 1.0), (count + 1, 1))
    positions = np.concatenate([sides, lid, bottom]) + np.asarray(at)
    normals = np.concatenate([np.repeat(outward, 4, 0), up, -up])
    uvs = np.concatenate([side_uvs, lid[:, :2], lid[:, :2]])
    faces = np.concatenate([side_faces, fan + hub, fan[:, ::-1] + hub + count + 1])
    return part(positions, normals, uvs, faces, material)


def sheet(corners: Sequence[Point], material: Material = PLAIN, *, unit_uv: bool = False) -> Part:
    """Return a flat quad seen from both sides; its corners run counter-clockwise from lower left, seen from its front.

    `unit_uv` stretches the texture's [0, 1]² over it once (pictures), else texture coordinates are metres.
    """
    points = np.asarray(corners, float)
    across, up = points[1] - points[0], points[3] - points[0]
    normal = np.cross(across, up)
    normal /= np.linalg.norm(normal)
    width, height = (1.0, 1.0) if unit_uv else (np.linalg.norm(across), np.linalg.norm(up))
    uvs = [(0, 0), (width, 0), (width, height), (0, height)]
    normals = np.concatenate([np.tile(normal, (4, 1)), np.tile(-normal, (4, 1))])
    faces = [(0, 1, 2), (0, 2, 3), (6, 5, 4), (7, 6, 4)]
    return part(np.concatenate([points, points]), normals, uvs + uvs, faces, material)


def placed(solid: Part, target_from_source: Float64[np.ndarray, "4 4"]) -> Part:
    """Return the solid moved by a 4×4 transform."""
    return Mesh((solid,)).transformed(target_from_source).parts[0]


def turned(solid: Part, degrees: float, axis: str = "z", about: Point = ORIGIN) -> Part:
    """Return the solid turned by an angle about the x, y or z axis through a point."""
    angle = np.radians(degrees)
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix = np.eye(4)
    matrix[i, i] = matrix[j, j] = np.cos(angle)
    matrix[i, j], matrix[j, i] = -np.sin(angle), np.sin(angle)
    matrix[:3, 3] = np.asarray(about) - matrix[:3, :3] @ np.asarray(about)
    return placed(solid, matrix)


def moved(solid: Part, by: Point) -> Part:
    """Return the solid shifted."""
    return replace(solid, positions=(solid.positions + np.asarray(by)).astype(np.float32))


def to_front(solid: Part, at: Point) -> Part:
    """Return a solid that points along +z turned to point along +y (the front), with its base at `at`."""
    return moved(turned(solid, -90, "x"), at)


def stretched(solid: Part, x: float, y: float, at: Point = ORIGIN) -> Part:
    """Return the solid scaled along x and y, then shifted by `at`."""
    matrix = np.diag([x, y, 1.0, 1.0])
    matrix[:3, 3] = at
    return placed(solid, matrix)


def mirrored(
    build: Callable[..., Part],
    size: Point,
    at: Point,
    material: Material,
    *,
    axes: Literal["x", "y", "xy"] = "x",
    **options: Any,
) -> list[Part]:
    """Return the solids `build(size, at, material, **options)` at `at` and at its mirror images in the given axes.

    The order is that of ascending x, then y.
    """
    x_signs, y_signs = ((-1, 1) if axis in axes else (1,) for axis in "xy")
    x, y, z = at
    return [build(size, (sx * x, sy * y, z), material, **options) for sx in x_signs for sy in y_signs]


def polar(angle: float, radius: float = 1.0) -> tuple[float, float]:
    """Return the (x, y) of a point at an angle (radians) and a distance from the z axis."""
    return radius * math.cos(angle), radius * math.sin(angle)
