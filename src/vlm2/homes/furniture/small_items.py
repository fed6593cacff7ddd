"""Small movable things: bins, bags, suitcases, shoes, laundry baskets."""

from __future__ import annotations

from .design import Parts, design
from .fittings import row
from .random_draw import Draw, plain
from .solids import box, cylinder, ellipsoid, lathe, mirrored, rod, stretched, tube


@design("trash bin", "open")
def round_bin(draw: Draw) -> Parts:
    """An open waste bin, round, tapering down, sometimes with paper in it."""
    shell = draw.one_of(draw.paint(gloss=0.3), draw.steel())
    radius, height = draw.between(0.11, 0.16), draw.between(0.25, 0.4)
    low = radius * draw.between(0.72, 0.95)
    profile = [(low, 0.0), (radius, height), (radius - 0.008, height), (low - 0.008, 0.01)]
    yield lathe(profile, material=shell, sides=20)
    if draw.chance(0.4):
        for x, y in ((0.02, 0.03), (-0.04, -0.02)):
            yield ellipsoid((0.09, 0.08, 0.07), (x, y, height * 0.6), plain("efeeea"), sides=6)


@design("trash bin", "pedal")
def pedal_bin(draw: Draw) -> Parts:
    """A waste bin with a lid and a pedal, round or oblong."""
    shell, dark = draw.one_of(draw.steel(), draw.paint(gloss=0.5)), plain("1c1c1e", 0.3)
    height = draw.between(0.4, 0.66)
    if draw.chance(0.5):
        r = draw.between(0.12, 0.16)
        yield cylinder(r, height * 0.85, (0, 0, 0.02), shell, sides=22)
        yield cylinder(r * 1.03, 0.03, (0, 0, 0), dark, sides=22)
        lid = [(r * 1.03, 0.0), (r, 0.03), (r * 0.6, height * 0.13), (0.0, height * 0.15)]
        yield lathe(lid, (0, 0, height * 0.85 + 0.02), draw.one_of(shell, dark), sides=22)
        yield box((0.06, 0.05, 0.012), (0, r + 0.02, 0.015), dark)
    else:
        width, depth, lid = draw.between(0.25, 0.36), draw.between(0.25, 0.34), draw.one_of(shell, dark)
        yield box((width, depth, height * 0.88), material=shell, bevel=0.02)
        yield box((width + 0.01, depth + 0.01, height * 0.12), (0, 0, height * 0.88), lid, bevel=0.02)
        yield box((0.08, 0.05, 0.012), (0, depth / 2 + 0.02, 0.015), dark)


@design("backpack", "daypack")
def backpack(draw: Draw) -> Parts:
    """A backpack that stands on its base: body, front pocket, zips, straps and a loop."""
    cloth = draw.fabric("black", "grey", "blue", "red", "green", "purple", "orange", "pink", "yellow")
    trim = draw.one_of(plain("1c1c1e"), draw.fabric("brown", "grey", "black"))
    width, depth, height = draw.between(0.27, 0.35), draw.between(0.14, 0.2), draw.between(0.4, 0.52)
    front, back = depth / 2, -depth / 2
    yield box((width, depth, height), material=cloth, bevel=0.06, steps=2)
    yield box((width * 0.8, 0.08, height * 0.45), (0, front + 0.02, height * 0.08), cloth, bevel=0.03, steps=2)
    yield box((width * 0.72, 0.004, 0.012), (0, front + 0.061, height * 0.42), trim)
    yield box((width * 0.9, 0.004, 0.014), (0, front + 0.001, height * 0.72), trim)
    strap = [(back, height * 0.92), (back - 0.07, height * 0.7), (back - 0.06, height * 0.3), (back, height * 0.1)]
    for x in (-width * 0.28, width * 0.28):
        yield from tube([(x, y, z) for y, z in strap], 0.02, trim, sides=5)
    low, high = height - 0.01, height + 0.04
    yield from tube([(-0.04, 0, low), (-0.03, 0, high), (0.03, 0, high), (0.04, 0, low)], 0.008, trim, sides=5)


@design("suitcase", "trolley")
def trolley_suitcase(draw: Draw) -> Parts:
    """A suitcase with wheels, ribs and a drawn handle."""
    shell, dark = draw.paint(gloss=0.4), plain("1a1a1c", 0.3)
    width, depth, height = draw.between(0.36, 0.5), draw.between(0.2, 0.3), draw.between(0.5, 0.72)
    yield box((width, depth, height), (0, 0, 0.05), shell, bevel=0.04, steps=2)
    count = draw.whole(3, 5)
    for x in row(count, width * 0.8 / count):
        yield box((0.03, depth + 0.012, height * 0.8), (x, 0, 0.05 + height * 0.1), shell, bevel=0.006)
    yield from mirrored(box, (0.03, 0.05, 0.055), (width * 0.4, depth * 0.36, 0), dark, axes="xy", bevel=0.014)
    y, high = -depth * 0.3, height + 0.05 + draw.one_of(0.06, 0.3)
    yield from tube([(-0.09, y, height), (-0.09, y, high), (0.09, y, high), (0.09, y, height)], 0.01, dark)


