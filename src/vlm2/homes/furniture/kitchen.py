"""Kitchen and laundry: appliances, counters, and what stands on them. Doors face +y."""

from __future__ import annotations

import math

from ..mesh import Material
from .design import CarryingTop, Parts, design
from .fittings import fronts, row
from .random_draw import Draw, glass, plain
from .solids import box, cylinder, ellipsoid, lathe, polar, rod, to_front, tube

PLINTH, DARK_GRIP = plain("202022"), plain("18181a", 0.3)


def _enamel(draw: Draw) -> Material:
    """Draw the outside of an appliance: white, black or steel."""
    return draw.one_of(draw.ceramic(), draw.ceramic(), draw.steel(), draw.paint("black", gloss=0.5))


@design("refrigerator", "upright")
def refrigerator(draw: Draw) -> Parts:
    """An upright fridge with a freezer door above or below, or two doors side by side."""
    shell, handle = _enamel(draw), draw.steel()
    double = draw.chance(0.3)
    width = draw.between(0.82, 0.95) if double else draw.between(0.55, 0.72)
    depth, height = draw.between(0.58, 0.72), draw.between(1.45, 2.0)
    yield box((width, depth - 0.05, height - 0.04), (0, -0.025, 0.04), shell)
    yield box((width - 0.04, depth - 0.1, 0.04), (0, -0.03, 0), PLINTH)
    y = depth / 2 - 0.05
    cut = height * draw.one_of(0.33, 0.38, 0.66, 0.7)
    if double:
        doors = [(-width / 4, width / 2, 0.05, height, 1), (width / 4, width / 2, 0.05, height, -1)]
    else:
        doors = [(0.0, width, 0.05, cut, -1), (0.0, width, cut, height, -1)]
    for x, w, low, high, side in doors:
        yield box((w - 0.006, 0.05, high - low - 0.008), (x, y + 0.025, low), shell, bevel=0.012)
        length = min(0.45, (high - low) * 0.5)
        at = (x + side * (w / 2 - 0.045), y + 0.065, (low + high) / 2 - length / 2)
        yield box((0.022, 0.03, length), at, handle, bevel=0.008)


@design("stove", "free-standing")
def stove(draw: Draw) -> Parts:
    """A cooker: an oven door with a window, knobs, four plates or burners."""
    shell, dark = _enamel(draw), plain("141416", 0.6)
    width, depth, height = draw.between(0.5, 0.76), draw.between(0.58, 0.66), draw.between(0.85, 0.92)
    yield box((width, depth - 0.03, height - 0.02), (0, 0, 0), shell)
    yield box((width, depth, 0.02), (0, 0, height - 0.02), draw.one_of(dark, shell))
    y = depth / 2 - 0.015
    yield box((width - 0.02, 0.03, height * 0.58), (0, y, 0.14), shell, bevel=0.006)
    yield box((width * 0.68, 0.004, height * 0.3), (0, y + 0.016, 0.27), glass())
    yield box((width * 0.8, 0.025, 0.02), (0, y + 0.035, height * 0.58 + 0.1), draw.steel())
    for i in range(draw.whole(4, 6)):
        knob = cylinder(0.02, 0.03, (0, 0, 0), dark, sides=10)
        yield to_front(knob, (-width * 0.38 + i * width * 0.15, y - 0.005, height - 0.075))
    gas = draw.chance(0.5)
    for sx, sy, radius in ((-1, -1, 0.09), (-1, 1, 0.07), (1, -1, 0.07), (1, 1, 0.09)):
        x, y = sx * width * 0.23, sy * depth * 0.22
        yield cylinder(radius, 0.008, (x, y, height), plain("2b2b2d"), sides=16)
        if gas:
            yield box((0.2, 0.012, 0.014), (x, y, height + 0.012), dark)
            yield box((0.012, 0.2, 0.014), (x, y, height + 0.012), dark)
    if draw.chance(0.4):
        yield box((width, 0.03, 0.16), (0, -depth / 2 + 0.015, height), shell)


