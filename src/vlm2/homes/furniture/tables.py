"""Tables, desks and rugs."""

from __future__ import annotations

import math

from .design import CarryingTop, Parts, design
from .fittings import fronts, legs
from .random_draw import Draw
from .solids import box, cylinder, lathe, mirrored, polar, rod


@design("table", "dining")
def dining_table(draw: Draw) -> Parts:
    """A rectangular table on four legs with an apron."""
    wood = draw.timber()
    width, depth, height = draw.between(1.1, 2.1), draw.between(0.75, 1.0), draw.between(0.72, 0.77)
    leg, top = draw.between(0.05, 0.09), draw.between(0.025, 0.045)
    base, under = draw.one_of(wood, wood, draw.metal()), height - top
    yield from legs((width - 0.06, depth - 0.06), under, leg, base)
    yield box((width, depth, top), (0, 0, under), wood, bevel=0.006)
    for s in (-1, 1):
        yield box((width - 0.2, 0.02, 0.08), (0, s * (depth / 2 - 0.07), under - 0.08), base)
        yield box((0.02, depth - 0.2, 0.08), (s * (width / 2 - 0.07), 0, under - 0.08), base)
    yield CarryingTop(height)


@design("table", "pedestal")
def pedestal_table(draw: Draw) -> Parts:
    """A round table on one turned column."""
    wood = draw.timber()
    radius, height = draw.between(0.4, 0.65), draw.between(0.72, 0.77)
    column, foot = draw.one_of(wood, draw.metal()), radius * 0.6
    profile = [(foot, 0.0), (foot * 0.9, 0.03), (0.06, 0.09), (0.045, 0.4), (0.09, height - 0.04)]
    yield lathe(profile, material=column, sides=18)
    yield cylinder(radius, 0.035, (0, 0, height - 0.035), wood, sides=28)
    yield CarryingTop(height)


@design("table", "trestle")
def trestle_table(draw: Draw) -> Parts:
    """A long table on two trestles."""
    wood, frame = draw.wood(), draw.timber()
    width, depth, height = draw.between(1.3, 2.2), draw.between(0.7, 0.95), draw.between(0.72, 0.76)
    yield box((width, depth, 0.035), (0, 0, height - 0.035), wood)
    for x in (-(width / 2 - 0.25), width / 2 - 0.25):
        yield box((0.07, depth * 0.8, 0.05), (x, 0, height - 0.085), frame)
        for s in (-1, 1):
            yield rod((x, s * depth * 0.42, 0), (x, s * 0.06, height - 0.06), 0.025, frame)
        yield box((0.03, depth * 0.4, 0.04), (x, 0, height * 0.35), frame)
    yield box((width - 0.5, 0.03, 0.06), (0, 0, height * 0.36), frame)
    yield CarryingTop(height)


@design("table", "coffee")
def coffee_table(draw: Draw) -> Parts:
    """A low table with a lower shelf, or a round one on splayed legs."""
    wood = draw.timber()
    height = draw.between(0.36, 0.48)
    if draw.chance(0.4):
        radius, leg = draw.between(0.3, 0.5), draw.one_of(wood, draw.metal())
        yield from legs((radius * 1.5, radius * 1.5), height - 0.03, 0.035, leg, splay=0.05, round_=True)
        yield cylinder(radius, 0.03, (0, 0, height - 0.03), wood, sides=26)
    else:
        width, depth = draw.between(0.8, 1.3), draw.between(0.5, 0.75)
        yield from legs((width, depth), height - 0.04, draw.between(0.04, 0.07), wood)
        yield box((width, depth, 0.04), (0, 0, height - 0.04), wood, bevel=0.006)
        if draw.chance(0.6):
            yield box((width - 0.08, depth - 0.08, 0.02), (0, 0, height * 0.3), wood)
    yield CarryingTop(height)


@design("table", "side")
def side_table(draw: Draw) -> Parts:
    """A small table to stand beside a sofa: a round top on a frame of rods."""
    metal, top = draw.metal(), draw.one_of(draw.wood(), draw.marble())
    radius, height = draw.between(0.2, 0.28), draw.between(0.45, 0.6)
    yield cylinder(radius, 0.02, (0, 0, height - 0.02), top, sides=22)
    for k in range(3):
        x, y = (v * radius * 0.85 for v in polar(2 * math.pi * k / 3))
        yield rod((x, y, 0), (x * 0.8, y * 0.8, height - 0.02), 0.01, metal)
    yield cylinder(radius * 0.75, 0.015, (0, 0, height * 0.3), metal, sides=18)
    yield CarryingTop(height)


@design("desk", "drawers")
def drawer_desk(draw: Draw) -> Parts:
    """A writing desk with a stack of drawers on one side."""
    wood, handle = draw.timber(), draw.metal()
    width, depth, height = draw.between(1.1, 1.6), draw.between(0.55, 0.75), draw.between(0.72, 0.76)
    side, block = draw.one_of(-1, 1), draw.between(0.35, 0.45)
    x = side * (width - block) / 2
    yield box((width, depth, 0.03), (0, 0, height - 0.03), wood)
    yield box((block, depth - 0.04, height - 0.08), (x, -0.01, 0.05), wood)
    yield from fronts((block, height - 0.08), (x, depth / 2 - 0.03, 0.05), (1, draw.whole(2, 4)), wood, handle)
    yield box((0.03, depth - 0.04, height - 0.03), (-side * (width / 2 - 0.03), -0.01, 0), wood)
    yield box((width - block, 0.02, 0.35), (-side * block / 2, -depth / 2 + 0.08, height - 0.38), wood)
    yield CarryingTop(height)


@design("desk", "frame")
def frame_desk(draw: Draw) -> Parts:
    """A plain work desk: a board on a metal frame, sometimes with a shallow drawer."""
    wood, metal = draw.timber(), draw.metal()
    width, depth, height = draw.between(1.0, 1.8), draw.between(0.55, 0.8), draw.between(0.71, 0.76)
    yield box((width, depth, 0.025), (0, 0, height - 0.025), wood)
    for x in (-(width / 2 - 0.06), width / 2 - 0.06):
        yield from mirrored(box, (0.04, 0.04, height - 0.025), (x, depth / 2 - 0.05, 0), metal, axes="y")
        yield box((0.04, depth - 0.14, 0.04), (x, 0, 0.0), metal)
    yield box((width - 0.16, 0.03, 0.04), (0, -depth / 2 + 0.06, height - 0.07), metal)
    if draw.chance(0.5):
        yield box((0.5, depth * 0.6, 0.09), (0, 0, height - 0.115), wood)
        yield from fronts((0.5, 0.09), (0, depth * 0.3, height - 0.115), (1, 1), wood, metal)
    yield CarryingTop(height)


@design("rug", "oblong")
def rug(draw: Draw) -> Parts:
    """A rug with a border."""
    width, depth = draw.between(1.2, 2.6), draw.between(0.8, 1.8)
    field, border = draw.fabric(), draw.fabric()
    yield box((width, depth, 0.008), (0, 0, 0), border)
    yield box((width - 0.16, depth - 0.16, 0.004), (0, 0, 0.008), field)
    if draw.chance(0.5):
        yield box((width * 0.45, depth * 0.45, 0.003), (0, 0, 0.012), border)


@design("rug", "round")
def round_rug(draw: Draw) -> Parts:
    """A round rug of two rings."""
    radius = draw.between(0.5, 1.0)
    yield cylinder(radius, 0.008, (0, 0, 0), draw.fabric(), sides=32)
    yield cylinder(radius * 0.7, 0.004, (0, 0, 0.008), draw.fabric(), sides=32)
