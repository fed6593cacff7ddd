"""Furniture that holds things: shelves, cabinets, closets, boxes. Doors face +y."""

from __future__ import annotations

import math

from .design import CarryingTop, Parts, design
from .fittings import books, fronts, legs, open_case
from .random_draw import Draw
from .solids import box, cylinder, lathe, mirrored, polar, tube


@design("bookshelf", "tall")
def bookshelf(draw: Draw) -> Parts:
    """A tall case of boards filled with books."""
    wood = draw.timber()
    width, depth, height = draw.between(0.6, 1.1), draw.between(0.26, 0.34), draw.between(1.5, 2.1)
    boards = draw.whole(3, 5)
    yield from open_case((width, depth, height), 0.0, boards, wood)
    spacing = (height - 0.02) / (boards + 1)
    for i in range(boards + 1):
        if draw.chance(0.9):
            start = -width / 2 + 0.03
            end = start + (width - 0.06) * draw.one_of(1.0, 0.9, 0.6, 0.4)
            yield from books(draw, start, end, -0.03, i * spacing + 0.02, spacing - 0.02)


@design("bookshelf", "low")
def low_bookshelf(draw: Draw) -> Parts:
    """A waist-high case of two columns with books in some of the places."""
    wood = draw.timber()
    width, depth, height = draw.between(0.8, 1.4), draw.between(0.28, 0.36), draw.between(0.7, 0.95)
    yield from open_case((width, depth, height), 0.0, 1, wood, columns=2)
    for i in range(2):
        for j in range(2):
            if draw.chance(0.75):
                start = -width / 2 + 0.03 + i * width / 2
                end = start + width * draw.one_of(0.3, 0.44)
                yield from books(draw, start, end, -0.03, 0.02 + j * height / 2, height / 2 - 0.03)
    yield CarryingTop(height)


@design("shelf", "open")
def open_shelf(draw: Draw) -> Parts:
    """A rack of boards between four posts, with books and binders."""
    board, post = draw.wood(), draw.timber()
    width, depth, height = draw.between(0.7, 1.2), draw.between(0.3, 0.42), draw.between(1.2, 1.9)
    levels = draw.whole(3, 5)
    yield from legs((width, depth), height, 0.035, post)
    for i in range(levels):
        z = 0.1 + i * (height - 0.15) / (levels - 1)
        yield box((width - 0.02, depth - 0.02, 0.025), (0, 0, z), board)
        for x in (-width * 0.42, width * 0.05):
            if i < levels - 1 and draw.chance(0.5):
                yield from books(draw, x, x + width * draw.one_of(0.15, 0.25, 0.35), 0, z + 0.025, 0.3)


@design("shelf", "wall", "wall")
def wall_shelf(draw: Draw) -> Parts:
    """A board on brackets with a few books, to hang on a wall."""
    wood, metal = draw.timber(), draw.metal()
    width, depth = draw.between(0.6, 1.2), draw.between(0.18, 0.26)
    yield box((width, depth, 0.03), (0, 0, 0), wood)
    yield from mirrored(box, (0.025, depth * 0.8, 0.08), (width * 0.35, -depth * 0.1, -0.08), metal)
    if draw.chance(0.7):
        yield from books(draw, -width * 0.4, width * draw.one_of(-0.1, 0.1, 0.3), -0.01, 0.03, 0.26)


@design("cabinet", "sideboard")
def sideboard(draw: Draw) -> Parts:
    """A low wide cabinet of doors on short legs."""
    wood, handle = draw.timber(), draw.metal()
    width, depth, height = draw.between(1.1, 1.9), draw.between(0.38, 0.48), draw.between(0.65, 0.9)
    foot = draw.between(0.06, 0.16)
    yield from legs((width * 0.94, depth * 0.9), foot, 0.04, handle)
    yield box((width, depth, height - foot), (0, 0, foot), wood)
    doors, front = draw.whole(2, 4), draw.one_of(wood, wood, draw.paint("white"))
    at = (0, depth / 2, foot + 0.02)
    yield from fronts((width - 0.04, height - foot - 0.04), at, (doors, 1), front, handle, "door")
    yield CarryingTop(height)


