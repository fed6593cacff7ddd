"""Chairs, stools and sofas. Backs stand towards −y."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..mesh import Material, Part
from .design import CarryingTop, Parts, design
from .fittings import legs, row
from .random_draw import Draw, plain
from .solids import box, cushion, cylinder, lathe, mirrored, polar, rod, turned


@design("chair", "wooden")
def wooden_chair(draw: Draw) -> Parts:
    """A four-legged chair with a wooden back of slats or rails."""
    wood = draw.timber()
    width, depth, seat = draw.between(0.40, 0.48), draw.between(0.40, 0.48), draw.between(0.43, 0.47)
    back, thick = draw.between(0.38, 0.52), draw.between(0.03, 0.045)
    yield from legs((width, depth), seat - 0.03, thick, wood, splay=draw.one_of(0.0, 0.0, 0.03))
    yield box((width, depth, 0.03), (0, 0, seat - 0.03), wood, bevel=0.008)
    if draw.chance(0.4):
        yield cushion((width * 0.92, depth * 0.92, 0.04), (0, 0, seat), draw.fabric())
    y, inner = -depth / 2 + thick / 2, width - 2 * thick
    frame = mirrored(box, (thick, thick, back), ((width - thick) / 2, y, seat), wood)
    frame.append(box((inner, 0.02, 0.07), (0, y, seat + back - 0.07), wood))
    if draw.chance(0.5):
        xs = np.linspace(-inner / 2, inner / 2, draw.whole(3, 5) + 2)[1:-1]
        frame += [box((0.025, 0.015, back - 0.07), (float(x), y, seat), wood) for x in xs]
    else:
        frame += [box((inner, 0.018, 0.05), (0, y, seat + back * f), wood) for f in (0.25, 0.55)]
    lean = draw.whole(4, 9)
    for part in frame:
        yield turned(part, lean, "x", (0, y, seat))


@design("chair", "upholstered")
def upholstered_chair(draw: Draw) -> Parts:
    """A padded dining chair, or an armchair, on wooden or metal legs."""
    cloth, leg = draw.fabric(), draw.one_of(draw.wood(), draw.metal())
    arms = draw.chance(0.45)
    width = draw.between(0.62, 0.82) if arms else draw.between(0.46, 0.54)
    depth = draw.between(0.62, 0.8) if arms else draw.between(0.5, 0.58)
    seat, back = draw.between(0.42, 0.48), draw.between(0.4, 0.55)
    pad, thick = (0.16, 0.16) if arms else (0.09, 0.07)
    yield from legs((width * 0.9, depth * 0.85), seat - pad, 0.035, leg, splay=0.03, round_=True)
    yield cushion((width, depth, pad), (0, 0, seat - pad), cloth, puff=0.2)
    rest = box((width * 0.98, thick, back), (0, -depth / 2 + thick / 2, seat - 0.05), cloth, bevel=0.035, steps=2)
    yield turned(rest, 8, "x", (0, -depth / 2, seat))
    if arms:
        at = (width / 2 - 0.055, 0.02, seat - 0.1)
        yield from mirrored(box, (0.11, depth * 0.9, 0.28), at, cloth, bevel=0.04, steps=2)


@design("chair", "office")
def office_chair(draw: Draw) -> Parts:
    """A swivel chair on a five-armed base with wheels."""
    cloth = draw.fabric("black", "grey", "blue", "red", "white")
    dark = draw.one_of(plain("1c1c1e"), plain("9a9da1", 0.6))
    width, depth, seat = draw.between(0.46, 0.54), draw.between(0.46, 0.52), draw.between(0.44, 0.54)
    back, reach = draw.between(0.45, 0.72), draw.between(0.28, 0.33)
    yield cylinder(0.03, seat - 0.16, (0, 0, 0.08), dark, sides=10)
    for k in range(5):
        x, y = polar(2 * np.pi * k / 5 + np.pi / 2, reach)
        yield rod((0, 0, 0.11), (x, y, 0.075), 0.02, dark)
        wheel = cylinder(0.028, 0.04, (x, y, 0.008), plain("101012"), sides=8)
        yield turned(wheel, 90, "x", (x, y, 0.028))
    yield cushion((width, depth, 0.09), (0, 0, seat - 0.08), cloth)
    rest = box((width * 0.92, 0.07, back), (0, -depth / 2, seat + 0.08), cloth, bevel=0.03, steps=2)
    yield turned(rest, 8, "x", (0, -depth / 2, seat))
    yield rod((0, -depth * 0.3, seat - 0.06), (0, -depth / 2 - 0.03, seat + 0.2), 0.022, dark)
    if draw.chance(0.65):
        for x in (-(width / 2 + 0.03), width / 2 + 0.03):
            yield rod((x, -0.02, seat - 0.05), (x, -0.02, seat + 0.17), 0.015, dark)
            yield box((0.06, 0.26, 0.03), (x, 0, seat + 0.17), dark, bevel=0.01)


@design("chair", "shell")
def shell_chair(draw: Draw) -> Parts:
    """A moulded plastic shell on slender legs."""
    shell = draw.paint("white", "black", "red", "yellow", "blue", "green", "grey", gloss=0.4)
    leg = draw.one_of(draw.wood(), draw.steel(), plain("1c1c1e"))
    width, depth, seat = draw.between(0.44, 0.5), draw.between(0.42, 0.5), draw.between(0.43, 0.46)
    back = draw.between(0.34, 0.42)
    yield from legs((width * 0.95, depth * 0.95), seat - 0.02, 0.025, leg, splay=0.1, round_=True)
    yield box((width, depth, 0.03), (0, 0, seat - 0.03), shell, bevel=0.012)
    rest = box((width * 0.96, 0.025, back), (0, -depth / 2 + 0.012, seat), shell, bevel=0.011, steps=2)
    yield turned(rest, draw.whole(8, 16), "x", (0, -depth / 2, seat))


@design("stool", "round")
def round_stool(draw: Draw) -> Parts:
    """A low stool with a round seat on three or four splayed legs."""
    wood = draw.timber()
    radius, height = draw.between(0.15, 0.2), draw.between(0.4, 0.5)
    yield cylinder(radius, 0.035, (0, 0, height - 0.035), wood, sides=18)
    if draw.chance(0.4):
        yield cylinder(radius * 0.97, 0.04, (0, 0, height), draw.fabric(), top=radius * 0.9, sides=18)
    count = draw.whole(3, 4)
    for k in range(count):
        x, y = polar(2 * np.pi * (k + 0.5) / count, radius)
        yield rod((x, y, 0), (x * 0.6, y * 0.6, height - 0.035), 0.016, wood)


@design("stool", "bar")
def bar_stool(draw: Draw) -> Parts:
    """A tall stool on a column with a foot ring, or on four legs."""
    metal, cloth = draw.metal(), draw.fabric()
    height, radius = draw.between(0.62, 0.78), draw.between(0.17, 0.2)
    seat = [(radius * 0.9, 0.0), (radius, 0.03), (radius * 0.95, 0.07), (0.0, 0.08)]
    yield lathe(seat, (0, 0, height - 0.08), cloth, sides=16)
    if draw.chance(0.5):
        yield cylinder(0.2, 0.02, (0, 0, 0), metal, sides=18)
        yield cylinder(0.028, height - 0.1, (0, 0, 0.02), metal)
        yield cylinder(0.14, 0.018, (0, 0, height * 0.35), metal, sides=14)
    else:
        yield from legs((radius * 2.1, radius * 2.1), height - 0.08, 0.03, metal, splay=0.07, round_=True)
        yield from mirrored(box, (radius * 1.5, 0.02, 0.02), (0, radius * 0.85, height * 0.33), metal, axes="y")


@design("stool", "pouf")
def pouf(draw: Draw) -> Parts:
    """A padded stool without legs, or a square one on short feet."""
    cloth = draw.fabric()
    width, height = draw.between(0.38, 0.55), draw.between(0.36, 0.44)
    if draw.chance(0.5):
        r = width / 2
        profile = [(r * 0.88, 0.0), (r, height * 0.2), (r, height * 0.8), (r * 0.88, height)]
        yield lathe(profile, material=cloth, sides=18)
    else:
        yield from legs((width * 0.9, width * 0.9), 0.08, 0.04, draw.wood())
        yield box((width, width, height - 0.08), (0, 0, 0.08), cloth, bevel=0.045, steps=2)


@design("sofa", "straight")
def sofa(draw: Draw) -> Parts:
    """A sofa of two, three or four seats with arms."""
    seats = draw.one_of(2, 2, 3, 3, 3, 4)
    cloth, leg = draw.fabric(), draw.wood()
    seat_width, depth = draw.between(0.58, 0.72), draw.between(0.8, 0.98)
    arm, seat, back = draw.between(0.12, 0.24), draw.between(0.4, 0.46), draw.between(0.74, 0.92)
    yield from _sofa_body(draw, seats, seat_width, depth, arm, seat, back, cloth)
    yield from legs(((seats * seat_width + 2 * arm) * 0.94, depth * 0.9), 0.1, 0.05, leg)
    yield CarryingTop(seat)


def _sofa_body(
    draw: Draw, seats: int, seat_width: float, depth: float, arm: float, seat: float, back: float, cloth: Material
) -> Iterator[Part]:
    width = seats * seat_width + 2 * arm
    height, soft = draw.between(0.55, 0.66), draw.between(0.03, 0.07)
    yield box((width, depth, seat - 0.24), (0, 0, 0.1), cloth, bevel=0.02)
    yield from mirrored(box, (arm, depth, height - 0.1), ((width - arm) / 2, 0, 0.1), cloth, bevel=soft, steps=2)
    yield box((width - 2 * arm, 0.2, back - 0.14), (0, -depth / 2 + 0.1, 0.1), cloth, bevel=0.05, steps=2)
    for x in row(seats, seat_width):
        yield cushion((seat_width * 0.985, depth - 0.2, 0.16), (x, 0.1, seat - 0.16), cloth, puff=0.12)
        rest = box((seat_width * 0.97, 0.16, back - seat), (x, -depth / 2 + 0.25, seat), cloth, bevel=0.05)
        yield turned(rest, 10, "x", (0, -depth / 2 + 0.2, seat))


@design("sofa", "corner")
def corner_sofa(draw: Draw) -> Parts:
    """An L-shaped sofa: two or three seats and a chaise towards the front."""
    cloth, foot = draw.fabric("grey", "beige", "blue", "brown", "green", "black"), draw.wood()
    seats, seat_width, depth = draw.whole(2, 3), draw.between(0.62, 0.74), draw.between(0.85, 0.95)
    arm, seat, back = draw.between(0.14, 0.22), draw.between(0.4, 0.45), draw.between(0.76, 0.88)
    width, side = seats * seat_width + 2 * arm, draw.one_of(-1, 1)
    yield from _sofa_body(draw, seats, seat_width, depth, arm, seat, back, cloth)
    chaise, x = draw.between(0.6, 0.85), side * (width - seat_width - arm) / 2
    y = depth / 2 + chaise / 2
    yield box((seat_width + arm, chaise, seat - 0.24), (x, y, 0.1), cloth, bevel=0.02)
    yield cushion((seat_width + arm, chaise, 0.16), (x, y, seat - 0.16), cloth, puff=0.1)
    yield from mirrored(box, (0.05, 0.05, 0.1), (width * 0.45, -depth * 0.42, 0), foot)
    yield box((0.05, 0.05, 0.1), (x, depth / 2 + chaise - 0.08, 0), foot)
    yield CarryingTop(seat)
