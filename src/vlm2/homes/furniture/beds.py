"""Beds and what lies on them. The head stands towards −y."""

from __future__ import annotations

from ..mesh import Part
from .design import Design, FurnitureParts
from .fittings import legs
from .random_draw import Draw
from .solids import box, cushion


def _bedding(draw: Draw, width: float, length: float, base: float) -> tuple[list[Part], float]:
    """Return mattress and duvet on a base of that height, and the mattress's top; pillows are pieces of their own."""
    sheet = draw.fabric("white", "beige", "grey")
    duvet = draw.fabric()
    thick = draw.between(0.16, 0.24)
    top = base + thick
    parts = [box((width - 0.04, length - 0.06, thick), (0, 0, base), sheet, bevel=0.05, steps=2)]
    cover = length * draw.between(0.62, 0.74)
    parts.append(
        cushion((width + 0.02, cover, 0.12), (0, length / 2 - cover / 2, top - 0.06), duvet, puff=0.2, steps=2)
    )
    return parts, top


def _extent(draw: Draw) -> tuple[float, float]:
    return draw.one_of(0.9, 1.0, 1.4, 1.6, 1.8), draw.between(1.95, 2.08)


def framed_bed(draw: Draw) -> FurnitureParts:
    """A bed with a wooden frame, a headboard and perhaps a footboard."""
    wood = draw.timber()
    width, length = _extent(draw)
    base, head = draw.between(0.26, 0.36), draw.between(0.8, 1.15)
    parts = legs((width + 0.06, length + 0.04), base - 0.14, 0.07, wood)
    parts.append(box((width + 0.06, length + 0.04, 0.16), (0, 0, base - 0.14), wood))
    bedding, top = _bedding(draw, width, length, base)
    parts += bedding
    parts.append(box((width + 0.08, 0.05, head), (0, -length / 2 - 0.04, 0), wood, bevel=0.012))
    if draw.chance(0.4):
        parts.append(box((width + 0.08, 0.05, base + 0.3), (0, length / 2 + 0.04, 0), wood, bevel=0.012))
    return FurnitureParts(parts, top)


def upholstered_bed(draw: Draw) -> FurnitureParts:
    """A bed whose base and high headboard are covered with cloth."""
    cloth = draw.fabric("grey", "beige", "brown", "blue", "green", "pink", "white")
    width, length = _extent(draw)
    base, head = draw.between(0.28, 0.38), draw.between(0.95, 1.3)
    parts = [box((width + 0.08, length + 0.06, base - 0.06), (0, 0, 0.06), cloth, bevel=0.03)]
    parts += legs((width * 0.9, length * 0.9), 0.07, 0.05, draw.wood())
    bedding, top = _bedding(draw, width, length, base)
    parts += bedding
    columns = draw.whole(1, 4)
    w = (width + 0.1) / columns
    for i in range(columns):
        x = (i - (columns - 1) / 2) * w
        parts.append(box((w * 0.995, 0.11, head), (x, -length / 2 - 0.06, 0.02), cloth, bevel=0.04, steps=2))
    return FurnitureParts(parts, top)


def bunk_bed(draw: Draw) -> FurnitureParts:
    """Two single beds above each other with a ladder."""
    wood = draw.timber()
    width, length, height = 0.95, draw.between(2.0, 2.08), draw.between(1.55, 1.75)
    parts = legs((width + 0.08, length + 0.08), height + 0.3, 0.07, wood)
    for base in (0.32, height - 0.1):
        parts.append(box((width + 0.04, length + 0.04, 0.1), (0, 0, base - 0.1), wood))
        parts += _bedding(draw, width, length, base)[0]
    for s in (-1, 1):
        parts.append(box((0.025, length * (0.7 if s > 0 else 1.0), 0.1), (s * width / 2, 0.0, height + 0.18), wood))
        parts += [box((width, 0.025, 0.1), (0, s * (length / 2 + 0.01), z), wood) for z in (0.5, height + 0.15)]
        parts.append(box((0.03, 0.05, height), (width / 2 + 0.05, length / 2 - 0.3 + s * 0.18, 0), wood))
    parts += [box((0.03, 0.36, 0.04), (width / 2 + 0.05, length / 2 - 0.3, 0.25 + 0.28 * i), wood) for i in range(5)]
    return FurnitureParts(parts)


def pillow(draw: Draw) -> FurnitureParts:
    """A square or oblong pillow lying flat."""
    width = draw.between(0.38, 0.7)
    depth = width if draw.chance(0.5) else draw.between(0.35, 0.45)
    return FurnitureParts([cushion((width, depth, draw.between(0.1, 0.16)), material=draw.fabric(), puff=0.7, steps=2)])


def blanket(draw: Draw) -> FurnitureParts:
    """A folded blanket: layers that lie on each other."""
    width, depth, layers = draw.between(0.4, 0.7), draw.between(0.3, 0.5), draw.whole(2, 4)
    cloth = draw.fabric()
    parts = []
    for i in range(layers):
        w, d = width - 0.015 * (i % 2), depth - 0.02 * (i % 2)
        parts.append(box((w, d, 0.035), (0, 0, 0.034 * i), cloth, bevel=0.016))
    return FurnitureParts(parts)


DESIGNS = (
    Design("bed", "framed", framed_bed),
    Design("bed", "upholstered", upholstered_bed),
    Design("bed", "bunk", bunk_bed),
    Design("pillow", "plain", pillow, "top"),
    Design("blanket", "folded", blanket, "top"),
)
