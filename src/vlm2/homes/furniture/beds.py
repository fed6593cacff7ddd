"""Beds and what lies on them. The head stands towards −y."""

from __future__ import annotations

from collections.abc import Iterator

from ..mesh import Part
from .design import CarryingTop, Parts, design
from .fittings import legs, row
from .random_draw import Draw
from .solids import box, cushion


def _bedding(draw: Draw, width: float, length: float, base: float) -> Iterator[Part | CarryingTop]:
    """Yield mattress and duvet on a base of that height, and the mattress's top. Pillows are pieces of their own."""
    linen = draw.fabric("white", "beige", "grey")
    duvet, thick = draw.fabric(), draw.between(0.16, 0.24)
    yield box((width - 0.04, length - 0.06, thick), (0, 0, base), linen, bevel=0.05, steps=2)
    cover, top = length * draw.between(0.62, 0.74), base + thick
    at = (0, length / 2 - cover / 2, top - 0.06)
    yield cushion((width + 0.02, cover, 0.12), at, duvet, puff=0.2, steps=2)
    yield CarryingTop(top)


def _extent(draw: Draw) -> tuple[float, float]:
    return draw.one_of(0.9, 1.0, 1.4, 1.6, 1.8), draw.between(1.95, 2.08)


@design("bed", "framed")
def framed_bed(draw: Draw) -> Parts:
    """A bed with a wooden frame, a headboard and perhaps a footboard."""
    wood = draw.timber()
    width, length = _extent(draw)
    base, head = draw.between(0.26, 0.36), draw.between(0.8, 1.15)
    yield from legs((width + 0.06, length + 0.04), base - 0.14, 0.07, wood)
    yield box((width + 0.06, length + 0.04, 0.16), (0, 0, base - 0.14), wood)
    yield from _bedding(draw, width, length, base)
    yield box((width + 0.08, 0.05, head), (0, -length / 2 - 0.04, 0), wood, bevel=0.012)
    if draw.chance(0.4):
        yield box((width + 0.08, 0.05, base + 0.3), (0, length / 2 + 0.04, 0), wood, bevel=0.012)


@design("bed", "upholstered")
def upholstered_bed(draw: Draw) -> Parts:
    """A bed whose base and high headboard are covered with cloth."""
    cloth = draw.fabric("grey", "beige", "brown", "blue", "green", "pink", "white")
    width, length = _extent(draw)
    base, head = draw.between(0.28, 0.38), draw.between(0.95, 1.3)
    yield box((width + 0.08, length + 0.06, base - 0.06), (0, 0, 0.06), cloth, bevel=0.03)
    yield from legs((width * 0.9, length * 0.9), 0.07, 0.05, draw.wood())
    yield from _bedding(draw, width, length, base)
    columns = draw.whole(1, 4)
    w = (width + 0.1) / columns
    for x in row(columns, w):
        yield box((w * 0.995, 0.11, head), (x, -length / 2 - 0.06, 0.02), cloth, bevel=0.04, steps=2)


@design("bed", "bunk")
def bunk_bed(draw: Draw) -> Parts:
    """Two single beds above each other with a ladder."""
    wood = draw.timber()
    width, length, height = 0.95, draw.between(2.0, 2.08), draw.between(1.55, 1.75)
    yield from legs((width + 0.08, length + 0.08), height + 0.3, 0.07, wood)
    for base in (0.32, height - 0.1):
        yield box((width + 0.04, length + 0.04, 0.1), (0, 0, base - 0.1), wood)
        yield from (part for part in _bedding(draw, width, length, base) if isinstance(part, Part))
    ladder_x, ladder_y = width / 2 + 0.05, length / 2 - 0.3
    for s in (-1, 1):
        yield box((0.025, length * (0.7 if s > 0 else 1.0), 0.1), (s * width / 2, 0.0, height + 0.18), wood)
        for z in (0.5, height + 0.15):
            yield box((width, 0.025, 0.1), (0, s * (length / 2 + 0.01), z), wood)
        yield box((0.03, 0.05, height), (ladder_x, ladder_y + s * 0.18, 0), wood)
    for i in range(5):
        yield box((0.03, 0.36, 0.04), (ladder_x, ladder_y, 0.25 + 0.28 * i), wood)


@design("pillow", "plain", "top")
def pillow(draw: Draw) -> Parts:
    """A square or oblong pillow that lies flat."""
    width = draw.between(0.38, 0.7)
    depth = width if draw.chance(0.5) else draw.between(0.35, 0.45)
    yield cushion((width, depth, draw.between(0.1, 0.16)), material=draw.fabric(), puff=0.7, steps=2)


@design("blanket", "folded", "top")
def blanket(draw: Draw) -> Parts:
    """A folded blanket: layers that lie on each other."""
    width, depth, layers = draw.between(0.4, 0.7), draw.between(0.3, 0.5), draw.whole(2, 4)
    cloth = draw.fabric()
    for i in range(layers):
        yield box((width - 0.015 * (i % 2), depth - 0.02 * (i % 2), 0.035), (0, 0, 0.034 * i), cloth, bevel=0.016)