@design("washer", "front")
def washer(draw: Draw) -> Parts:
    """A front-loading washing machine with a round window."""
    shell = draw.one_of(draw.ceramic(), draw.ceramic(), draw.steel(), draw.paint("black", "grey", gloss=0.5))
    rim = draw.steel()
    width, depth, height = draw.between(0.58, 0.62), draw.between(0.5, 0.64), draw.between(0.83, 0.88)
    y, middle = depth / 2, (0, depth / 2, height * 0.46)
    yield box((width, depth, height), (0, 0, 0), shell, bevel=0.012)
    yield to_front(lathe([(0.2, 0.0), (0.19, 0.03), (0.15, 0.045)], material=rim, sides=24), middle)
    yield to_front(ellipsoid((0.3, 0.3, 0.1), (0, 0, 0.0), glass("1c2530"), sides=16), middle)
    yield box((width * 0.3, 0.006, 0.08), (-width * 0.3, y + 0.003, height - 0.12), draw.paint("grey", "white"))
    yield to_front(cylinder(0.03, 0.02, material=rim, sides=14), (width * 0.05, y, height - 0.08))
    yield box((0.12, 0.004, 0.04), (width * 0.3, y + 0.002, height - 0.1), glass())
    yield CarryingTop(height)


@design("dishwasher", "plain")
def dishwasher(draw: Draw) -> Parts:
    """A dishwasher: one door, a handle bar, a strip of controls."""
    shell = _enamel(draw)
    width, depth, height = draw.one_of(0.45, 0.6), draw.between(0.55, 0.62), draw.between(0.81, 0.87)
    y = depth / 2
    yield box((width, depth - 0.03, height), (0, -0.015, 0), shell)
    yield box((width - 0.02, depth - 0.1, 0.09), (0, -0.02, 0), PLINTH)
    yield box((width - 0.006, 0.03, height - 0.22), (0, y, 0.1), shell, bevel=0.006)
    panel = draw.one_of(shell, plain("1c1c1e", 0.5))
    yield box((width - 0.006, 0.025, 0.11), (0, y, height - 0.115), panel, bevel=0.006)
    yield box((width * 0.7, 0.03, 0.022), (0, y + 0.03, height - 0.17), draw.steel(), bevel=0.008)
    for i in range(3):
        yield cylinder(0.008, 0.002, (width * (0.1 + 0.06 * i), y, height - 0.06), draw.steel(), sides=6)
    yield CarryingTop(height)


@design("microwave", "plain", "top")
def microwave(draw: Draw) -> Parts:
    """A microwave oven: dark window, handle, panel with buttons."""
    shell = _enamel(draw)
    width, depth, height = draw.between(0.44, 0.54), draw.between(0.32, 0.42), draw.between(0.25, 0.31)
    y, panel = depth / 2, -width * 0.36
    yield box((width, depth, height), (0, 0, 0.01), shell, bevel=0.01)
    yield box((width * 0.62, 0.012, height * 0.78), (width * 0.14, y + 0.004, height * 0.13), glass())
    yield box((0.015, 0.03, height * 0.7), (-width * 0.22, y + 0.012, height * 0.16), draw.steel())
    yield box((width * 0.2, 0.006, height * 0.86), (panel, y + 0.002, height * 0.09), plain("1a1a1c", 0.4))
    yield box((width * 0.14, 0.004, 0.035), (panel, y + 0.006, height * 0.78), plain("3fa8a0", 0.3, 0.3))
    for i in range(3):
        for j in range(3):
            at = (-width * (0.31 + 0.05 * i), y + 0.006, height * (0.2 + 0.16 * j))
            yield box((0.014, 0.004, 0.018), at, plain("b5b7ba"))


@design("counter", "units")
def counter(draw: Draw) -> Parts:
    """A run of kitchen base units with a worktop."""
    front, handle, top = draw.timber(), draw.metal(), draw.one_of(draw.marble(), draw.wood())
    units = draw.whole(2, 4)
    width, depth, height = units * draw.one_of(0.5, 0.6), draw.between(0.58, 0.65), draw.between(0.86, 0.93)
    yield box((width, depth - 0.04, height - 0.14), (0, 0, 0.1), front)
    yield box((width, depth - 0.1, 0.1), (0, -0.03, 0), plain("2a2826"))
    yield box((width + 0.02, depth + 0.02, 0.04), (0, 0, height - 0.04), top, bevel=0.006)
    w = width / units
    for x in row(units, w):
        rows, handles = draw.one_of((1, "door"), (1, "door"), (3, "drawer"))
        yield from fronts((w, height - 0.16), (x, depth / 2 - 0.02, 0.11), (1, rows), front, handle, handles)
    yield CarryingTop(height)


@design("counter", "bar")
def island(draw: Draw) -> Parts:
    """A bar counter: a tall panel with a thick overhanging top."""
    panel, top = draw.timber(), draw.one_of(draw.marble(), draw.wood())
    width, depth, height = draw.between(1.2, 2.0), draw.between(0.55, 0.8), draw.between(0.9, 1.08)
    yield box((width - 0.1, depth - 0.25, height - 0.05), (0, -0.1, 0), panel)
    yield box((width, depth, 0.05), (0, 0, height - 0.05), top, bevel=0.008)
    count = draw.whole(2, 4)
    w = (width - 0.14) / count
    for i in range(count):
        at = (-(width - 0.14) / 2 + (i + 0.5) * w, depth / 2 - 0.22, 0.08)
        yield box((w - 0.04, 0.012, height - 0.2), at, panel)
    yield CarryingTop(height)