@design("cabinet", "drawers")
def drawer_cabinet(draw: Draw) -> Parts:
    """A chest of drawers."""
    wood, handle = draw.timber(), draw.metal()
    width, depth, height = draw.between(0.6, 1.2), draw.between(0.4, 0.5), draw.between(0.75, 1.2)
    yield box((width, depth, height - 0.05), (0, 0, 0.05), wood)
    yield box((width - 0.06, depth - 0.05, 0.05), (0, 0, 0), wood)
    yield box((width + 0.03, depth + 0.03, 0.025), (0, 0, height), wood, bevel=0.006)
    grid, handles = (draw.one_of(1, 1, 2), draw.whole(3, 5)), draw.one_of("drawer", "ball")
    yield from fronts((width - 0.02, height - 0.07), (0, depth / 2, 0.06), grid, wood, handle, handles)
    yield CarryingTop(height + 0.025)


@design("cabinet", "display")
def display_cabinet(draw: Draw) -> Parts:
    """A tall cabinet: open boards with books above, doors below."""
    wood, handle = draw.timber(), draw.metal()
    width, depth, height = draw.between(0.7, 1.1), draw.between(0.36, 0.44), draw.between(1.6, 2.0)
    low = height * 0.4
    yield box((width, depth, low), (0, 0, 0), wood)
    yield from fronts((width - 0.02, low - 0.07), (0, depth / 2, 0.06), (2, 1), wood, handle, "door")
    yield from open_case((width, depth * 0.85, height - low), low, 2, wood)
    start, spacing = -width / 2 + 0.03, (height - low - 0.02) / 3
    for i in range(3):
        end = start + width * draw.one_of(0.3, 0.6, 0.9)
        yield from books(draw, start, end, -0.02, low + 0.02 + i * spacing, spacing - 0.03)


@design("cabinet", "wall", "wall")
def wall_cabinet(draw: Draw) -> Parts:
    """A cupboard that hangs on a wall, with one to three doors."""
    wood, handle = draw.timber(), draw.metal()
    doors = draw.whole(1, 3)
    width, depth, height = doors * draw.between(0.35, 0.5), draw.between(0.3, 0.38), draw.between(0.5, 0.75)
    yield box((width, depth, height), (0, 0, 0), wood)
    yield from fronts((width, height), (0, depth / 2, 0), (doors, 1), wood, handle, "door")


@design("closet", "hinged")
def closet(draw: Draw) -> Parts:
    """A wardrobe with two to four tall doors, sometimes over two drawers."""
    wood, handle = draw.timber(), draw.metal()
    doors = draw.whole(2, 4)
    width, depth, height = doors * draw.between(0.42, 0.55), draw.between(0.55, 0.65), draw.between(1.9, 2.25)
    front = draw.one_of(wood, wood, draw.paint("white", "beige", "grey"))
    yield box((width, depth, height - 0.06), (0, 0, 0.06), wood)
    yield box((width - 0.04, depth - 0.06, 0.06), (0, -0.01, 0), wood)
    wide, y, low = width - 0.02, depth / 2, 0.08
    if draw.chance(0.35):
        yield from fronts((wide, 0.3), (0, y, 0.08), (2, 1), front, handle)
        low = 0.4
    yield from fronts((wide, height - low - 0.02), (0, y, low), (doors, 1), front, handle, "door")


@design("nightstand", "plain")
def nightstand(draw: Draw) -> Parts:
    """A bedside table with one to three drawers, or one drawer over an open place."""
    wood, handle = draw.timber(), draw.metal()
    width, depth, height = draw.between(0.36, 0.55), draw.between(0.34, 0.45), draw.between(0.42, 0.62)
    foot, wide, y = draw.between(0.05, 0.15), width - 0.02, depth / 2
    yield from legs((width, depth), foot, 0.035, wood)
    if draw.chance(0.4):
        drawer = 0.16
        yield from open_case((width, depth, height - foot - drawer), foot, 0, wood)
        yield box((width, depth, drawer), (0, 0, height - drawer), wood)
        yield from fronts((wide, drawer - 0.02), (0, y, height - drawer), (1, 1), wood, handle)
    else:
        yield box((width, depth, height - foot), (0, 0, foot), wood)
        grid, handles = (1, draw.whole(1, 3)), draw.one_of("drawer", "ball")
        yield from fronts((wide, height - foot - 0.03), (0, y, foot + 0.01), grid, wood, handle, handles)
    yield CarryingTop(height)


