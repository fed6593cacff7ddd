"""Things on walls and beside them. Wall pieces keep their back at the least y."""

from __future__ import annotations

import math

from .design import CarryingTop, Parts, design
from .fittings import row
from .random_draw import Draw, plain
from .solids import box, cylinder, ellipsoid, lathe, mirrored, polar, rod, sheet, stretched, to_front, tube, turned

INK = plain("141416")


@design("picture", "framed", "wall")
def picture(draw: Draw) -> Parts:
    """A framed picture for a wall."""
    frame, image = draw.one_of(draw.wood(), draw.metal(), draw.paint("white", "black")), draw.picture()
    width, height = draw.one_of((0.4, 0.3), (0.3, 0.4), (0.5, 0.7), (0.7, 0.5), (0.9, 0.6), (0.6, 0.6), (1.1, 0.7))
    scale, edge = draw.between(0.85, 1.25), draw.between(0.015, 0.045)
    w, h = width * scale, height * scale
    yield box((w + 2 * edge, 0.022, h + 2 * edge), (0, 0.011, 0), frame)
    x, low, y = w / 2, edge, 0.0235
    mat = draw.one_of(0.0, 0.0, 0.05)
    if mat:
        yield box((w, 0.002, h), (0, 0.0225, edge), plain("f5f2ea"))
        x, low, h, y = x - mat, low + mat, h - 2 * mat, 0.0245
    yield sheet([(x, y, low), (-x, y, low), (-x, y, low + h), (x, y, low + h)], image, unit_uv=True)


@design("clock", "wall", "wall")
def wall_clock(draw: Draw) -> Parts:
    """A round wall clock with hour marks and two hands."""
    rim = draw.one_of(draw.paint(), draw.metal(), draw.wood())
    face = plain(draw.one_of("f6f4ee", "f6f4ee", "1b1b1d", "e8dcc0"))
    r = draw.between(0.12, 0.2)
    dark = INK if sum(face.colour) > 1 else plain("f0f0ee")
    yield to_front(cylinder(r, 0.035, material=rim, sides=28), (0, 0, 0))
    yield to_front(cylinder(r * 0.9, 0.004, material=face, sides=28), (0, 0.035, 0))
    for k in range(12):
        mark = box((0.008, 0.002, r * (0.16 if k % 3 == 0 else 0.09)), (0, 0.04, r * 0.7), dark)
        yield turned(mark, 30 * k, "y")
    yield turned(box((0.012, 0.003, r * 0.5), (0, 0.042, 0), dark), 30 * draw.whole(0, 11), "y")
    yield turned(box((0.008, 0.003, r * 0.72), (0, 0.043, 0), dark), 30 * draw.whole(0, 11), "y")


@design("clock", "alarm", "top")
def alarm_clock(draw: Draw) -> Parts:
    """A small clock for a shelf or a nightstand: a box with lit digits, or round with two bells."""
    shell = draw.paint(gloss=0.4)
    if draw.chance(0.5):
        width, height, lit = draw.between(0.12, 0.18), draw.between(0.06, 0.08), plain("c23b32", 0.3, 0.5)
        yield box((width, 0.06, height), material=shell, bevel=0.01)
        yield box((width * 0.85, 0.003, height * 0.7), (0, 0.031, height * 0.15), plain("0d0d0f", 0.6))
        for x in (-0.3, -0.13, 0.1, 0.27):
            yield box((0.012, 0.002, height * 0.4), (width * x, 0.033, height * 0.3), lit)
        return
    r = draw.between(0.045, 0.06)
    yield to_front(cylinder(r, 0.05, material=shell, sides=20), (0, -0.025, r + 0.015))
    yield to_front(cylinder(r * 0.86, 0.003, material=plain("f6f4ee"), sides=20), (0, 0.025, r + 0.015))
    for x in (-r * 0.6, r * 0.6):
        yield ellipsoid((0.035, 0.035, 0.02), (x, 0, 2 * r + 0.01), draw.steel(), sides=8)
    for s in (-1, 1):
        yield rod((s * r * 0.8, 0, 0), (s * r * 0.4, 0, r * 0.5), 0.006, shell)
    yield box((0.005, 0.002, r * 0.6), (0, 0.029, r + 0.015), INK)
    yield box((r * 0.4, 0.002, 0.006), (r * 0.2, 0.029, r + 0.012), INK)


