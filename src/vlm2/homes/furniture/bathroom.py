"""Bathroom: sinks, toilets, bathtubs, towels. Backs stand towards −y."""

from __future__ import annotations

import math

import numpy as np

from ..mesh import Material, Part
from .design import Design, FurnitureParts
from .fittings import carcass, fronts
from .random_draw import Draw
from .solids import box, cylinder, ellipsoid, facing, lathe, placed, rod, sheet, tube, turned


def _oval(solid: Part, x: float, y: float, at: tuple[float, float, float]) -> Part:
    """Return a solid stretched by x and y, then moved."""
    matrix = np.diag([x, y, 1.0, 1.0])
    matrix[:3, 3] = at
    return placed(solid, matrix)


def _tap(at: tuple[float, float, float], height: float, reach: float, metal: Material) -> list[Part]:
    x, y, z = at
    line = [(x, y, z), (x, y, z + height), (x, y + reach * 0.5, z + height * 1.1), (x, y + reach, z + height * 0.8)]
    return [*tube(line, 0.013, metal), box((0.015, 0.06, 0.012), (x, y + 0.01, z + height * 1.08), metal)]


def _basin(width: float, depth: float, height: float, material: Material) -> Part:
    """Return an oval open basin whose rim is at `height` above its base."""
    profile = [
        (0.0, 0.0),
        (0.3, 0.0),
        (0.44, height * 0.5),
        (0.5, height),
        (0.44, height),
        (0.36, height * 0.45),
        (0.0, height * 0.3),
    ]
    return _oval(lathe(profile, material=material, sides=24), width, depth, (0, 0, 0))


def pedestal_sink(draw: Draw) -> FurnitureParts:
    """A wash basin on a column."""
    china, metal = draw.ceramic(), draw.steel()
    width, depth, height = draw.between(0.48, 0.65), draw.between(0.4, 0.5), draw.between(0.8, 0.88)
    basin = _basin(width, depth, 0.18, china)
    column = lathe(
        [(0.0, 0.0), (0.13, 0.0), (0.08, 0.15), (0.08, 0.5), (0.11, height - 0.16), (0.0, height - 0.16)],
        (0, -0.03, 0),
        china,
        sides=16,
    )
    parts = [_oval(basin, 1, 1, (0, 0, height - 0.18)), column]
    parts.append(box((width * 0.7, 0.1, 0.06), (0, -depth / 2 + 0.02, height - 0.05), china, bevel=0.015))
    return FurnitureParts(parts + _tap((0, -depth / 2 + 0.03, height), 0.12, 0.13, metal))


def vanity_sink(draw: Draw) -> FurnitureParts:
    """A wash basin in a cabinet with doors or drawers."""
    china, wood, metal = draw.ceramic(), draw.timber(), draw.steel()
    width, depth, height = draw.between(0.55, 1.1), draw.between(0.42, 0.52), draw.between(0.8, 0.9)
    foot = draw.one_of(0.08, 0.2)
    parts = [carcass((width, depth - 0.03, height - foot - 0.05), foot, wood)]
    parts += [box((0.04, 0.04, foot), (s * width * 0.45, t * depth * 0.4, 0), metal) for s in (-1, 1) for t in (-1, 1)]
    area = (-width / 2 + 0.01, foot + 0.01, width - 0.02, height - foot - 0.08)
    drawers = draw.chance(0.5)
    parts += fronts(
        area, depth / 2 - 0.015, (1, 2) if drawers else (2, 1), wood, metal, knob="bar" if drawers else "side"
    )
    parts.append(box((width + 0.01, depth + 0.02, 0.05), (0, 0.01, height - 0.05), china, bevel=0.01))
    parts.append(_oval(_basin(min(0.46, width * 0.7), 0.34, 0.1, china), 1, 1, (0, 0.02, height - 0.01)))
    return FurnitureParts(parts + _tap((0, -depth / 2 + 0.05, height), 0.16, 0.14, metal))


def kitchen_sink(draw: Draw) -> FurnitureParts:
    """A base unit with a steel sink let into its top, seen as a dark well with a rim, and a high tap."""
    front, metal, top = draw.timber(), draw.steel(), draw.one_of(draw.marble(), draw.wood())
    width, depth, height = draw.between(0.6, 1.0), draw.between(0.58, 0.65), draw.between(0.86, 0.92)
    parts = [carcass((width, depth - 0.04, height - 0.24), 0.06, front)]
    parts += fronts(
        (-width / 2, 0.08, width, height - 0.14), depth / 2 - 0.02, (2, 1), front, draw.metal(), knob="side"
    )
    well_w, well_d, t = width * 0.7, depth * 0.6, 0.04
    for s in (-1, 1):
        parts.append(box(((width - well_w) / 2, depth, t), (s * (width + well_w) / 4, 0, height - t), top))
        parts.append(box((well_w, (depth - well_d) / 2, t), (0, s * (depth + well_d) / 4, height - t), top))
        parts.append(box((0.01, well_d, 0.185), (s * well_w / 2, 0, height - 0.18), metal))
        parts.append(box((well_w, 0.01, 0.185), (0, s * well_d / 2, height - 0.18), metal))
    parts.append(box((well_w, well_d, 0.01), (0, 0, height - 0.18), metal))
    return FurnitureParts(parts + _tap((0, -depth / 2 + 0.07, height), 0.24, 0.2, metal))