@design("suitcase", "leather")
def leather_suitcase(draw: Draw) -> Parts:
    """An old suitcase that stands on its long side, with straps and a grip."""
    leather, strap = draw.paint("brown", "beige", "black", "red", "green"), plain("3a2416", 0.3)
    width, depth, height = draw.between(0.5, 0.7), draw.between(0.17, 0.24), draw.between(0.34, 0.45)
    yield box((width, depth, height), material=leather, bevel=0.02)
    yield from mirrored(box, (0.035, depth + 0.008, height + 0.004), (width * 0.27, 0, 0), strap)
    high = height + 0.035
    yield from tube([(-0.07, 0, height), (-0.06, 0, high), (0.06, 0, high), (0.07, 0, height)], 0.01, strap)
    at = (width * 0.12, depth / 2, height * 0.8)
    yield from mirrored(box, (0.03, 0.006, 0.04), at, plain("b08d4a", 0.6))


@design("shoes", "laced")
def shoes(draw: Draw) -> Parts:
    """A pair of shoes or ankle boots side by side, toes to the front."""
    upper, sole = draw.paint(gloss=0.2), draw.one_of(plain("f0efeb"), plain("1c1c1e"), plain("5b3a22"))
    length, width, shaft = draw.between(0.24, 0.3), draw.between(0.085, 0.105), draw.one_of(0.09, 0.09, 0.17)
    for x in (-(width / 2 + 0.015), width / 2 + 0.015):
        yield box((width, length, 0.025), (x, 0, 0), sole, bevel=0.011)
        yield ellipsoid((width * 0.98, length * 0.62, 0.1), (x, length * 0.18, 0.012), upper, sides=12)
        yield box((width * 0.86, length * 0.48, shaft), (x, -length * 0.24, 0.022), upper, bevel=0.025, steps=2)
        for k in range(3):
            yield box((width * 0.4, 0.008, 0.004), (x, length * (0.05 + 0.06 * k), 0.1 - 0.005 * k), sole)


@design("shoes", "slippers")
def slippers(draw: Draw) -> Parts:
    """A pair of slippers."""
    cloth, sole = draw.fabric(), plain("3a3a3c")
    length, width = draw.between(0.24, 0.29), draw.between(0.09, 0.11)
    for x in (-(width / 2 + 0.02), width / 2 + 0.02):
        yield box((width, length, 0.02), (x, 0, 0), sole, bevel=0.009)
        yield ellipsoid((width, length * 0.55, 0.08), (x, length * 0.2, 0.01), cloth, sides=12)


@design("basket", "laundry")
def ring_basket(draw: Draw) -> Parts:
    """A laundry basket with slots, sometimes with laundry in it."""
    shell = draw.paint("white", "grey", "blue", "pink", "beige", "green")
    width, depth, height = draw.between(0.45, 0.62), draw.between(0.34, 0.44), draw.between(0.25, 0.6)
    yield box((width - 0.03, depth - 0.03, 0.015), (0, 0, 0), shell)
    for s in (-1, 1):
        x, y = s * (width / 2 - 0.01), s * (depth / 2 - 0.01)
        yield from (box((width / 16, 0.012, height), (across, y, 0), shell) for across in row(9, width / 9.3))
        yield from (box((0.012, depth / 13, height), (x, along, 0), shell) for along in row(7, depth / 7.4))
        yield box((width, 0.03, 0.04), (0, y, height - 0.03), shell, bevel=0.01)
        yield box((0.03, depth, 0.04), (x, 0, height - 0.03), shell, bevel=0.01)
    if draw.chance(0.6):
        cloth = draw.fabric()
        yield ellipsoid((width * 0.85, depth * 0.85, height * 0.5), (0, 0, height * 0.5), cloth, sides=12)


@design("backpack", "rolled")
def duffel(draw: Draw) -> Parts:
    """A soft backpack with a rolled top."""
    cloth, trim = draw.fabric("green", "blue", "grey", "brown", "red", "black"), plain("2a2018", 0.2)
    width, depth, height = draw.between(0.28, 0.34), draw.between(0.2, 0.25), draw.between(0.36, 0.46)
    profile = [(0.46, 0.0), (0.5, height * 0.25), (0.48, height * 0.7), (0.3, height * 0.95), (0.0, height)]
    yield stretched(lathe(profile, material=cloth, sides=16), width, depth)
    yield rod((-width * 0.3, 0, height), (width * 0.3, 0, height), 0.035, cloth, sides=8)
    strap = [(0.08, -depth * 0.4, height * 0.85), (0.1, -depth * 0.75, height * 0.5), (0.1, -depth * 0.5, height * 0.1)]
    for s in (-1, 1):
        yield from tube([(s * x, y, z) for x, y, z in strap], 0.016, trim, sides=5)
        yield box((0.02, 0.006, height * 0.4), (s * 0.06, depth * 0.5, height * 0.3), trim)
