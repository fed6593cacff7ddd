"""Pianos and guitars."""

from __future__ import annotations

from .design import Parts, design
from .fittings import fronts, legs
from .random_draw import Draw, plain
from .solids import box, cylinder, mirrored, moved, prism, rod, tube, turned

IVORY, BLACK_CASE = plain("f7f5ee", 0.5), plain("121214", 0.8)
KEYS = 36
BLACK_KEYS = [i for i in range(KEYS) if i % 7 not in (2, 6)]


@design("piano", "upright")
def upright_piano(draw: Draw) -> Parts:
    """An upright piano with its keys open."""
    case = draw.one_of(BLACK_CASE, BLACK_CASE, draw.wood(), draw.ceramic())
    width, depth, height = draw.between(1.42, 1.54), draw.between(0.56, 0.64), draw.between(1.1, 1.3)
    body, front = depth * 0.55, depth / 2
    y = -depth / 2 + body / 2
    yield box((width, body, height), (0, y, 0), case, bevel=0.01)
    yield box((width + 0.02, body + 0.03, 0.03), (0, y, height), case)
    yield box((width, depth - body, 0.12), (0, front - (depth - body) / 2, 0.6), case, bevel=0.01)
    yield from mirrored(box, (0.07, 0.07, 0.6), (width / 2 - 0.05, front - 0.06, 0), case)
    keys = width - 0.16
    yield box((keys, 0.15, 0.015), (0, front - 0.1, 0.72), IVORY)
    for i in BLACK_KEYS:
        at = ((i + 1 - KEYS / 2) * keys / KEYS, front - 0.13, 0.735)
        yield box((keys / KEYS * 0.5, 0.09, 0.012), at, plain("101012", 0.5))
    yield box((width * 0.5, 0.02, 0.24), (0, y + body / 2 + 0.03, 0.86), case)


@design("guitar", "acoustic")
def guitar(draw: Draw) -> Parts:
    """An acoustic guitar leaning in a small stand."""
    body, neck, stand = draw.wood(), plain("2c1c12", 0.3), plain("1c1c1e")
    length = draw.between(0.95, 1.05)
    right = [
        (0.05, 0.0), (0.12, 0.02), (0.175, 0.07), (0.19, 0.14), (0.165, 0.21),
        (0.13, 0.28), (0.13, 0.34), (0.145, 0.4), (0.115, 0.45), (0.03, 0.48),
    ]  # fmt: skip
    lying = [
        prism(right + [(-x, y) for x, y in reversed(right)], 0.1, (0, 0, 0), body),
        cylinder(0.045, 0.003, (0, 0.29, 0.1), plain("120c08"), sides=18),
        box((0.05, length - 0.56, 0.03), (0, 0.4 + (length - 0.56) / 2, 0.085), neck),
        box((0.075, 0.16, 0.02), (0, length - 0.08, 0.085), neck),
        box((0.11, 0.025, 0.012), (0, 0.13, 0.1), neck),
    ]
    for part in lying:
        upright = turned(turned(part, 90, "x"), 180, "z")
        yield moved(turned(upright, 10, "x"), (0, 0.0, 0.06))
    frame = [(-0.13, 0.14, 0.0), (-0.1, 0.02, 0.08), (0.0, -0.2, 0.5), (0.1, 0.02, 0.08), (0.13, 0.14, 0.0)]
    yield from tube(frame, 0.01, stand)
    yield rod((0, -0.2, 0.5), (0, -0.32, 0), 0.01, stand)


@design("piano", "digital")
def digital_piano(draw: Draw) -> Parts:
    """A digital piano on a stand."""
    case = draw.one_of(plain("161618", 0.4), draw.ceramic(), draw.wood())
    width, depth, height = draw.between(1.3, 1.42), draw.between(0.3, 0.42), draw.between(0.74, 0.84)
    yield from legs((width - 0.08, depth), height - 0.12, 0.05, case)
    yield box((width, depth, 0.12), (0, 0, height - 0.12), case, bevel=0.01)
    keys, y = width - 0.14, depth / 2 - 0.09
    yield box((keys, 0.14, 0.01), (0, y, height), IVORY)
    for i in BLACK_KEYS:
        yield box((keys / 72, 0.08, 0.01), ((i - 17) * keys / KEYS, y - 0.03, height + 0.01), plain("101012"))
    yield box((width * 0.45, 0.015, 0.2), (0, -depth / 2 + 0.03, height), case)
    yield from fronts((width, 0.12), (0, -depth / 2 + 0.02, 0.25), (1, 1), case, case, "none")