@design("tv stand", "low")
def tv_stand(draw: Draw) -> Parts:
    """A long low board for a television: drawers at the sides, an open place between."""
    wood, handle = draw.timber(), draw.metal()
    width, depth, height = draw.between(1.2, 2.0), draw.between(0.36, 0.46), draw.between(0.4, 0.58)
    foot, third = draw.between(0.04, 0.14), width / 3
    yield from legs((width * 0.92, depth * 0.9), foot, 0.04, handle)
    yield from open_case((width, depth, height - foot), foot, draw.whole(0, 1), wood, columns=3)
    for s in draw.one_of((-1, 1), (-1, 1), (0,)):
        at = (s * third, depth / 2 - 0.012, foot + 0.02)
        yield from fronts((third - 0.024, height - foot - 0.04), at, (1, draw.whole(1, 2)), wood, handle)
    yield CarryingTop(height)


@design("box", "plain")
def cardboard_box(draw: Draw) -> Parts:
    """A box of cardboard with a strip of tape, or a lidded box in a colour."""
    width, depth, height = draw.between(0.25, 0.6), draw.between(0.22, 0.45), draw.between(0.15, 0.45)
    if draw.chance(0.65):
        yield box((width, depth, height), material=draw.paint("brown", "beige", gloss=0.02))
        yield box((width + 0.002, 0.05, 0.002), (0, 0, height), draw.paint("beige", "white"))
        yield box((0.1, 0.002, 0.07), (width * 0.2, depth / 2, height * 0.4), draw.paint("white"))
    else:
        cover = draw.paint()
        yield box((width, depth, height), material=cover, bevel=0.004)
        yield box((width + 0.012, depth + 0.012, height * 0.2), (0, 0, height * 0.82), cover, bevel=0.004)


@design("crate", "slats")
def crate(draw: Draw) -> Parts:
    """An open crate of slats."""
    wood = draw.one_of(draw.wood(), draw.paint("blue", "green", "grey", "red", "yellow"))
    width, depth, height = draw.between(0.36, 0.6), draw.between(0.28, 0.4), draw.between(0.2, 0.34)
    yield box((width, depth, 0.012), (0, 0, 0), wood)
    slats = draw.whole(3, 4)
    tall = height / slats
    for i in range(slats):
        z = i * tall + 0.004
        yield from mirrored(box, (width, 0.012, tall - 0.02), (0, depth / 2 - 0.006, z), wood, axes="y")
        yield from mirrored(box, (0.012, depth, tall - 0.02), (width / 2 - 0.006, 0, z), wood)
    yield from legs((width - 0.024, depth - 0.024), height, 0.03, wood)


@design("basket", "round")
def basket(draw: Draw) -> Parts:
    """A woven basket: round, open, with two grips."""
    weave = draw.fabric("beige", "brown", "white", "grey")
    radius, height = draw.between(0.16, 0.26), draw.between(0.25, 0.5)
    wall, low, rim = 0.02, radius * draw.between(0.75, 0.95), radius * 0.97
    profile = [(low, 0.0), (radius, height * 0.5), (rim, height), (rim - wall, height), (low - wall, 0.03)]
    yield lathe(profile, material=weave, sides=20)
    for x in (-radius, radius):
        yield cylinder(0.03, 0.05, (x, 0, height - 0.08), weave, sides=8)


@design("bucket", "pail")
def bucket(draw: Draw) -> Parts:
    """A pail whose bow handle stands upright or lies on the rim."""
    body = draw.one_of(draw.paint(gloss=0.4), draw.steel())
    r, height = draw.between(0.12, 0.17), draw.between(0.24, 0.34)
    profile = [(r * 0.78, 0.0), (r, height), (r + 0.01, height), (r - 0.008, height), (r * 0.75, 0.015)]
    yield lathe(profile, material=body, sides=20)
    steel, upright = draw.steel(), draw.chance(0.5)
    bow = [polar(math.pi * k / 8, r + 0.005) for k in range(9)]
    yield from tube([(x, 0.0, height + y) if upright else (x, y, height) for x, y in bow], 0.004, steel, sides=5)
