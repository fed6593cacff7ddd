"""Plants in pots."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ..mesh import Material, Part
from .design import Parts, design
from .random_draw import Draw, plain
from .solids import Point, cylinder, ellipsoid, lathe, polar, rod, sheet

GOLDEN_ANGLE = 2.4  # radians from leaf to leaf, about


def _leaf(base: Point, tip: Point, width: float, material: Material) -> Iterator[Part]:
    """Yield the two quads of a leaf from its base to its tip, broadest in the middle and a little folded."""
    a, b = np.asarray(base), np.asarray(tip)
    along = b - a
    side = np.cross(along, (0, 0, 1.0))
    side = side / max(float(np.linalg.norm(side)), 1e-6) * width / 2
    middle = a + along * 0.5 + (0, 0, 0.12 * float(np.linalg.norm(along)))
    left, right = middle - side, middle + side
    yield sheet([tuple(a), tuple(right), tuple(middle), tuple(left)], material)
    yield sheet([tuple(b), tuple(left), tuple(middle), tuple(right)], material)


def _pot(draw: Draw, radius: float, height: float) -> list[Part]:
    glazed = draw.paint("white", "grey", "black", "beige", gloss=0.4)
    clay = draw.one_of(glazed, plain("b5623c"), plain("b5623c"), draw.paint())
    low = radius * draw.between(0.65, 0.9)
    profile = [(0.0, 0.0), (low, 0.0), (radius, height), (radius - 0.015, height)]
    return [
        lathe(profile, material=clay, sides=18, closed=False),
        cylinder(radius - 0.015, 0.01, (0, 0, height * 0.86), plain("3a2a1c"), sides=18),
    ]


def _green(draw: Draw) -> Material:
    return plain(draw.one_of("3f6b3a", "4f7f3f", "2f5a35", "6c8f4a", "557a4a"), 0.2)


@design("plant", "leafy")
def floor_plant(draw: Draw) -> Parts:
    """A tall plant in a pot: stems with broad leaves."""
    pot_radius, pot_height = draw.between(0.13, 0.2), draw.between(0.22, 0.36)
    height, green = draw.between(0.7, 1.5), _green(draw)
    yield from _pot(draw, pot_radius, pot_height)
    stems, broad = draw.whole(3, 5), draw.between(0.1, 0.2)
    for k in range(stems):
        a = 2 * math.pi * (k + float(draw.rng.uniform(0, 0.6))) / stems
        top = (*polar(a, 0.12), height * float(draw.rng.uniform(0.6, 0.88)))
        yield rod((0, 0, pot_height * 0.8), top, 0.009, plain("5d6b35"), sides=4)
        for j in range(5):
            share = 0.45 + 0.13 * j
            base = (top[0] * share, top[1] * share, pot_height + (top[2] - pot_height) * share)
            long = draw.between(0.22, 0.34)
            dx, dy = polar(a + GOLDEN_ANGLE * j, long)
            yield from _leaf(base, (base[0] + dx, base[1] + dy, base[2] + long * 0.35), broad, green)


@design("plant", "spiky")
def spiky_plant(draw: Draw) -> Parts:
    """A plant of long narrow leaves from one place, in a pot on the floor."""
    pot_radius, pot_height = draw.between(0.12, 0.19), draw.between(0.2, 0.34)
    pot, green = _pot(draw, pot_radius, pot_height), _green(draw)
    length, count = draw.between(0.4, 0.8), draw.whole(14, 20)
    yield from pot
    for k in range(count):
        a, rise = GOLDEN_ANGLE * k, 0.55 + 0.45 * (k / count)
        tip = (*polar(a, length * math.cos(rise * math.pi / 2 * 0.92)), pot_height + length * rise)
        yield from _leaf((*polar(a, 0.02), pot_height * 0.86), tip, 0.05, green)


@design("plant", "small", "top")
def small_plant(draw: Draw) -> Parts:
    """A small plant for a table or a sill: a cactus or leaves, sometimes with flowers."""
    pot_radius, pot_height = draw.between(0.05, 0.09), draw.between(0.08, 0.14)
    pot, green = _pot(draw, pot_radius, pot_height), _green(draw)
    yield from pot
    if draw.chance(0.3):
        size = (pot_radius * 1.3, pot_radius * 1.3, draw.between(0.08, 0.16))
        yield ellipsoid(size, (0, 0, pot_height * 0.8), green, sides=12)
        return
    length = draw.between(0.1, 0.2)
    for k in range(draw.whole(10, 16)):
        rise = float(draw.rng.uniform(0.3, 0.95))
        tip = (*polar(GOLDEN_ANGLE * k, length * math.cos(rise * math.pi / 2)), pot_height + length * rise)
        yield from _leaf((0, 0, pot_height * 0.85), tip, length * 0.35, green)
    if draw.chance(0.35):
        bloom = draw.paint("red", "yellow", "pink", "white", "purple", "orange")
        for k in range(4):
            yield ellipsoid((0.04, 0.04, 0.03), (*polar(2 * k, 0.05), pot_height + length * 0.8), bloom, sides=8)
