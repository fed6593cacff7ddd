"""Screens, computers and other devices. Screens face +y."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..mesh import Material, Part
from .design import Parts, design
from .fittings import row
from .random_draw import Draw, glass, plain
from .solids import box, cylinder, ellipsoid, mirrored, moved, polar, rod, to_front, tube, turned

TV_SHELL = plain("141416", 0.3)


def _screen(width: float, height: float, thick: float, z: float, shell: Material, lit: Material | None) -> list[Part]:
    """Return a flat panel: its body, and dark glass or a glowing image on it."""
    edge = 0.012
    image = (width - 2 * edge, 0.003, height - 2 * edge)
    return [
        box((width, thick, height), (0, 0, z), shell, bevel=min(0.006, thick * 0.3)),
        box(image, (0, thick / 2 + 0.001, z + edge), lit or glass("0d0f12")),
    ]


def _image(draw: Draw) -> Material | None:
    """Draw what a screen shows: nothing (off) or a plain lit colour."""
    return draw.one_of(None, None, plain("2f5f8f", 0.3, 0.35), plain("c9d3dc", 0.3, 0.3))


@design("tv", "standing", "top")
def television(draw: Draw) -> Parts:
    """A flat television on two feet or a central stand."""
    width = draw.between(0.75, 1.45)
    yield from _screen(width, round(width * 0.575, 3), 0.04, 0.07, TV_SHELL, draw.one_of(None, None, _image(draw)))
    if draw.chance(0.5):
        yield from mirrored(box, (0.03, 0.24, 0.075), (width * 0.35, 0, 0), TV_SHELL)
    else:
        yield box((width * 0.4, 0.22, 0.015), (0, 0, 0), TV_SHELL)
        yield box((0.12, 0.03, 0.1), (0, -0.01, 0.01), TV_SHELL)


@design("tv", "wall", "wall")
def wall_television(draw: Draw) -> Parts:
    """A flat television on a wall mount."""
    width = draw.between(0.85, 1.6)
    height = round(width * 0.575, 3)
    yield from _screen(width, height, 0.035, 0, TV_SHELL, draw.one_of(None, None, _image(draw)))
    yield box((width * 0.4, 0.04, height * 0.5), (0, -0.035, height * 0.25), TV_SHELL)


@design("monitor", "flat", "top")
def monitor(draw: Draw) -> Parts:
    """A computer monitor on a stand."""
    width = draw.between(0.42, 0.75)
    height = round(width * draw.one_of(0.58, 0.62, 0.45), 3)
    shell = draw.one_of(plain("161618"), plain("161618"), plain("c4c6c9", 0.5), plain("ededeb"))
    lift = draw.between(0.09, 0.16)
    yield from _screen(width, height, 0.03, lift, shell, _image(draw))
    yield box((0.05, 0.03, lift + height * 0.4), (0, -0.03, 0), shell)
    yield box((0.24, 0.18, 0.014), (0, -0.02, 0), shell, bevel=0.005)


@design("keyboard", "plain", "top")
def keyboard(draw: Draw) -> Parts:
    """A keyboard with rows of keys."""
    codes = draw.one_of(("1b1b1d", "2e2e31"), ("d6d7d8", "f4f4f2"), ("9a9da1", "2a2a2c"))
    body, keys = plain(codes[0]), plain(codes[1])
    width, depth = draw.between(0.3, 0.45), draw.between(0.12, 0.15)
    yield box((width, depth, 0.018), material=body, bevel=0.005)
    w, d = width * 0.95 / 12, depth * 0.2
    for i in range(-2, 2):
        for x in row(12, w):
            yield box((w - 0.003, d - 0.003, 0.006), (x, i * d, 0.018), keys)
    yield box((width * 0.4, d - 0.003, 0.006), (0, depth * 0.4, 0.018), keys)


@design("computer mouse", "plain", "top")
def mouse(draw: Draw) -> Parts:
    """A computer mouse with a wheel."""
    body = draw.paint("black", "white", "grey", "red", "blue")
    size = (draw.between(0.055, 0.07), draw.between(0.095, 0.12), draw.between(0.035, 0.045))
    yield ellipsoid(size, material=body, sides=14)
    wheel = turned(cylinder(0.008, 0.008, material=plain("404044"), sides=8), 90, "y")
    yield moved(wheel, (-0.004, -size[1] * 0.22, size[2] * 0.88))


@design("laptop", "open", "top")
def laptop(draw: Draw) -> Parts:
    """An open laptop."""
    shell = draw.one_of(plain("b4b7ba", 0.5), plain("1d1d1f"), plain("55585c", 0.4), plain("e8e6e1"))
    width, depth = draw.between(0.3, 0.38), draw.between(0.21, 0.26)
    yield box((width, depth, 0.016), material=shell, bevel=0.005)
    yield box((width * 0.9, depth * 0.45, 0.002), (0, -depth * 0.16, 0.016), plain("1a1a1c"))
    yield box((width * 0.34, depth * 0.3, 0.001), (0, depth * 0.28, 0.016), plain("6d7074"))
    lit = draw.one_of(glass("0d0f12"), plain("6f93b8", 0.3, 0.4), plain("d8dde2", 0.3, 0.4))
    lean = draw.whole(8, 28)
    for part in _screen(width, depth, 0.01, 0.0, shell, lit):
        yield moved(turned(part, lean, "x"), (0, -depth / 2, 0.014))


@design("computer tower", "plain")
def computer_tower(draw: Draw) -> Parts:
    """A desktop computer's case."""
    shell = draw.one_of(plain("1a1a1c", 0.3), plain("1a1a1c", 0.3), plain("e4e3df"), plain("7b7e82", 0.4))
    width, depth, height = draw.between(0.17, 0.23), draw.between(0.38, 0.5), draw.between(0.36, 0.5)
    y = depth / 2
    yield box((width, depth, height), (0, 0, 0.012), shell, bevel=0.006)
    yield from mirrored(box, (0.03, 0.06, 0.012), (width * 0.35, depth * 0.4, 0), plain("101012"), axes="xy")
    for i in range(draw.whole(1, 3)):
        yield box((width * 0.75, 0.006, 0.04), (0, y + 0.002, height - 0.08 - 0.055 * i), plain("2b2b2e", 0.4))
    yield to_front(cylinder(0.011, 0.006, material=plain("4aa3ff", 0.4, 0.5), sides=10), (0, y, height * 0.5))
    for i in range(6):
        yield box((width * 0.6, 0.004, 0.006), (0, y + 0.001, height * (0.1 + 0.03 * i)), plain("38383b"))