@design("kettle", "electric", "top")
def kettle(draw: Draw) -> Parts:
    """An electric kettle with a spout and a handle."""
    body = draw.one_of(draw.steel(), draw.ceramic(), draw.paint("red", "black", "blue", "green", gloss=0.5))
    r, height = draw.between(0.07, 0.09), draw.between(0.18, 0.24)
    yield cylinder(r * 1.05, 0.02, (0, 0, 0), DARK_GRIP, sides=18)
    profile = [(r, 0.0), (r * 1.02, height * 0.4), (r * 0.72, height * 0.95), (0.02, height)]
    yield lathe(profile, (0, 0, 0.02), body, sides=18)
    yield ellipsoid((0.03, 0.03, 0.025), (0, 0, height + 0.015), DARK_GRIP, sides=8)
    yield rod((r * 0.7, 0, height * 0.65), (r * 1.35, 0, height * 0.95), 0.016, body, sides=8)
    loop = [(-r * 0.75, 0, height), (-r * 1.5, 0, height * 0.98), (-r * 1.6, 0, height * 0.4), (-r, 0, height * 0.25)]
    yield from tube(loop, 0.011, DARK_GRIP)


@design("pan", "plain", "top")
def pan(draw: Draw) -> Parts:
    """A frying pan with a long handle, or a pot with two ears and a lid."""
    metal = draw.one_of(draw.steel(), plain("1e1e20", 0.4), draw.paint("red", "black", "blue", gloss=0.5))
    if draw.chance(0.5):
        r = draw.between(0.11, 0.16)
        profile = [(r * 0.78, 0.0), (r, 0.045), (r - 0.006, 0.045), (r * 0.76, 0.006)]
        yield lathe(profile, material=metal, sides=22)
        yield from tube([(r * 0.95, 0, 0.035), (r + 0.1, 0, 0.055), (r + 0.2, 0, 0.06)], 0.011, DARK_GRIP)
        return
    r, height = draw.between(0.09, 0.14), draw.between(0.1, 0.18)
    yield cylinder(r, height, material=metal, sides=22)
    yield lathe([(r * 1.03, 0.0), (r * 0.9, 0.015), (0.0, 0.03)], (0, 0, height), metal, sides=22)
    yield cylinder(0.014, 0.03, (0, 0, height + 0.025), DARK_GRIP, sides=8)
    z = height * 0.8
    for s in (-1, 1):
        yield from tube([(s * r, -0.03, z), (s * (r + 0.035), 0, z), (s * r, 0.03, z)], 0.006, DARK_GRIP)


@design("cup", "mug", "top")
def cup(draw: Draw) -> Parts:
    """A mug with a handle."""
    glaze = draw.paint(gloss=0.6)
    r, height = draw.between(0.035, 0.048), draw.between(0.08, 0.11)
    profile = [(r * 0.9, 0.0), (r, height), (r - 0.005, height), (r * 0.85, 0.008)]
    yield lathe(profile, material=glaze, sides=16)
    angles = [math.pi * (k / 6 - 0.5) for k in range(7)]
    ear = [(r * 0.94 + 0.03 * math.cos(a), 0.0, height * 0.5 + height * 0.3 * math.sin(a)) for a in angles]
    yield from tube(ear, 0.005, glaze, sides=5)


@design("bowl", "plain", "top")
def bowl(draw: Draw) -> Parts:
    """A bowl, sometimes with fruit."""
    glaze = draw.one_of(draw.paint(gloss=0.6), draw.wood(), draw.steel())
    r = draw.between(0.08, 0.17)
    height = r * draw.between(0.5, 0.7)
    outside = [(r * 0.4, 0.0), (r * 0.85, height * 0.5), (r, height)]
    inside = [(r - 0.006, height), (r * 0.8, height * 0.5), (r * 0.35, 0.012)]
    yield lathe(outside + inside, material=glaze, sides=20)
    if draw.chance(0.5):
        fruit, size = draw.paint("red", "green", "orange", "yellow"), r * 0.62
        for k in range(4):
            at = (*polar(math.pi / 2 * k, size * 0.55), height * 0.35 + 0.01 * (k % 2))
            yield ellipsoid((size, size, size * 0.95), at, fruit, sides=8)
