"""Lamps that stand, and lights that hang from the ceiling."""

from __future__ import annotations

from dataclasses import replace

from ..mesh import Part
from .design import Parts, design
from .random_draw import Draw, plain
from .solids import box, cylinder, ellipsoid, lathe, moved, polar, rod, tube, turned

BULB = plain("fff6e0", 0.1, 0.9)


def _shade(draw: Draw, low: float, high: float, height: float, z: float) -> Part:
    """Return a lampshade of lower and upper radius that gives off a little light, open below and above."""
    cloth = draw.fabric("white", "beige", "beige", "yellow", "grey", "red", "green")
    profile = [(low, 0.0), (high, height), (high - 0.006, height), (low - 0.006, 0.0), (low, 0.0)]
    return lathe(profile, (0, 0, z), replace(cloth, glow=0.35), sides=18, closed=False)


@design("lamp", "floor")
def floor_lamp(draw: Draw) -> Parts:
    """A lamp on a tall pole with a round foot, or on three legs."""
    metal, height = draw.one_of(draw.metal(), draw.wood()), draw.between(1.35, 1.75)
    low, tall = draw.between(0.16, 0.25), draw.between(0.2, 0.32)
    z = height - tall
    if draw.chance(0.6):
        yield cylinder(0.14, 0.025, (0, 0, 0), metal, sides=18)
        yield cylinder(0.014, z, (0, 0, 0.02), metal, sides=8)
    else:
        for angle in (0.5, 2.6, 4.7):
            yield rod((*polar(angle, 0.24), 0.0), (0, 0, z), 0.015, metal)
    yield cylinder(0.035, 0.12, (0, 0, z), BULB, sides=10)
    yield _shade(draw, low, low * draw.between(0.6, 1.0), tall, z)


@design("lamp", "arc")
def arc_lamp(draw: Draw) -> Parts:
    """A reading lamp with a bent pole and a bell shade."""
    metal, height = draw.metal(), draw.between(1.4, 1.8)
    z = height * 0.93
    pole = [(0.0, 0.0, 0.0), (0.0, 0.0, height * 0.75), (0.0, 0.1, z), (0.0, 0.3, height), (0.0, 0.45, z)]
    yield cylinder(0.15, 0.03, (0, 0, 0), metal, sides=18)
    yield from tube(pole, 0.012, metal)
    bell = [(0.1, 0.0), (0.09, 0.08), (0.03, 0.15), (0.0, 0.15)]
    yield lathe(bell, (0, 0.45, z - 0.13), metal, sides=14, closed=False)
    yield ellipsoid((0.08, 0.08, 0.09), (0, 0.45, z - 0.12), BULB, sides=8)


@design("lamp", "table", "top")
def table_lamp(draw: Draw) -> Parts:
    """A lamp with a turned foot and a cloth shade."""
    foot = draw.one_of(draw.paint(gloss=0.6), draw.wood(), draw.metal())
    height, r = draw.between(0.35, 0.6), draw.between(0.05, 0.09)
    z, belly, bulge = height * 0.55, draw.between(0.25, 0.6), draw.between(0.5, 1.2)
    low = draw.between(0.11, 0.17)
    profile = [(r, 0.0), (r * 0.8, 0.02), (r * bulge, z * belly), (0.015, z * 0.9), (0.012, z)]
    yield lathe(profile, material=foot, sides=16)
    yield cylinder(0.025, 0.08, (0, 0, z), BULB, sides=8)
    yield _shade(draw, low, low * draw.between(0.55, 0.9), height - z, z)


@design("lamp", "desk", "top")
def desk_lamp(draw: Draw) -> Parts:
    """A jointed desk lamp with a small metal head."""
    body = draw.one_of(draw.metal(), draw.paint(gloss=0.5))
    reach = draw.between(0.2, 0.28)
    elbow, head, bulb = (0.0, -0.1, reach), (0.0, 0.1, reach + 0.14), (0, 0.13, reach + 0.06)
    yield cylinder(0.08, 0.02, (0, 0, 0), body, sides=16)
    yield from tube([(0, 0, 0.02), elbow, head], 0.009, body)
    bell = lathe([(0.07, 0.0), (0.06, 0.05), (0.02, 0.1), (0.0, 0.1)], material=body, sides=14, closed=False)
    yield moved(turned(bell, 25, "x"), bulb)
    yield ellipsoid((0.05, 0.05, 0.05), bulb, BULB, sides=8)


@design("ceiling light", "pendant", "ceiling")
def pendant(draw: Draw) -> Parts:
    """A hanging ceiling lamp: a globe or a bell."""
    drop, r = draw.between(0.3, 0.6), draw.between(0.14, 0.25)
    cup = draw.one_of(draw.metal(), draw.paint(gloss=0.4))
    yield cylinder(0.05, 0.03, (0, 0, 0), cup)
    yield rod((0, 0, 0), (0, 0, -drop), 0.005, plain("1c1c1e"))
    if draw.chance(0.5):
        yield ellipsoid((2 * r, 2 * r, 1.7 * r), (0, 0, -drop - 1.5 * r), plain("fff6e6", 0.2, 0.7), sides=18)
    else:
        bell = [(r, 0.0), (r * 0.85, r * 0.5), (0.04, r), (0.0, r)]
        yield lathe(bell, (0, 0, -drop - r * 0.9), cup, sides=20, closed=False)
        yield ellipsoid((0.1, 0.1, 0.1), (0, 0, -drop - r * 0.85), plain("fff6e0", 0.1, 1.0), sides=10)


@design("ceiling light", "flush", "ceiling")
def flush_light(draw: Draw) -> Parts:
    """A flat ceiling lamp, round or square."""
    glow, rim = plain("fffaf0", 0.2, 0.8), draw.one_of(draw.steel(), draw.wood(), draw.paint("white", "black"))
    r = draw.between(0.15, 0.26)
    if draw.chance(0.65):
        yield lathe([(0.0, 0.0), (r * 0.7, 0.02), (r * 0.95, 0.06), (0.0, 0.061)], (0, 0, -0.08), glow, sides=24)
        yield cylinder(r, 0.025, (0, 0, -0.025), rim, sides=24)
    else:
        yield box((2 * r, 2 * r, 0.05), (0, 0, -0.05), rim)
        yield box((2 * r - 0.04, 2 * r - 0.04, 0.012), (0, 0, -0.06), glow)