@design("radiator", "plain")
def radiator(draw: Draw) -> Parts:
    """A panel or column radiator on short feet, to stand against a wall."""
    enamel = draw.one_of(draw.ceramic(), draw.ceramic(), draw.paint("grey", "black"))
    width, height = draw.between(0.6, 1.4), draw.between(0.5, 0.75)
    foot = 0.1
    yield from mirrored(box, (0.04, 0.08, foot + 0.02), (width * 0.38, 0, 0), enamel)
    if draw.chance(0.5):
        count = int(width / 0.07)
        for x in row(count, width / count):
            yield box((width / count - 0.018, 0.13, height - foot), (x, 0, foot), enamel, bevel=0.018)
        yield box((width - 0.05, 0.06, 0.06), (0, 0, foot + 0.04), enamel)
    else:
        yield box((width, 0.07, height - foot), (0, 0, foot), enamel, bevel=0.012)
        count = int(width / 0.06)
        for x in row(count, width / count):
            yield box((0.03, 0.02, height - foot - 0.1), (x, 0.04, foot + 0.05), enamel)
    yield cylinder(0.022, 0.07, (width / 2 + 0.03, 0, foot + 0.08), draw.steel(), sides=8)


@design("whiteboard", "plain", "wall")
def whiteboard(draw: Draw) -> Parts:
    """A whiteboard with a metal frame, a pen tray, and some writing."""
    width, height, metal = draw.between(0.9, 1.8), draw.between(0.6, 1.1), draw.steel()
    yield box((width, 0.02, height), (0, 0.01, 0), metal)
    yield box((width - 0.05, 0.004, height - 0.05), (0, 0.022, 0.025), plain("f8f8f6", 0.6))
    yield box((width * 0.5, 0.06, 0.015), (0, 0.04, 0), metal)
    ink = draw.paint("blue", "red", "green", "black")
    for i in range(draw.whole(0, 5)):
        length = width * draw.between(0.2, 0.55)
        yield box((length, 0.001, 0.012), (-width * 0.42 + length / 2, 0.0265, height * (0.82 - 0.1 * i)), ink)


@design("fireplace", "mantel")
def fireplace(draw: Draw) -> Parts:
    """A mantelpiece round a dark opening, with logs in it."""
    stone, brick, log = draw.one_of(draw.marble(), draw.timber(), draw.paint("white")), plain("7d4434"), plain("5b3a22")
    width, depth, height = draw.between(1.1, 1.6), draw.between(0.28, 0.42), draw.between(0.95, 1.25)
    pillar, hole = width * 0.16, height * 0.66
    inner = width - 2 * pillar
    yield from mirrored(box, (pillar, depth, height - 0.06), ((width - pillar) / 2, 0, 0), stone)
    yield box((inner, depth * 0.9, height - 0.06 - hole), (0, -depth * 0.05, hole), stone)
    yield box((width + 0.12, depth + 0.06, 0.06), (0, 0, height - 0.06), stone, bevel=0.012)
    yield box((inner, 0.02, hole), (0, -depth / 2 + 0.01, 0), plain("1a1614"))
    yield from mirrored(box, (0.05, depth * 0.9, hole), (inner / 2 - 0.025, -0.01, 0), brick)
    yield box((width + 0.06, depth + 0.25, 0.03), (0, 0.12, 0), draw.one_of(stone, plain("4a4745")))
    for y, z in ((-0.08, 0.08), (0.02, 0.08), (-0.03, 0.15)):
        yield rod((-inner * 0.28, y, z), (inner * 0.28, y + 0.03, z), 0.04, log, sides=8)
    yield ellipsoid((inner * 0.4, 0.1, 0.16), (0, -0.03, 0.1), plain("ff8c2a", 0.0, 0.9), sides=8)
    yield CarryingTop(height)


@design("coat rack", "pole")
def coat_rack(draw: Draw) -> Parts:
    """A coat stand: a pole on feet with hooks, perhaps with a coat."""
    wood, height = draw.timber(), draw.between(1.6, 1.85)
    yield cylinder(0.022, height, (0, 0, 0), wood, sides=10)
    yield ellipsoid((0.06, 0.06, 0.06), (0, 0, height - 0.01), wood, sides=8)
    for k in range(4):
        a = math.pi / 2 * k + math.pi / 4
        yield rod((0, 0, 0.2), (*polar(a, 0.26), 0.015), 0.016, wood)
        for z in (height - 0.12, height - 0.45):
            yield from tube([(0, 0, z), (*polar(a, 0.12), z + 0.02), (*polar(a, 0.16), z + 0.08)], 0.01, wood)
    if draw.chance(0.5):
        coat = lathe([(0.2, 0.0), (0.17, 0.5), (0.12, 0.7), (0.03, 0.78)], (0, 0, 0), draw.fabric())
        yield turned(stretched(coat, 1.0, 0.45, (0.14, 0.14, height - 0.95)), 45, "z", (0.14, 0.14, 0))
