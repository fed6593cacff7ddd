"""Things that keep things: shelves, cabinets, closets, boxes. Doors face +y."""

from __future__ import annotations

import math

from ..mesh import Part
from .design import Design, FurnitureParts
from .fittings import books, carcass, case, fronts, legs
from .random_draw import Draw
from .solids import box, cylinder, lathe, tube


def bookshelf(draw: Draw) -> FurnitureParts:
    """A tall case of boards filled with books."""
    wood = draw.timber()
    width, depth, height = draw.between(0.6, 1.1), draw.between(0.26, 0.34), draw.between(1.5, 2.1)
    boards = draw.whole(3, 5)
    parts = case((width, depth, height), 0.0, boards, wood)
    spacing = (height - 0.02) / (boards + 1)
    for i in range(boards + 1):
        if draw.chance(0.9):
            start = -width / 2 + 0.03
            end = start + (width - 0.06) * draw.one_of(1.0, 0.9, 0.6, 0.4)
            parts += books(draw, (start, end), -0.03, i * spacing + 0.02, spacing - 0.02)
    return FurnitureParts(parts)


def low_bookshelf(draw: Draw) -> FurnitureParts:
    """A waist-high case of two columns with books in some of the places."""
    wood = draw.timber()
    width, depth, height = draw.between(0.8, 1.4), draw.between(0.28, 0.36), draw.between(0.7, 0.95)
    parts = case((width, depth, height), 0.0, 1, wood, columns=2)
    for i in range(2):
        for j in range(2):
            if draw.chance(0.75):
                start = -width / 2 + 0.03 + i * width / 2
                parts += books(
                    draw,
                    (start, start + width * draw.one_of(0.3, 0.44)),
                    -0.03,
                    0.02 + j * height / 2,
                    height / 2 - 0.03,
                )
    return FurnitureParts(parts, height)


def open_shelf(draw: Draw) -> FurnitureParts:
    """A rack of boards between four posts, with books and binders."""
    board, post = draw.wood(), draw.timber()
    width, depth, height = draw.between(0.7, 1.2), draw.between(0.3, 0.42), draw.between(1.2, 1.9)
    levels = draw.whole(3, 5)
    parts = legs((width, depth), height, 0.035, post)
    for i in range(levels):
        z = 0.1 + i * (height - 0.15) / (levels - 1)
        parts.append(box((width - 0.02, depth - 0.02, 0.025), (0, 0, z), board))
        if i < levels - 1:
            for x in (-width * 0.42, width * 0.05):
                if draw.chance(0.5):
                    parts += books(draw, (x, x + width * draw.one_of(0.15, 0.25, 0.35)), 0, z + 0.025, 0.3)
    return FurnitureParts(parts)


def wall_shelf(draw: Draw) -> FurnitureParts:
    """A board on brackets with a few books, to hang on a wall."""
    wood, metal = draw.timber(), draw.metal()
    width, depth = draw.between(0.6, 1.2), draw.between(0.18, 0.26)
    parts = [box((width, depth, 0.03), (0, 0, 0), wood)]
    parts += [box((0.025, depth * 0.8, 0.08), (s * width * 0.35, -depth * 0.1, -0.08), metal) for s in (-1, 1)]
    if draw.chance(0.7):
        parts += books(draw, (-width * 0.4, width * draw.one_of(-0.1, 0.1, 0.3)), -0.01, 0.03, 0.26)
    return FurnitureParts(parts)


def sideboard(draw: Draw) -> FurnitureParts:
    """A low wide cabinet of doors on short legs."""
    wood, handle = draw.timber(), draw.metal()
    width, depth, height = draw.between(1.1, 1.9), draw.between(0.38, 0.48), draw.between(0.65, 0.9)
    foot = draw.between(0.06, 0.16)
    parts = legs((width * 0.94, depth * 0.9), foot, 0.04, handle)
    parts.append(carcass((width, depth, height - foot), foot, wood))
    area = (-width / 2 + 0.02, foot + 0.02, width - 0.04, height - foot - 0.04)
    parts += fronts(
        area, depth / 2, (draw.whole(2, 4), 1), draw.one_of(wood, wood, draw.paint("white")), handle, knob="side"
    )
    return FurnitureParts(parts, height)


def drawer_cabinet(draw: Draw) -> FurnitureParts:
    """A chest of drawers."""
    wood, handle = draw.timber(), draw.metal()
    width, depth, height = draw.between(0.6, 1.2), draw.between(0.4, 0.5), draw.between(0.75, 1.2)
    parts = [
        carcass((width, depth, height - 0.05), 0.05, wood),
        box((width - 0.06, depth - 0.05, 0.05), (0, 0, 0), wood),
    ]
    parts.append(box((width + 0.03, depth + 0.03, 0.025), (0, 0, height), wood, bevel=0.006))
    area = (-width / 2 + 0.01, 0.06, width - 0.02, height - 0.07)
    parts += fronts(
        area, depth / 2, (draw.one_of(1, 1, 2), draw.whole(3, 5)), wood, handle, knob=draw.one_of("bar", "ball")
    )
    return FurnitureParts(parts, height + 0.025)