def toilet(draw: Draw) -> FurnitureParts:
    """A toilet with a cistern, a seat and a lid, closed or open."""
    china, lid = draw.ceramic(), draw.one_of(draw.ceramic(), draw.ceramic(), draw.wood())
    width, depth, seat = draw.between(0.35, 0.4), draw.between(0.62, 0.72), draw.between(0.38, 0.43)
    high = draw.between(0.72, 0.85)
    bowl_depth = depth - 0.2
    y = depth / 2 - bowl_depth / 2
    profile = [(0.0, 0.0), (0.3, 0.0), (0.27, 0.1), (0.36, seat * 0.6), (0.5, seat - 0.03), (0.5, seat), (0.0, seat)]
    parts = [_oval(lathe(profile, material=china, sides=22), width, bowl_depth, (0, y, 0))]
    parts.append(box((width * 0.6, depth * 0.4, seat - 0.03), (0, -depth * 0.2, 0), china, bevel=0.03))
    parts.append(box((width, 0.18, high - seat + 0.03), (0, -depth / 2 + 0.1, seat - 0.03), china, bevel=0.025))
    parts.append(box((width + 0.02, 0.2, 0.03), (0, -depth / 2 + 0.1, high), china, bevel=0.012))
    cover = [(0.0, 0.0), (0.5, 0.0), (0.51, 0.015), (0.45, 0.03), (0.0, 0.03)]
    disc = _oval(lathe(cover, material=lid, sides=22), width, bowl_depth, (0, y, seat))
    parts.append(disc)
    parts.append(cylinder(0.02, 0.012, (0, -depth / 2 + 0.1, high + 0.03), draw.steel(), sides=10))
    return FurnitureParts(parts)


def bathtub(draw: Draw) -> FurnitureParts:
    """A built-in tub: a hollow basin in a straight apron."""
    china, metal = draw.ceramic(), draw.steel()
    width, depth, height = draw.between(1.5, 1.8), draw.between(0.7, 0.85), draw.between(0.5, 0.6)
    wall = 0.07
    parts: list[Part] = []
    for s in (-1, 1):
        parts.append(box((width, wall, height), (0, s * (depth - wall) / 2, 0), china, bevel=0.02))
        parts.append(box((wall, depth, height), (s * (width - wall) / 2, 0, 0), china, bevel=0.02))
    parts.append(box((width - wall, depth - wall, 0.12), (0, 0, 0), china))
    parts += _tap((-width / 2 + 0.05, 0, height), 0.12, 0.0001, metal)[:1]
    parts.append(rod((-width / 2 + 0.05, 0, height + 0.1), (-width / 2 + 0.2, 0, height + 0.09), 0.014, metal))
    return FurnitureParts(parts)


def free_bathtub(draw: Draw) -> FurnitureParts:
    """A free-standing oval tub on feet or on its base."""
    china, metal = draw.ceramic(), draw.steel()
    width, depth, height = draw.between(1.55, 1.8), draw.between(0.72, 0.82), draw.between(0.52, 0.62)
    foot = draw.one_of(0.0, 0.1)
    tall = height - foot
    profile = [
        (0.0, 0.0),
        (0.38, 0.0),
        (0.45, tall * 0.4),
        (0.5, tall),
        (0.47, tall),
        (0.42, tall * 0.4),
        (0.36, 0.06),
        (0.0, 0.06),
    ]
    parts = [_oval(lathe(profile, material=china, sides=32), width, depth, (0, 0, foot))]
    if foot:
        parts += [
            ellipsoid((0.09, 0.09, 0.16), (s * width * 0.28, t * depth * 0.26, 0), metal, sides=8)
            for s in (-1, 1)
            for t in (-1, 1)
        ]
    return FurnitureParts(parts)


