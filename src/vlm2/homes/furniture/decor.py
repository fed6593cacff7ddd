"""Things on walls and beside them. Wall pieces keep their back at the least y."""

from __future__ import annotations

import math

import numpy as np

from .design import Design, FurnitureParts
from .random_draw import Draw, plain
from .solids import box, cylinder, ellipsoid, facing, lathe, placed, rod, sheet, tube, turned


def picture(draw: Draw) -> FurnitureParts:
    """A framed picture for a wall."""
    frame, image = draw.one_of(draw.wood(), draw.metal(), draw.paint("white", "black")), draw.picture()
    width, height = draw.one_of((0.4, 0.3), (0.3, 0.4), (0.5, 0.7), (0.7, 0.5), (0.9, 0.6), (0.6, 0.6), (1.1, 0.7))
    scale, edge = draw.between(0.85, 1.25), draw.between(0.015, 0.045)
    w, h = width * scale, height * scale
    parts = [box((w + 2 * edge, 0.022, h + 2 * edge), (0, 0.011, 0), frame)]
    x, low, y = w / 2, edge, 0.0235
    mat = draw.one_of(0.0, 0.0, 0.05)
    if mat:
        parts.append(box((w, 0.002, h), (0, 0.0225, edge), plain("f5f2ea")))
        x, low, h, y = x - mat, low + mat, h - 2 * mat, 0.0245
    corners = [(x, y, low), (-x, y, low), (-x, y, low + h), (x, y, low + h)]
    return FurnitureParts([*parts, sheet(corners, image, unit_uv=True)])


def wall_clock(draw: Draw) -> FurnitureParts:
    """A round wall clock with hour marks and two hands."""
    rim, face = (
        draw.one_of(draw.paint(), draw.metal(), draw.wood()),
        plain(draw.one_of("f6f4ee", "f6f4ee", "1b1b1d", "e8dcc0")),
    )
    r = draw.between(0.12, 0.2)
    dark = plain("141416") if sum(face.colour) > 1 else plain("f0f0ee")
    parts = [
        facing(cylinder(r, 0.035, material=rim, sides=28), (0, 0, 0)),
        facing(cylinder(r * 0.9, 0.004, material=face, sides=28), (0, 0.035, 0)),
    ]
    for k in range(12):
        mark = box((0.008, 0.002, r * (0.16 if k % 3 == 0 else 0.09)), (0, 0.04, r * 0.7), dark)
        parts.append(turned(mark, 30 * k, "y"))
    parts.append(turned(box((0.012, 0.003, r * 0.5), (0, 0.042, 0), dark), 30 * draw.whole(0, 11), "y"))
    parts.append(turned(box((0.008, 0.003, r * 0.72), (0, 0.043, 0), dark), 30 * draw.whole(0, 11), "y"))
    return FurnitureParts(parts)


def alarm_clock(draw: Draw) -> FurnitureParts:
    """A small clock for a shelf or a nightstand."""
    shell = draw.paint(gloss=0.4)
    if draw.chance(0.5):
        size = (draw.between(0.12, 0.18), 0.06, draw.between(0.06, 0.08))
        lit = plain("c23b32", 0.3, 0.5)
        parts = [
            box(size, material=shell, bevel=0.01),
            box((size[0] * 0.85, 0.003, size[2] * 0.7), (0, 0.031, size[2] * 0.15), plain("0d0d0f", 0.6)),
        ]
        parts += [
            box((0.012, 0.002, size[2] * 0.4), (size[0] * x, 0.033, size[2] * 0.3), lit)
            for x in (-0.3, -0.13, 0.1, 0.27)
        ]
        return FurnitureParts(parts)
    r = draw.between(0.045, 0.06)
    parts = [facing(cylinder(r, 0.05, material=shell, sides=20), (0, -0.025, r + 0.015))]
    parts.append(facing(cylinder(r * 0.86, 0.003, material=plain("f6f4ee"), sides=20), (0, 0.025, r + 0.015)))
    parts += [ellipsoid((0.035, 0.035, 0.02), (s * r * 0.6, 0, 2 * r + 0.01), draw.steel(), sides=8) for s in (-1, 1)]
    parts += [rod((s * r * 0.8, 0, 0), (s * r * 0.4, 0, r * 0.5), 0.006, shell) for s in (-1, 1)]
    parts += [
        box((0.005, 0.002, r * 0.6), (0, 0.029, r + 0.015), plain("141416")),
        box((r * 0.4, 0.002, 0.006), (r * 0.2, 0.029, r + 0.012), plain("141416")),
    ]
    return FurnitureParts(parts)


def radiator(draw: Draw) -> FurnitureParts:
    """A panel or column radiator on short feet, to stand against a wall."""
    enamel = draw.one_of(draw.ceramic(), draw.ceramic(), draw.paint("grey", "black"))
    width, height = draw.between(0.6, 1.4), draw.between(0.5, 0.75)
    foot = 0.1
    parts = [box((0.04, 0.08, foot + 0.02), (s * width * 0.38, 0, 0), enamel) for s in (-1, 1)]
    if draw.chance(0.5):
        count = int(width / 0.07)
        for i in range(count):
            x = (i - (count - 1) / 2) * width / count
            parts.append(box((width / count - 0.018, 0.13, height - foot), (x, 0, foot), enamel, bevel=0.018))
        parts.append(box((width - 0.05, 0.06, 0.06), (0, 0, foot + 0.04), enamel))
    else:
        parts.append(box((width, 0.07, height - foot), (0, 0, foot), enamel, bevel=0.012))
        count = int(width / 0.06)
        ridge = (0.03, 0.02, height - foot - 0.1)
        parts += [box(ridge, ((i - (count - 1) / 2) * width / count, 0.04, foot + 0.05), enamel) for i in range(count)]
    parts.append(cylinder(0.022, 0.07, (width / 2 + 0.03, 0, foot + 0.08), draw.steel(), sides=8))
    return FurnitureParts(parts)