@design("printer", "desktop", "top")
def printer(draw: Draw) -> Parts:
    """A desktop printer with a paper tray, a printed page and a small display."""
    shell, dark = draw.one_of(plain("e6e5e1"), plain("26262a"), plain("b9bbbe")), plain("2a2a2d", 0.4)
    width, depth, height = draw.between(0.38, 0.48), draw.between(0.32, 0.42), draw.between(0.18, 0.32)
    y, slot = depth / 2, height * 0.2
    yield box((width, depth, height), material=shell, bevel=0.02)
    yield box((width * 0.8, depth * 0.5, 0.02), (0, -depth * 0.12, height), dark, bevel=0.008)
    yield box((width * 0.7, 0.01, height * 0.35), (0, y, slot), dark)
    yield box((width * 0.6, 0.14, 0.012), (0, y + 0.06, slot), shell)
    yield box((0.21, 0.16, 0.004), (0, y + 0.04, slot + 0.014), plain("fbfbf8"))
    yield box((0.09, 0.03, 0.004), (width * 0.28, y - 0.03, height), plain("4d7fb5", 0.4, 0.2))


@design("telephone", "desk", "top")
def telephone(draw: Draw) -> Parts:
    """A desk telephone: a body with keys and a display, and a receiver on it."""
    shell = draw.paint("black", "white", "red", "grey", "beige", gloss=0.4)
    width, depth = draw.between(0.17, 0.22), draw.between(0.18, 0.23)
    yield box((width, depth, 0.05), material=shell, bevel=0.012)
    for x in row(3, 0.024):
        for y in row(4, 0.022):
            yield box((0.016, 0.014, 0.006), (width * 0.14 + x + 0.01, -depth * 0.05 + y, 0.05), plain("d9d9d6"))
    yield box((0.07, 0.03, 0.004), (width * 0.2, -depth * 0.36, 0.05), glass("6c7f6a"))
    x = -width * 0.3
    yield box((0.045, depth * 0.96, 0.025), (x, 0, 0.062), shell, bevel=0.011)
    yield from mirrored(ellipsoid, (0.06, 0.065, 0.05), (x, depth * 0.38, 0.045), shell, axes="y", sides=10)
    coil = [(x, -depth * 0.4, 0.03), (x - 0.05, -depth * 0.3, 0.01), (x - 0.05, depth * 0.2, 0.01)]
    yield from tube(coil, 0.005, plain("18181a"))


@design("fan", "standing")
def floor_fan(draw: Draw) -> Parts:
    """A standing fan: base, pole, blades in a cage."""
    return _fan(draw, draw.between(1.0, 1.35), draw.between(0.19, 0.24))


@design("fan", "desk", "top")
def desk_fan(draw: Draw) -> Parts:
    """A small fan for a desk."""
    return _fan(draw, draw.between(0.35, 0.5), draw.between(0.12, 0.17))


def _fan(draw: Draw, height: float, radius: float) -> Iterator[Part]:
    shell, metal = draw.paint("white", "black", "grey", "blue", gloss=0.4), draw.steel()
    z, foot, count = height - radius, radius * 0.9, 12
    yield cylinder(foot, 0.025, (0, 0, 0), shell, top=foot * 0.85, sides=18)
    yield rod((0, -0.03, 0.02), (0, -0.03, z), radius * 0.09, shell, sides=8)
    yield to_front(cylinder(radius * 0.32, radius * 0.45, material=shell, sides=12), (0, -0.09, z))
    for k in range(3):
        blade = box((radius * 0.5, 0.006, radius * 0.82), (0, 0, radius * 0.1), shell)
        yield moved(turned(turned(blade, 20, "z"), 120 * k, "y"), (0, radius * 0.35, z))
    circle = [polar(2 * math.pi * k / count, radius) for k in range(count + 1)]
    ring = [(x, radius * 0.35, z + up) for x, up in circle]
    yield from tube(ring, 0.006, metal, sides=4)
    for middle, rim in (((0, radius * 0.55, z), ring[:count]), ((0, radius * 0.05, z), ring[:count:2])):
        for point in rim:
            yield rod(middle, point, 0.003, metal, sides=3)