def hanging_towel(draw: Draw) -> FurnitureParts:
    """A towel hanging over a rail on the wall."""
    cloth, metal = draw.fabric(), draw.metal()
    width, long, short = draw.between(0.35, 0.55), draw.between(0.5, 0.8), draw.between(0.25, 0.4)
    rail = width + 0.14
    parts: list[Part] = [rod((-rail / 2, 0.06, 0), (rail / 2, 0.06, 0), 0.009, metal)]
    parts += [rod((s * rail / 2, 0, 0), (s * rail / 2, 0.06, 0), 0.01, metal) for s in (-1, 1)]
    parts.append(box((width, 0.012, long), (0, 0.077, -long), cloth, bevel=0.005))
    parts.append(box((width, 0.012, short), (0, 0.043, -short), cloth, bevel=0.005))
    parts.append(box((width, 0.046, 0.014), (0, 0.06, 0.0), cloth, bevel=0.006))
    if draw.chance(0.5):
        parts.append(box((width + 0.001, 0.002, 0.05), (0, 0.084, -long + 0.08), draw.fabric()))
    return FurnitureParts(parts)


def towel_stack(draw: Draw) -> FurnitureParts:
    """Folded towels lying on each other."""
    width, depth = draw.between(0.28, 0.4), draw.between(0.2, 0.3)
    cloths = [draw.fabric() for _ in range(2)]
    count = draw.whole(2, 4)
    return FurnitureParts(
        [box((width, depth, 0.05), (0, 0, 0.049 * i), cloths[i % 2], bevel=0.02) for i in range(count)]
    )


def mirror(draw: Draw) -> FurnitureParts:
    """A framed wall mirror, oblong."""
    frame, silver = (
        draw.one_of(draw.wood(), draw.metal(), draw.paint("white", "black")),
        Material((0.62, 0.68, 0.72), gloss=1.0),
    )
    width, height, edge = draw.between(0.4, 1.0), draw.between(0.5, 1.2), draw.between(0.02, 0.06)
    parts = [
        box((width, 0.02, height), (0, 0.01, 0), frame),
        box((width - 2 * edge, 0.004, height - 2 * edge), (0, 0.022, edge), silver),
    ]
    return FurnitureParts(parts)


def round_mirror(draw: Draw) -> FurnitureParts:
    """A round wall mirror in a thin ring."""
    frame, silver = draw.one_of(draw.wood(), draw.metal()), Material((0.62, 0.68, 0.72), gloss=1.0)
    radius = draw.between(0.22, 0.42)
    ring = facing(cylinder(radius, 0.022, material=frame, sides=32), (0, 0, 0))
    return FurnitureParts([ring, facing(cylinder(radius - 0.02, 0.004, material=silver, sides=32), (0, 0.022, 0))])


def standing_mirror(draw: Draw) -> FurnitureParts:
    """A tall mirror that stands on the floor, leaning back on a strut."""
    frame, silver = draw.one_of(draw.wood(), draw.metal()), Material((0.62, 0.68, 0.72), gloss=1.0)
    width, height, edge = draw.between(0.4, 0.65), draw.between(1.4, 1.75), 0.04
    parts = [
        box((width, 0.03, height), (0, 0, 0), frame),
        box((width - 2 * edge, 0.004, height - 2 * edge), (0, 0.017, edge), silver),
    ]
    parts = [turned(p, 7, "x") for p in parts]
    top = height * math.cos(math.radians(7)) * 0.8
    parts.append(rod((0, -0.45, 0.01), (0, -top * math.tan(math.radians(7)), top), 0.012, frame))
    return FurnitureParts(parts)


def cloth_rail(draw: Draw) -> FurnitureParts:
    """A towel spread on a low stand of two bars."""
    cloth, metal = draw.fabric(), draw.metal()
    width, height = draw.between(0.5, 0.7), draw.between(0.8, 0.95)
    parts: list[Part] = []
    for s in (-1, 1):
        parts.append(rod((s * width / 2, -0.15, 0), (s * width / 2, 0, height), 0.011, metal))
        parts.append(rod((s * width / 2, 0.15, 0), (s * width / 2, 0, height), 0.011, metal))
    parts.append(rod((-width / 2, 0, height), (width / 2, 0, height), 0.011, metal))
    w = width * 0.4
    for y, low in ((0.03, height * 0.35), (-0.03, height * 0.55)):
        parts.append(
            sheet(
                [(-w, y * 3, low), (w, y * 3, low), (w, y * 0.4, height + 0.013), (-w, y * 0.4, height + 0.013)], cloth
            )
        )
    return FurnitureParts(parts)


DESIGNS = (
    Design("sink", "pedestal", pedestal_sink),
    Design("sink", "vanity", vanity_sink),
    Design("sink", "kitchen", kitchen_sink),
    Design("toilet", "close-coupled", toilet),
    Design("bathtub", "built-in", bathtub),
    Design("bathtub", "free-standing", free_bathtub),
    Design("towel", "hanging", hanging_towel, "wall"),
    Design("towel", "folded", towel_stack, "top"),
    Design("towel", "stand", cloth_rail),
    Design("mirror", "framed", mirror, "wall"),
    Design("mirror", "round", round_mirror, "wall"),
    Design("mirror", "standing", standing_mirror),
)
