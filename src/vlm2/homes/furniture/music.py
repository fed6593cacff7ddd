"""Pianos and guitars."""

from __future__ import annotations

import numpy as np

from .design import Design, FurnitureParts
from .fittings import fronts, legs
from .random_draw import Draw, plain
from .solids import box, cylinder, moved, prism, rod, tube, turned


def upright_piano(draw: Draw) -> FurnitureParts:
    """An upright piano with its keys open."""
    case = draw.one_of(plain("121214", 0.8), plain("121214", 0.8), draw.wood(), draw.ceramic())
    width, depth, height = draw.between(1.42, 1.54), draw.between(0.56, 0.64), draw.between(1.1, 1.3)
    body = depth * 0.55
    y = -depth / 2 + body / 2
    parts = [
        box((width, body, height), (0, y, 0), case, bevel=0.01),
        box((width + 0.02, body + 0.03, 0.03), (0, y, height), case),
    ]
    parts.append(box((width, depth - body, 0.12), (0, depth / 2 - (depth - body) / 2, 0.6), case, bevel=0.01))
    parts += [box((0.07, 0.07, 0.6), (s * (width / 2 - 0.05), depth / 2 - 0.06, 0), case) for s in (-1, 1)]
    keys = width - 0.16
    parts.append(box((keys, 0.15, 0.015), (0, depth / 2 - 0.1, 0.72), plain("f7f5ee", 0.5)))
    count = 36
    for i in range(count):
        if i % 7 not in (2, 6):
            parts.append(
                box(
                    (keys / count * 0.5, 0.09, 0.012),
                    ((i + 1 - count / 2) * keys / count, depth / 2 - 0.13, 0.735),
                    plain("101012", 0.5),
                )
            )
    parts.append(box((width * 0.5, 0.02, 0.24), (0, y + body / 2 + 0.03, 0.86), case))
    return FurnitureParts(parts)


def guitar(draw: Draw) -> FurnitureParts:
    """An acoustic guitar leaning in a small stand."""
    body, neck = draw.wood(), plain("2c1c12", 0.3)
    length = draw.between(0.95, 1.05)
    along = np.array([0.0, 0.02, 0.07, 0.14, 0.21, 0.28, 0.34, 0.4, 0.45, 0.48])
    half = np.array([0.05, 0.12, 0.175, 0.19, 0.165, 0.13, 0.13, 0.145, 0.115, 0.03])
    right = [(float(x), float(y)) for x, y in zip(half, along, strict=True)]
    outline = right + [(-x, y) for x, y in reversed(right)]
    parts = [prism(outline, 0.1, (0, 0, 0), body), cylinder(0.045, 0.003, (0, 0.29, 0.1), plain("120c08"), sides=18)]
    parts.append(box((0.05, length - 0.56, 0.03), (0, 0.4 + (length - 0.56) / 2, 0.085), neck))
    parts.append(box((0.075, 0.16, 0.02), (0, length - 0.08, 0.085), neck))
    parts.append(box((0.11, 0.025, 0.012), (0, 0.13, 0.1), neck))
    upright = [turned(turned(p, 90, "x"), 180, "z") for p in parts]
    leaning = [moved(turned(p, 10, "x"), (0, 0.0, 0.06)) for p in upright]
    stand = plain("1c1c1e")
    frame = [(-0.13, 0.14, 0.0), (-0.1, 0.02, 0.08), (0.0, -0.2, 0.5), (0.1, 0.02, 0.08), (0.13, 0.14, 0.0)]
    return FurnitureParts([*leaning, *tube(frame, 0.01, stand), rod((0, -0.2, 0.5), (0, -0.32, 0), 0.01, stand)])


def digital_piano(draw: Draw) -> FurnitureParts:
    """A digital piano on a stand."""
    case = draw.one_of(plain("161618", 0.4), draw.ceramic(), draw.wood())
    width, depth, height = draw.between(1.3, 1.42), draw.between(0.3, 0.42), draw.between(0.74, 0.84)
    parts = legs((width - 0.08, depth), height - 0.12, 0.05, case)
    parts.append(box((width, depth, 0.12), (0, 0, height - 0.12), case, bevel=0.01))
    keys, y = width - 0.14, depth / 2 - 0.09
    parts.append(box((keys, 0.14, 0.01), (0, y, height), plain("f7f5ee", 0.5)))
    parts += [
        box((keys / 72, 0.08, 0.01), ((i - 17) * keys / 36, y - 0.03, height + 0.01), plain("101012"))
        for i in range(36)
        if i % 7 not in (2, 6)
    ]
    parts.append(box((width * 0.45, 0.015, 0.2), (0, -depth / 2 + 0.03, height), case))
    parts += fronts((-width / 2, 0.25, width, 0.12), -depth / 2 + 0.02, (1, 1), case, case, knob="none")
    return FurnitureParts(parts)


DESIGNS = (
    Design("piano", "upright", upright_piano),
    Design("piano", "digital", digital_piano),
    Design("guitar", "acoustic", guitar),
)
