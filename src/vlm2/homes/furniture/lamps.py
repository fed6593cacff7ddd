"""Lamps that stand, and lights that hang from the ceiling."""

from __future__ import annotations

import math

from ..mesh import Material, Part
from .design import Design, FurnitureParts
from .random_draw import Draw, plain
from .solids import box, cylinder, ellipsoid, lathe, moved, rod, tube, turned


def _shade(draw: Draw, low: float, high: float, height: float, z: float) -> Part:
    """Return a lampshade that gives off a little light, open below."""
    tint = draw.fabric("white", "beige", "beige", "yellow", "grey", "red", "green")
    material = Material(tint.colour, tint.texture, tint.texture_size, glow=0.35)
    profile = [(low, 0.0), (high, height), (high - 0.006, height), (low - 0.006, 0.0), (low, 0.0)]
    return lathe(profile, (0, 0, z), material, sides=18)


def floor_lamp(draw: Draw) -> FurnitureParts:
    """A lamp on a tall pole with a round foot, or on three legs."""
    metal, height = draw.one_of(draw.metal(), draw.wood()), draw.between(1.35, 1.75)
    low, tall = draw.between(0.16, 0.25), draw.between(0.2, 0.32)
    z = height - tall
    if draw.chance(0.6):
        parts = [cylinder(0.14, 0.025, (0, 0, 0), metal, sides=18), cylinder(0.014, z, (0, 0, 0.02), metal, sides=8)]
    else:
        feet = [(0.24 * math.cos(a), 0.24 * math.sin(a), 0.0) for a in (0.5, 2.6, 4.7)]
        parts = [rod(foot, (0, 0, z), 0.015, metal) for foot in feet]
    parts.append(cylinder(0.035, 0.12, (0, 0, z), plain("fff6e0", 0.1, 0.9), sides=10))
    return FurnitureParts([*parts, _shade(draw, low, low * draw.between(0.6, 1.0), tall, z)])


def arc_lamp(draw: Draw) -> FurnitureParts:
    """A reading lamp with a bent pole and a bell shade."""
    metal, height = draw.metal(), draw.between(1.4, 1.8)
    pole = [
        (0.0, 0.0, 0.0),
        (0.0, 0.0, height * 0.75),
        (0.0, 0.1, height * 0.93),
        (0.0, 0.3, height),
        (0.0, 0.45, height * 0.93),
    ]
    parts = [cylinder(0.15, 0.03, (0, 0, 0), metal, sides=18), *tube(pole, 0.012, metal)]
    bell = lathe(
        [(0.1, 0.0), (0.09, 0.08), (0.03, 0.15), (0.0, 0.15)], (0, 0.45, height * 0.93 - 0.13), metal, sides=14
    )
    bulb = ellipsoid((0.08, 0.08, 0.09), (0, 0.45, height * 0.93 - 0.12), plain("fff6e0", 0.1, 0.9), sides=8)
    return FurnitureParts([*parts, bell, bulb])


def table_lamp(draw: Draw) -> FurnitureParts:
    """A lamp with a turned foot and a cloth shade."""
    foot = draw.one_of(draw.paint(gloss=0.6), draw.wood(), draw.metal())
    height, r = draw.between(0.35, 0.6), draw.between(0.05, 0.09)
    z = height * 0.55
    belly = draw.between(0.25, 0.6)
    profile = [
        (0.0, 0.0),
        (r, 0.0),
        (r * 0.8, 0.02),
        (r * draw.between(0.5, 1.2), z * belly),
        (0.015, z * 0.9),
        (0.012, z),
        (0.0, z),
    ]
    low = draw.between(0.11, 0.17)
    parts = [
        lathe(profile, material=foot, sides=16),
        cylinder(0.025, 0.08, (0, 0, z), plain("fff6e0", 0.1, 0.9), sides=8),
    ]
    return FurnitureParts([*parts, _shade(draw, low, low * draw.between(0.55, 0.9), height - z, z)])


def desk_lamp(draw: Draw) -> FurnitureParts:
    """A jointed desk lamp with a small metal head."""
    body = draw.one_of(draw.metal(), draw.paint(gloss=0.5))
    reach = draw.between(0.2, 0.28)
    elbow, head = (0.0, -0.1, reach), (0.0, 0.1, reach + 0.14)
    parts = [
        cylinder(0.08, 0.02, (0, 0, 0), body, sides=16),
        rod((0, 0, 0.02), elbow, 0.009, body),
        rod(elbow, head, 0.009, body),
    ]
    bell = turned(lathe([(0.07, 0.0), (0.06, 0.05), (0.02, 0.1), (0.0, 0.1)], material=body, sides=14), 25, "x")
    parts.append(moved(bell, (0, 0.13, reach + 0.06)))
    parts.append(ellipsoid((0.05, 0.05, 0.05), (0, 0.13, reach + 0.06), plain("fff6e0", 0.1, 0.9), sides=8))
    return FurnitureParts(parts)


def pendant(draw: Draw) -> FurnitureParts:
    """A hanging ceiling lamp."""
    drop, r = draw.between(0.3, 0.6), draw.between(0.14, 0.25)
    cup = draw.one_of(draw.metal(), draw.paint(gloss=0.4))
    parts = [cylinder(0.05, 0.03, (0, 0, 0), cup), rod((0, 0, 0), (0, 0, -drop), 0.005, plain("1c1c1e"))]
    if draw.chance(0.5):
        parts.append(ellipsoid((2 * r, 2 * r, 1.7 * r), (0, 0, -drop - 1.5 * r), plain("fff6e6", 0.2, 0.7), sides=18))
    else:
        parts.append(
            lathe([(r, 0.0), (r * 0.85, r * 0.5), (0.04, r), (0.0, r)], (0, 0, -drop - r * 0.9), cup, sides=20)
        )
        parts.append(ellipsoid((0.1, 0.1, 0.1), (0, 0, -drop - r * 0.85), plain("fff6e0", 0.1, 1.0), sides=10))
    return FurnitureParts(parts)


def flush_light(draw: Draw) -> FurnitureParts:
    """A flat ceiling lamp, round or square."""
    glow, rim = plain("fffaf0", 0.2, 0.8), draw.one_of(draw.steel(), draw.wood(), draw.paint("white", "black"))
    r = draw.between(0.15, 0.26)
    if draw.chance(0.65):
        bowl = [(0.0, 0.0), (r * 0.7, 0.02), (r * 0.95, 0.06), (0.0, 0.061)]
        return FurnitureParts(
            [lathe(bowl, (0, 0, -0.08), glow, sides=24), cylinder(r, 0.025, (0, 0, -0.025), rim, sides=24)]
        )
    return FurnitureParts(
        [box((2 * r, 2 * r, 0.05), (0, 0, -0.05), rim), box((2 * r - 0.04, 2 * r - 0.04, 0.012), (0, 0, -0.06), glow)]
    )


DESIGNS = (
    Design("lamp", "floor", floor_lamp),
    Design("lamp", "arc", arc_lamp),
    Design("lamp", "table", table_lamp, "top"),
    Design("lamp", "desk", desk_lamp, "top"),
    Design("ceiling light", "pendant", pendant, "ceiling"),
    Design("ceiling light", "flush", flush_light, "ceiling"),
)
