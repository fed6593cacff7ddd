"""What many pieces share: four legs, drawer and door fronts, a carcass."""

from __future__ import annotations

from ..mesh import Material, Part
from .random_draw import Draw
from .solids import box, cylinder, rod


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
    corners = [(sx * x, sy * y) for sx in (-1, 1) for sy in (-1, 1)]
    if splay == 0 and not round_:
        return [box((thickness, thickness, height), (cx, cy, 0), material) for cx, cy in corners]
    inner = [(cx - splay * (1 if cx > 0 else -1), cy - splay * (1 if cy > 0 else -1)) for cx, cy in corners]
    return [
        rod((cx, cy, 0), (ix, iy, height), thickness / 2, material, sides=8)
        for (cx, cy), (ix, iy) in zip(corners, inner, strict=True)
    ]


def fronts(
    area: tuple[float, float, float, float],
    y: float,
    grid: tuple[int, int],
    material: Material,
    handle: Material,
    *,
    knob: str = "bar",
) -> list[Part]:
    """Return a grid (columns, rows) of fronts over `area` (left x, bottom z, width, height) with gaps and handles.

    `knob`: "bar" lies across the top of drawers, "side" stands at the edge of doors, "ball" in the middle, "none".
    """
    left, bottom, width, height = area
    columns, rows = grid
    gap, thick = 0.006, 0.018
    w, h = width / columns, height / rows
    parts = []
    for i in range(columns):
        for j in range(rows):
            x, z = left + (i + 0.5) * w, bottom + j * h
            parts.append(box((w - gap, thick, h - gap), (x, y + thick / 2, z + gap / 2), material))
            if knob == "bar":
                parts.append(box((min(0.16, w * 0.5), 0.02, 0.014), (x, y + thick + 0.012, z + h * 0.72), handle))
            elif knob == "side":
                side = 1 if i % 2 == 0 and columns > 1 else -1
                length = min(0.18, h * 0.4)
                at = (x + side * (w / 2 - 0.04), y + thick + 0.012, z + h * 0.55 - length / 2)
                parts.append(box((0.014, 0.022, length), at, handle))
            elif knob == "ball":
                parts.append(cylinder(0.016, 0.03, (x, y + thick + 0.015, z + h * 0.55), handle, sides=8))
    return parts


def carcass(size: tuple[float, float, float], z: float, material: Material) -> Part:
    """Return the closed body of a cupboard standing on height z."""
    return box(size, (0, 0, z), material)


def case(
    size: tuple[float, float, float], z: float, shelves: int, material: Material, *, back: bool = True, columns: int = 1
) -> list[Part]:
    """Return an open case: sides, top, bottom, back and boards between, standing on height z."""
    width, depth, height = size
    t = 0.02
    parts = [box((t, depth, height), (s * (width - t) / 2, 0, z), material) for s in (-1, 1)]
    spacing = (height - t) / (shelves + 1)
    parts += [box((width - 2 * t, depth, t), (0, 0, z + i * spacing), material) for i in range(shelves + 2)]
    parts += [
        box((t, depth - 0.01, height - 2 * t), ((i / columns - 0.5) * (width - t), 0, z + t), material)
        for i in range(1, columns)
    ]
    if back:
        parts.append(box((width - 2 * t, 0.008, height - 2 * t), (0, -depth / 2 + 0.004, z + t), material))
    return parts


def books(draw: Draw, span: tuple[float, float], y: float, z: float, height: float) -> list[Part]:
    """Return a row of upright books between two x, standing on z, none taller than `height`."""
    parts, x = [], span[0]
    colours = [draw.paint() for _ in range(4)]
    while x < span[1] - 0.06:
        width = draw.between(0.025, 0.06)
        tall = min(draw.between(0.18, 0.30), height * 0.95)
        depth = draw.between(0.14, 0.19)
        if draw.chance(0.9):
            parts.append(box((width - 0.002, depth, tall), (x + width / 2, y, z), draw.one_of(*colours)))
        x += width
    return parts
