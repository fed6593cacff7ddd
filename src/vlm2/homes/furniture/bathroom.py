"""Bathroom: sinks, toilets, bathtubs, towels, mirrors. Backs stand towards −y."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..mesh import Material, Part
from .design import Parts, design
from .fittings import fronts
from .random_draw import Draw
from .solids import Point, box, cylinder, ellipsoid, lathe, mirrored, rod, sheet, stretched, to_front, tube, turned

SILVER = Material((0.62, 0.68, 0.72), gloss=1.0)


def _tap(at: Point, height: float, reach: float, metal: Material) -> Iterator[Part]:
    x, y, z = at
    line = [(x, y, z), (x, y, z + height), (x, y + reach * 0.5, z + height * 1.1), (x, y + reach, z + height * 0.8)]
    yield from tube(line, 0.013, metal)
    yield box((0.015, 0.06, 0.012), (x, y + 0.01, z + height * 1.08), metal)


def _basin(width: float, depth: float, height: float, material: Material, at: Point) -> Part:
    """Return an oval open basin that stands on `at` and is `height` high."""
    h = height
    profile = [(0.3, 0.0), (0.44, h * 0.5), (0.5, h), (0.44, h), (0.36, h * 0.45), (0.0, h * 0.3)]
    return stretched(stretched(lathe(profile, material=material, sides=24), width, depth), 1, 1, at)


@design("sink", "pedestal")
def pedestal_sink(draw: Draw) -> Parts:
    """A wash basin on a column."""
    china, metal = draw.ceramic(), draw.steel()
    width, depth, height = draw.between(0.48, 0.65), draw.between(0.4, 0.5), draw.between(0.8, 0.88)
    yield _basin(width, depth, 0.18, china, (0, 0, height - 0.18))
    column = [(0.13, 0.0), (0.08, 0.15), (0.08, 0.5), (0.11, height - 0.16)]
    yield lathe(column, (0, -0.03, 0), china, sides=16)
    yield box((width * 0.7, 0.1, 0.06), (0, -depth / 2 + 0.02, height - 0.05), china, bevel=0.015)
    yield from _tap((0, -depth / 2 + 0.03, height), 0.12, 0.13, metal)


@design("sink", "vanity")
def vanity_sink(draw: Draw) -> Parts:
    """A wash basin in a cabinet with doors or drawers."""
    china, wood, metal = draw.ceramic(), draw.timber(), draw.steel()
    width, depth, height = draw.between(0.55, 1.1), draw.between(0.42, 0.52), draw.between(0.8, 0.9)
    foot = draw.one_of(0.08, 0.2)
    yield box((width, depth - 0.03, height - foot - 0.05), (0, 0, foot), wood)
    yield from mirrored(box, (0.04, 0.04, foot), (width * 0.45, depth * 0.4, 0), metal, axes="xy")
    grid, handles = ((1, 2), "drawer") if draw.chance(0.5) else ((2, 1), "door")
    at = (0, depth / 2 - 0.015, foot + 0.01)
    yield from fronts((width - 0.02, height - foot - 0.08), at, grid, wood, metal, handles)
    yield box((width + 0.01, depth + 0.02, 0.05), (0, 0.01, height - 0.05), china, bevel=0.01)
    yield _basin(min(0.46, width * 0.7), 0.34, 0.1, china, (0, 0.02, height - 0.01))
    yield from _tap((0, -depth / 2 + 0.05, height), 0.16, 0.14, metal)


@design("sink", "kitchen")
def kitchen_sink(draw: Draw) -> Parts:
    """A base unit with a steel sink let into its top, seen as a dark well with a rim, and a high tap."""
    front, metal, top = draw.timber(), draw.steel(), draw.one_of(draw.marble(), draw.wood())
    width, depth, height = draw.between(0.6, 1.0), draw.between(0.58, 0.65), draw.between(0.86, 0.92)
    yield box((width, depth - 0.04, height - 0.24), (0, 0, 0.06), front)
    yield from fronts((width, height - 0.14), (0, depth / 2 - 0.02, 0.08), (2, 1), front, draw.metal(), "door")
    well_w, well_d, t, bottom = width * 0.7, depth * 0.6, 0.04, height - 0.18
    for s in (-1, 1):
        yield box(((width - well_w) / 2, depth, t), (s * (width + well_w) / 4, 0, height - t), top)
        yield box((well_w, (depth - well_d) / 2, t), (0, s * (depth + well_d) / 4, height - t), top)
        yield box((0.01, well_d, 0.185), (s * well_w / 2, 0, bottom), metal)
        yield box((well_w, 0.01, 0.185), (0, s * well_d / 2, bottom), metal)
    yield box((well_w, well_d, 0.01), (0, 0, bottom), metal)
    yield from _tap((0, -depth / 2 + 0.07, height), 0.24, 0.2, metal)


@design("toilet", "close-coupled")
def toilet(draw: Draw) -> Parts:
    """A toilet with a cistern, a seat and a lid."""
    china, lid = draw.ceramic(), draw.one_of(draw.ceramic(), draw.ceramic(), draw.wood())
    width, depth, seat = draw.between(0.35, 0.4), draw.between(0.62, 0.72), draw.between(0.38, 0.43)
    high = draw.between(0.72, 0.85)
    bowl_depth = depth - 0.2
    y, back = depth / 2 - bowl_depth / 2, -depth / 2 + 0.1
    bowl = [(0.3, 0.0), (0.27, 0.1), (0.36, seat * 0.6), (0.5, seat - 0.03), (0.5, seat)]
    yield stretched(lathe(bowl, material=china, sides=22), width, bowl_depth, (0, y, 0))
    yield box((width * 0.6, depth * 0.4, seat - 0.03), (0, -depth * 0.2, 0), china, bevel=0.03)
    yield box((width, 0.18, high - seat + 0.03), (0, back, seat - 0.03), china, bevel=0.025)
    yield box((width + 0.02, 0.2, 0.03), (0, back, high), china, bevel=0.012)
    cover = lathe([(0.5, 0.0), (0.51, 0.015), (0.45, 0.03)], material=lid, sides=22)
    yield stretched(cover, width, bowl_depth, (0, y, seat))
    yield cylinder(0.02, 0.012, (0, back, high + 0.03), draw.steel(), sides=10)


@design("bathtub", "built-in")
def bathtub(draw: Draw) -> Parts:
    """A built-in tub: a hollow basin in a straight apron."""
    china, metal = draw.ceramic(), draw.steel()
    width, depth, height = draw.between(1.5, 1.8), draw.between(0.7, 0.85), draw.between(0.5, 0.6)
    wall, x = 0.07, -width / 2 + 0.05
    for s in (-1, 1):
        yield box((width, wall, height), (0, s * (depth - wall) / 2, 0), china, bevel=0.02)
        yield box((wall, depth, height), (s * (width - wall) / 2, 0, 0), china, bevel=0.02)
    yield box((width - wall, depth - wall, 0.12), (0, 0, 0), china)
    yield rod((x, 0, height), (x, 0, height + 0.12), 0.013, metal)
    yield rod((x, 0, height + 0.1), (-width / 2 + 0.2, 0, height + 0.09), 0.014, metal)


@design("bathtub", "free-standing")
def free_bathtub(draw: Draw) -> Parts:
    """A free-standing oval tub on feet or on its base."""
    china, metal = draw.ceramic(), draw.steel()
    width, depth, height = draw.between(1.55, 1.8), draw.between(0.72, 0.82), draw.between(0.52, 0.62)
    foot = draw.one_of(0.0, 0.1)
    tall = height - foot
    outside, inside = [(0.38, 0.0), (0.45, tall * 0.4), (0.5, tall)], [(0.47, tall), (0.42, tall * 0.4), (0.36, 0.06)]
    yield stretched(lathe(outside + inside, material=china, sides=32), width, depth, (0, 0, foot))
    if foot:
        at = (width * 0.28, depth * 0.26, 0)
        yield from mirrored(ellipsoid, (0.09, 0.09, 0.16), at, metal, axes="xy", sides=8)


@design("towel", "hanging", "wall")
def hanging_towel(draw: Draw) -> Parts:
    """A towel that hangs over a rail on the wall."""
    cloth, metal = draw.fabric(), draw.metal()
    width, long, short = draw.between(0.35, 0.55), draw.between(0.5, 0.8), draw.between(0.25, 0.4)
    end = (width + 0.14) / 2
    yield rod((-end, 0.06, 0), (end, 0.06, 0), 0.009, metal)
    for x in (-end, end):
        yield rod((x, 0, 0), (x, 0.06, 0), 0.01, metal)
    yield box((width, 0.012, long), (0, 0.077, -long), cloth, bevel=0.005)
    yield box((width, 0.012, short), (0, 0.043, -short), cloth, bevel=0.005)
    yield box((width, 0.046, 0.014), (0, 0.06, 0.0), cloth, bevel=0.006)
    if draw.chance(0.5):
        yield box((width + 0.001, 0.002, 0.05), (0, 0.084, -long + 0.08), draw.fabric())


@design("towel", "folded", "top")
def towel_stack(draw: Draw) -> Parts:
    """Folded towels that lie on each other."""
    width, depth = draw.between(0.28, 0.4), draw.between(0.2, 0.3)
    cloths = [draw.fabric(), draw.fabric()]
    for i in range(draw.whole(2, 4)):
        yield box((width, depth, 0.05), (0, 0, 0.049 * i), cloths[i % 2], bevel=0.02)


@design("mirror", "framed", "wall")
def mirror(draw: Draw) -> Parts:
    """A framed wall mirror, oblong."""
    frame = draw.one_of(draw.wood(), draw.metal(), draw.paint("white", "black"))
    width, height, edge = draw.between(0.4, 1.0), draw.between(0.5, 1.2), draw.between(0.02, 0.06)
    yield box((width, 0.02, height), (0, 0.01, 0), frame)
    yield box((width - 2 * edge, 0.004, height - 2 * edge), (0, 0.022, edge), SILVER)


@design("mirror", "round", "wall")
def round_mirror(draw: Draw) -> Parts:
    """A round wall mirror in a thin ring."""
    frame, radius = draw.one_of(draw.wood(), draw.metal()), draw.between(0.22, 0.42)
    yield to_front(cylinder(radius, 0.022, material=frame, sides=32), (0, 0, 0))
    yield to_front(cylinder(radius - 0.02, 0.004, material=SILVER, sides=32), (0, 0.022, 0))


@design("mirror", "standing")
def standing_mirror(draw: Draw) -> Parts:
    """A tall mirror that stands on the floor, leaning back on a strut."""
    frame = draw.one_of(draw.wood(), draw.metal())
    width, height, edge = draw.between(0.4, 0.65), draw.between(1.4, 1.75), 0.04
    yield turned(box((width, 0.03, height), (0, 0, 0), frame), 7, "x")
    yield turned(box((width - 2 * edge, 0.004, height - 2 * edge), (0, 0.017, edge), SILVER), 7, "x")
    top = height * math.cos(math.radians(7)) * 0.8
    yield rod((0, -0.45, 0.01), (0, -top * math.tan(math.radians(7)), top), 0.012, frame)


@design("towel", "stand")
def cloth_rail(draw: Draw) -> Parts:
    """A towel spread on a low stand of two bars."""
    cloth, metal = draw.fabric(), draw.metal()
    width, height = draw.between(0.5, 0.7), draw.between(0.8, 0.95)
    for x in (-width / 2, width / 2):
        for y in (-0.15, 0.15):
            yield rod((x, y, 0), (x, 0, height), 0.011, metal)
    yield rod((-width / 2, 0, height), (width / 2, 0, height), 0.011, metal)
    w, top = width * 0.4, height + 0.013
    for y, low in ((0.03, height * 0.35), (-0.03, height * 0.55)):
        yield sheet([(-w, y * 3, low), (w, y * 3, low), (w, y * 0.4, top), (-w, y * 0.4, top)], cloth)