def display_cabinet(draw: Draw) -> FurnitureParts:
    """A tall cabinet: open boards with books above, doors below."""
    wood, handle = draw.timber(), draw.metal()
    width, depth, height = draw.between(0.7, 1.1), draw.between(0.36, 0.44), draw.between(1.6, 2.0)
    low = height * 0.4
    parts = [carcass((width, depth, low), 0.0, wood)]
    parts += fronts((-width / 2 + 0.01, 0.06, width - 0.02, low - 0.07), depth / 2, (2, 1), wood, handle, knob="side")
    parts += case((width, depth * 0.85, height - low), low, 2, wood)
    spacing = (height - low - 0.02) / 3
    for i in range(3):
        start, share = -width / 2 + 0.03, draw.one_of(0.3, 0.6, 0.9)
        parts += books(draw, (start, start + width * share), -0.02, low + 0.02 + i * spacing, spacing - 0.03)
    return FurnitureParts(parts)


def wall_cabinet(draw: Draw) -> FurnitureParts:
    """A cupboard that hangs on a wall, with one to three doors."""
    wood, handle = draw.timber(), draw.metal()
    doors = draw.whole(1, 3)
    width, depth, height = doors * draw.between(0.35, 0.5), draw.between(0.3, 0.38), draw.between(0.5, 0.75)
    area = (-width / 2, 0.0, width, height)
    return FurnitureParts(
        [carcass((width, depth, height), 0.0, wood), *fronts(area, depth / 2, (doors, 1), wood, handle, knob="side")]
    )


def closet(draw: Draw) -> FurnitureParts:
    """A wardrobe with two to four tall doors."""
    wood, handle = draw.timber(), draw.metal()
    doors = draw.whole(2, 4)
    width, depth, height = doors * draw.between(0.42, 0.55), draw.between(0.55, 0.65), draw.between(1.9, 2.25)
    front = draw.one_of(wood, wood, draw.paint("white", "beige", "grey"))
    parts = [
        carcass((width, depth, height - 0.06), 0.06, wood),
        box((width - 0.04, depth - 0.06, 0.06), (0, -0.01, 0), wood),
    ]
    low = 0.08
    if draw.chance(0.35):
        parts += fronts((-width / 2 + 0.01, 0.08, width - 0.02, 0.3), depth / 2, (2, 1), front, handle)
        low = 0.4
    parts += fronts(
        (-width / 2 + 0.01, low, width - 0.02, height - low - 0.02), depth / 2, (doors, 1), front, handle, knob="side"
    )
    return FurnitureParts(parts)


def nightstand(draw: Draw) -> FurnitureParts:
    """A bedside table with one to three drawers, or one drawer over an open place."""
    wood, handle = draw.timber(), draw.metal()
    width, depth, height = draw.between(0.36, 0.55), draw.between(0.34, 0.45), draw.between(0.42, 0.62)
    foot = draw.between(0.05, 0.15)
    parts = legs((width, depth), foot, 0.035, wood)
    if draw.chance(0.4):
        drawer = 0.16
        parts += case((width, depth, height - foot - drawer), foot, 0, wood)
        parts.append(carcass((width, depth, drawer), height - drawer, wood))
        parts += fronts(
            (-width / 2 + 0.01, height - drawer, width - 0.02, drawer - 0.02), depth / 2, (1, 1), wood, handle
        )
    else:
        parts.append(carcass((width, depth, height - foot), foot, wood))
        area = (-width / 2 + 0.01, foot + 0.01, width - 0.02, height - foot - 0.03)
        parts += fronts(area, depth / 2, (1, draw.whole(1, 3)), wood, handle, knob=draw.one_of("bar", "ball"))
    return FurnitureParts(parts, height)


def tv_stand(draw: Draw) -> FurnitureParts:
    """A long low board for a television: drawers at the sides, an open place between."""
    wood, handle = draw.timber(), draw.metal()
    width, depth, height = draw.between(1.2, 2.0), draw.between(0.36, 0.46), draw.between(0.4, 0.58)
    foot, third = draw.between(0.04, 0.14), width / 3
    parts = legs((width * 0.92, depth * 0.9), foot, 0.04, handle)
    parts += case((width, depth, height - foot), foot, draw.whole(0, 1), wood, columns=3)
    for s in draw.one_of((-1, 1), (-1, 1), (0,)):
        area = (s * third - third / 2 + 0.012, foot + 0.02, third - 0.024, height - foot - 0.04)
        parts += fronts(area, depth / 2 - 0.012, (1, draw.whole(1, 2)), wood, handle, knob="bar")
    return FurnitureParts(parts, height)