def whiteboard(draw: Draw) -> FurnitureParts:
    """A whiteboard with a metal frame, a pen tray, and some writing."""
    width, height, metal = draw.between(0.9, 1.8), draw.between(0.6, 1.1), draw.steel()
    parts = [
        box((width, 0.02, height), (0, 0.01, 0), metal),
        box((width - 0.05, 0.004, height - 0.05), (0, 0.022, 0.025), plain("f8f8f6", 0.6)),
    ]
    parts.append(box((width * 0.5, 0.06, 0.015), (0, 0.04, 0), metal))
    ink = draw.paint("blue", "red", "green", "black")
    for i in range(draw.whole(0, 5)):
        length = width * draw.between(0.2, 0.55)
        parts.append(box((length, 0.001, 0.012), (-width * 0.42 + length / 2, 0.0265, height * (0.82 - 0.1 * i)), ink))
    return FurnitureParts(parts)


def fireplace(draw: Draw) -> FurnitureParts:
    """A mantelpiece round a dark opening, with logs in it."""
    stone = draw.one_of(draw.marble(), draw.timber(), draw.paint("white"))
    brick = plain("7d4434")
    width, depth, height = draw.between(1.1, 1.6), draw.between(0.28, 0.42), draw.between(0.95, 1.25)
    pillar, hole = width * 0.16, height * 0.66
    parts = [box((pillar, depth, height - 0.06), (s * (width - pillar) / 2, 0, 0), stone) for s in (-1, 1)]
    parts.append(box((width - 2 * pillar, depth * 0.9, height - 0.06 - hole), (0, -depth * 0.05, hole), stone))
    parts.append(box((width + 0.12, depth + 0.06, 0.06), (0, 0, height - 0.06), stone, bevel=0.012))
    inner = width - 2 * pillar
    parts.append(box((inner, 0.02, hole), (0, -depth / 2 + 0.01, 0), plain("1a1614")))
    parts += [box((0.05, depth * 0.9, hole), (s * (inner / 2 - 0.025), -0.01, 0), brick) for s in (-1, 1)]
    parts.append(box((width + 0.06, depth + 0.25, 0.03), (0, 0.12, 0), draw.one_of(stone, plain("4a4745"))))
    log = plain("5b3a22")
    parts += [
        rod((-inner * 0.28, y, z), (inner * 0.28, y + 0.03, z), 0.04, log, sides=8)
        for y, z in ((-0.08, 0.08), (0.02, 0.08), (-0.03, 0.15))
    ]
    parts.append(ellipsoid((inner * 0.4, 0.1, 0.16), (0, -0.03, 0.1), plain("ff8c2a", 0.0, 0.9), sides=8))
    return FurnitureParts(parts, height)


def coat_rack(draw: Draw) -> FurnitureParts:
    """A coat stand: a pole on feet with hooks, perhaps with a coat."""
    wood = draw.timber()
    height = draw.between(1.6, 1.85)
    parts = [
        cylinder(0.022, height, (0, 0, 0), wood, sides=10),
        ellipsoid((0.06, 0.06, 0.06), (0, 0, height - 0.01), wood, sides=8),
    ]
    for k in range(4):
        a = math.pi / 2 * k + math.pi / 4
        c, s = math.cos(a), math.sin(a)
        parts.append(rod((0, 0, 0.2), (0.26 * c, 0.26 * s, 0.015), 0.016, wood))
        for z in (height - 0.12, height - 0.45):
            parts += tube([(0, 0, z), (0.12 * c, 0.12 * s, z + 0.02), (0.16 * c, 0.16 * s, z + 0.08)], 0.01, wood)
    if draw.chance(0.5):
        cloth = draw.fabric()
        coat = [(0.0, 0.0), (0.2, 0.0), (0.17, 0.5), (0.12, 0.7), (0.03, 0.78), (0.0, 0.78)]
        shell = lathe(coat, (0, 0, 0), cloth, sides=12)
        squash = np.diag([1.0, 0.45, 1.0, 1.0])
        squash[:3, 3] = (0.14, 0.14, height - 0.95)
        parts.append(turned(placed(shell, squash), 45, "z", (0.14, 0.14, 0)))
    return FurnitureParts(parts)


DESIGNS = (
    Design("picture", "framed", picture, "wall"),
    Design("clock", "wall", wall_clock, "wall"),
    Design("clock", "alarm", alarm_clock, "top"),
    Design("radiator", "plain", radiator),
    Design("whiteboard", "plain", whiteboard, "wall"),
    Design("fireplace", "mantel", fireplace),
    Design("coat rack", "pole", coat_rack),
)
