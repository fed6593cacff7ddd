"""Elements that many pieces of furniture share: legs, drawer and door fronts, open cases, books."""

from __future__ import annotations

from collections.abc import Iterator

from ..mesh import Material, Part
from .random_draw import Draw
from .solids import Point, box, cylinder, mirrored, rod

GAP, THICK = 0.006, 0.018  # between fronts, and of a front, metres


def legs(
    size: tuple[float, float],
    height: float,
    thickness: float,
    material: Material,
    *,
    splay: float = 0.0,
    round_: bool = False,
) -> list[Part]:
    """Return four legs that carry a top of width and depth `size`; `splay` moves their feet outwards."""
    x, y = size[0] / 2 - thickness / 2, size[1] / 2 - thickness / 2
    if splay == 0 and not round_:
        return mirrored(box, (thickness, thickness, height), (x, y, 0), material, axes="xy")
    feet = [(sx * x, sy * y, sx * splay, sy * splay) for sx in (-1, 1) for sy in (-1, 1)]
    return [rod((x, y, 0), (x - dx, y - dy, height), thickness / 2, material, sides=8) for x, y, dx, dy in feet]


def row(count: int, pitch: float) -> list[float]:
    """Return `count` coordinates in metres, `pitch` apart, with their middle at 0."""
    return [(i - (count - 1) / 2) * pitch for i in range(count)]


def fronts(
    size: tuple[float, float],
    at: Point,
    grid: tuple[int, int],
    material: Material,
    handle: Material,
    handles: str = "drawer",
) -> Iterator[Part]:
    """Yield a grid (columns, rows) of fronts over a width and height `size`, with gaps and handles.

    `at` is the middle of its lower edge, on the surface that carries the fronts. `handles`: a bar across the top of
    each "drawer", a bar at the edge of each "door", a "ball" in the middle, or "none".
    """
    (middle, y, bottom), (columns, rows) = at, grid
    w, h = size[0] / columns, size[1] / rows
    for i, offset in enumerate(row(columns, w)):
        for j in range(rows):
            x, z = middle + offset, bottom + j * h
            yield box((w - GAP, THICK, h - GAP), (x, y + THICK / 2, z + GAP / 2), material)
            if handles == "drawer":
                yield box((min(0.16, w * 0.5), 0.02, 0.014), (x, y + THICK + 0.012, z + h * 0.72), handle)
            elif handles == "door":
                side = 1 if i % 2 == 0 and columns > 1 else -1
                length = min(0.18, h * 0.4)
                at = (x + side * (w / 2 - 0.04), y + THICK + 0.012, z + h * 0.55 - length / 2)
                yield box((0.014, 0.022, length), at, handle)
            elif handles == "ball":
                yield cylinder(0.016, 0.03, (x, y + THICK + 0.015, z + h * 0.55), handle, sides=8)


def open_case(size: Point, z: float, shelves: int, material: Material, *, columns: int = 1) -> Iterator[Part]:
    """Yield a case that is open to the front: sides, top, bottom, shelves, uprights between columns, and a back.

    It stands on height `z`.
    """
    width, depth, height = size
    t = 0.02
    yield from mirrored(box, (t, depth, height), ((width - t) / 2, 0, z), material)
    spacing = (height - t) / (shelves + 1)
    for i in range(shelves + 2):
        yield box((width - 2 * t, depth, t), (0, 0, z + i * spacing), material)
    for i in range(1, columns):
        yield box((t, depth - 0.01, height - 2 * t), ((i / columns - 0.5) * (width - t), 0, z + t), material)
    yield box((width - 2 * t, 0.008, height - 2 * t), (0, -depth / 2 + 0.004, z + t), material)


def books(draw: Draw, start: float, end: float, y: float, z: float, height: float) -> Iterator[Part]:
    """Yield a row of upright books from x = `start` to `end` that stands on z, none taller than `height`."""
    x, colours = start, [draw.paint() for _ in range(4)]
    while x < end - 0.06:
        width = draw.between(0.025, 0.06)
        tall = min(draw.between(0.18, 0.30), height * 0.95)
        depth = draw.between(0.14, 0.19)
        if draw.chance(0.9):
            yield box((width - 0.002, depth, tall), (x + width / 2, y, z), draw.one_of(*colours))
        x += width