def cardboard_box(draw: Draw) -> FurnitureParts:
    """A box of cardboard with a strip of tape, or a lidded box in a colour."""
    width, depth, height = draw.between(0.25, 0.6), draw.between(0.22, 0.45), draw.between(0.15, 0.45)
    if draw.chance(0.65):
        card = draw.paint("brown", "beige", gloss=0.02)
        parts = [box((width, depth, height), material=card)]
        parts.append(box((width + 0.002, 0.05, 0.002), (0, 0, height), draw.paint("beige", "white")))
        parts.append(box((0.1, 0.002, 0.07), (width * 0.2, depth / 2, height * 0.4), draw.paint("white")))
        return FurnitureParts(parts)
    cover = draw.paint()
    parts = [box((width, depth, height), material=cover, bevel=0.004)]
    parts.append(box((width + 0.012, depth + 0.012, height * 0.2), (0, 0, height * 0.82), cover, bevel=0.004))
    return FurnitureParts(parts)


def crate(draw: Draw) -> FurnitureParts:
    """An open crate of slats."""
    wood = draw.one_of(draw.wood(), draw.paint("blue", "green", "grey", "red", "yellow"))
    width, depth, height = draw.between(0.36, 0.6), draw.between(0.28, 0.4), draw.between(0.2, 0.34)
    parts: list[Part] = [box((width, depth, 0.012), (0, 0, 0), wood)]
    slats = draw.whole(3, 4)
    tall = height / slats
    for i in range(slats):
        z = i * tall + 0.004
        parts += [box((width, 0.012, tall - 0.02), (0, s * (depth / 2 - 0.006), z), wood) for s in (-1, 1)]
        parts += [box((0.012, depth, tall - 0.02), (s * (width / 2 - 0.006), 0, z), wood) for s in (-1, 1)]
    parts += legs((width - 0.024, depth - 0.024), height, 0.03, wood)
    return FurnitureParts(parts)


def basket(draw: Draw) -> FurnitureParts:
    """A woven basket: round, open, with a thick rim."""
    weave = draw.fabric("beige", "brown", "white", "grey")
    radius, height = draw.between(0.16, 0.26), draw.between(0.25, 0.5)
    wall, low = 0.02, radius * draw.between(0.75, 0.95)
    profile = [(0.0, 0.0), (low, 0.0), (radius, height * 0.5), (radius * 0.97, height)]
    profile += [(radius * 0.97 - wall, height), (low - wall, 0.03), (0.0, 0.03)]
    parts = [lathe(profile, material=weave, sides=20)]
    for s in (-1, 1):
        parts.append(cylinder(0.03, 0.05, (s * radius, 0, height - 0.08), weave, sides=8))
    return FurnitureParts(parts)


def bucket(draw: Draw) -> FurnitureParts:
    """A pail with a bow handle."""
    body = draw.one_of(draw.paint(gloss=0.4), draw.steel())
    radius, height = draw.between(0.12, 0.17), draw.between(0.24, 0.34)
    profile = [(0.0, 0.0), (radius * 0.78, 0.0), (radius, height), (radius + 0.01, height), (radius - 0.008, height)]
    profile += [(radius * 0.75, 0.015), (0.0, 0.015)]
    parts = [lathe(profile, material=body, sides=20)]
    steel = draw.steel()
    parts += bow(radius + 0.005, height, steel, standing=draw.chance(0.5))
    return FurnitureParts(parts)


def bow(radius: float, height: float, material, *, standing: bool) -> list[Part]:
    """Return the half-round handle of a pail, upright or fallen to its rim."""
    angles = [math.pi * k / 8 for k in range(9)]
    flat = [(radius * math.cos(a), radius * math.sin(a)) for a in angles]
    points = [(x, 0.0, height + r) if standing else (x, r, height) for x, r in flat]
    return tube(points, 0.004, material, sides=5)


DESIGNS = (
    Design("bookshelf", "tall", bookshelf),
    Design("bookshelf", "low", low_bookshelf),
    Design("shelf", "open", open_shelf),
    Design("shelf", "wall", wall_shelf, "wall"),
    Design("cabinet", "sideboard", sideboard),
    Design("cabinet", "drawers", drawer_cabinet),
    Design("cabinet", "display", display_cabinet),
    Design("cabinet", "wall", wall_cabinet, "wall"),
    Design("closet", "hinged", closet),
    Design("nightstand", "plain", nightstand),
    Design("tv stand", "low", tv_stand),
    Design("box", "plain", cardboard_box),
    Design("crate", "slats", crate),
    Design("basket", "round", basket),
    Design("bucket", "pail", bucket),
)
