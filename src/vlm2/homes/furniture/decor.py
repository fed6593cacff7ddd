"""Lamps, plants, things on walls, music. Wall pieces keep their back at the least y."""

from __future__ import annotations

import math

import numpy as np

from ..mesh import Material, Part
from .design import Design, Piece
from .draw import Draw, plain
from .fittings import fronts, legs
from .solids import Point, box, cylinder, ellipsoid, facing, lathe, moved, placed, prism, rod, sheet, tube, turned


def _shade(draw: Draw, low: float, high: float, height: float, z: float) -> Part:
    """Return a lampshade that gives off a little light, open below."""
    tint = draw.fabric("white", "beige", "beige", "yellow", "grey", "red", "green")
    material = Material(tint.colour, tint.texture, tint.texture_size, glow=0.35)
    profile = [(low, 0.0), (high, height), (high - 0.006, height), (low - 0.006, 0.0), (low, 0.0)]
    return lathe(profile, (0, 0, z), material, sides=18)


def floor_lamp(draw: Draw) -> Piece:
    """A lamp on a tall pole with a round foot, or on three legs."""
    metal, height = draw.one_of(draw.metal(), draw.wood()), draw.between(1.35, 1.75)
    low, tall = draw.between(0.16, 0.25), draw.between(0.2, 0.32)
    z = height - tall
    if draw.chance(0.6):
        parts = [cylinder(0.14, 0.025, (0, 0, 0), metal, sides=18), cylinder(0.014, z, (0, 0, 0.02), metal, sides=8)]
    else:
        feet = [(0.24 * math.cos(a), 0.24 * math.sin(a), 0.0) for a in (0.5, 2.6, 4.7)]
        parts = [rod(foot, (0, 0, z), 0.015, metal) for foot in feet]
    parts.append(cylinder(0.035, 0.12, (0, 0, z), plain("fff6e0", 0.1, 0.9), sides=10))
    return Piece([*parts, _shade(draw, low, low * draw.between(0.6, 1.0), tall, z)])


def arc_lamp(draw: Draw) -> Piece:
    """A reading lamp with a bent pole and a bell shade."""
    metal, height = draw.metal(), draw.between(1.4, 1.8)
    pole = [(0.0, 0.0, 0.0), (0.0, 0.0, height * 0.75), (0.0, 0.1, height * 0.93), (0.0, 0.3, height), (0.0, 0.45, height * 0.93)]
    parts = [cylinder(0.15, 0.03, (0, 0, 0), metal, sides=18), *tube(pole, 0.012, metal)]
    bell = lathe([(0.1, 0.0), (0.09, 0.08), (0.03, 0.15), (0.0, 0.15)], (0, 0.45, height * 0.93 - 0.13), metal, sides=14)
    bulb = ellipsoid((0.08, 0.08, 0.09), (0, 0.45, height * 0.93 - 0.12), plain("fff6e0", 0.1, 0.9), sides=8)
    return Piece([*parts, bell, bulb])


def table_lamp(draw: Draw) -> Piece:
    """A lamp with a turned foot and a cloth shade."""
    foot = draw.one_of(draw.paint(gloss=0.6), draw.wood(), draw.metal())
    height, r = draw.between(0.35, 0.6), draw.between(0.05, 0.09)
    z = height * 0.55
    belly = draw.between(0.25, 0.6)
    profile = [(0.0, 0.0), (r, 0.0), (r * 0.8, 0.02), (r * draw.between(0.5, 1.2), z * belly), (0.015, z * 0.9), (0.012, z), (0.0, z)]
    low = draw.between(0.11, 0.17)
    parts = [lathe(profile, material=foot, sides=16), cylinder(0.025, 0.08, (0, 0, z), plain("fff6e0", 0.1, 0.9), sides=8)]
    return Piece([*parts, _shade(draw, low, low * draw.between(0.55, 0.9), height - z, z)])


def desk_lamp(draw: Draw) -> Piece:
    """A jointed desk lamp with a small metal head."""
    body = draw.one_of(draw.metal(), draw.paint(gloss=0.5))
    reach = draw.between(0.2, 0.28)
    elbow, head = (0.0, -0.1, reach), (0.0, 0.1, reach + 0.14)
    parts = [cylinder(0.08, 0.02, (0, 0, 0), body, sides=16), rod((0, 0, 0.02), elbow, 0.009, body), rod(elbow, head, 0.009, body)]
    bell = turned(lathe([(0.07, 0.0), (0.06, 0.05), (0.02, 0.1), (0.0, 0.1)], material=body, sides=14), 25, "x")
    parts.append(moved(bell, (0, 0.13, reach + 0.06)))
    parts.append(ellipsoid((0.05, 0.05, 0.05), (0, 0.13, reach + 0.06), plain("fff6e0", 0.1, 0.9), sides=8))
    return Piece(parts)


def pendant(draw: Draw) -> Piece:
    """A hanging ceiling lamp."""
    drop, r = draw.between(0.3, 0.6), draw.between(0.14, 0.25)
    cup = draw.one_of(draw.metal(), draw.paint(gloss=0.4))
    parts = [cylinder(0.05, 0.03, (0, 0, 0), cup), rod((0, 0, 0), (0, 0, -drop), 0.005, plain("1c1c1e"))]
    if draw.chance(0.5):
        parts.append(ellipsoid((2 * r, 2 * r, 1.7 * r), (0, 0, -drop - 1.5 * r), plain("fff6e6", 0.2, 0.7), sides=18))
    else:
        parts.append(lathe([(r, 0.0), (r * 0.85, r * 0.5), (0.04, r), (0.0, r)], (0, 0, -drop - r * 0.9), cup, sides=20))
        parts.append(ellipsoid((0.1, 0.1, 0.1), (0, 0, -drop - r * 0.85), plain("fff6e0", 0.1, 1.0), sides=10))
    return Piece(parts)


def flush_light(draw: Draw) -> Piece:
    """A flat ceiling lamp, round or square."""
    glow, rim = plain("fffaf0", 0.2, 0.8), draw.one_of(draw.steel(), draw.wood(), draw.paint("white", "black"))
    r = draw.between(0.15, 0.26)
    if draw.chance(0.65):
        bowl = [(0.0, 0.0), (r * 0.7, 0.02), (r * 0.95, 0.06), (0.0, 0.061)]
        return Piece([lathe(bowl, (0, 0, -0.08), glow, sides=24), cylinder(r, 0.025, (0, 0, -0.025), rim, sides=24)])
    return Piece([box((2 * r, 2 * r, 0.05), (0, 0, -0.05), rim), box((2 * r - 0.04, 2 * r - 0.04, 0.012), (0, 0, -0.06), glow)])


def _leaf(base: Point, tip: Point, width: float, material: Material) -> list[Part]:
    """Return a leaf of two quads from its base to its tip, broadest in the middle and a little folded."""
    a, b = np.asarray(base), np.asarray(tip)
    along = b - a
    side = np.cross(along, (0, 0, 1.0))
    side = side / max(float(np.linalg.norm(side)), 1e-6) * width / 2
    middle = a + along * 0.5 + (0, 0, 0.12 * float(np.linalg.norm(along)))
    left, right = middle - side, middle + side
    lower = sheet([tuple(a), tuple(right), tuple(middle), tuple(left)], material)
    upper = sheet([tuple(b), tuple(left), tuple(middle), tuple(right)], material)
    return [lower, upper]


def _pot(draw: Draw, radius: float, height: float) -> list[Part]:
    clay = draw.one_of(draw.paint("white", "grey", "black", "beige", gloss=0.4), plain("b5623c"), plain("b5623c"), draw.paint())
    low = radius * draw.between(0.65, 0.9)
    profile = [(0.0, 0.0), (low, 0.0), (radius, height), (radius - 0.015, height), (radius - 0.02, height * 0.88), (0.0, height * 0.88)]
    return [lathe(profile[:4], material=clay, sides=18), cylinder(radius - 0.015, 0.01, (0, 0, height * 0.86), plain("3a2a1c"), sides=18)]


def _green(draw: Draw) -> Material:
    return plain(draw.one_of("3f6b3a", "4f7f3f", "2f5a35", "6c8f4a", "557a4a"), 0.2)


def floor_plant(draw: Draw) -> Piece:
    """A tall plant in a pot: stems with broad leaves."""
    pot_radius, pot_height = draw.between(0.13, 0.2), draw.between(0.22, 0.36)
    height, green = draw.between(0.7, 1.5), _green(draw)
    parts = _pot(draw, pot_radius, pot_height)
    stems, broad = draw.whole(3, 5), draw.between(0.1, 0.2)
    for k in range(stems):
        a = 2 * math.pi * (k + float(draw.rng.uniform(0, 0.6))) / stems
        top = (0.12 * math.cos(a), 0.12 * math.sin(a), height * float(draw.rng.uniform(0.6, 0.88)))
        parts.append(rod((0, 0, pot_height * 0.8), top, 0.009, plain("5d6b35"), sides=4))
        for j in range(5):
            b = a + 2.4 * j
            share = 0.45 + 0.13 * j
            base = (top[0] * share, top[1] * share, pot_height + (top[2] - pot_height) * share)
            long = draw.between(0.22, 0.34)
            tip = (base[0] + long * math.cos(b), base[1] + long * math.sin(b), base[2] + long * 0.35)
            parts += _leaf(base, tip, broad, green)
    return Piece(parts)


def spiky_plant(draw: Draw) -> Piece:
    """A plant of long narrow leaves from one place, in a pot on the floor."""
    pot_radius, pot_height = draw.between(0.12, 0.19), draw.between(0.2, 0.34)
    parts, green = _pot(draw, pot_radius, pot_height), _green(draw)
    length, count = draw.between(0.4, 0.8), draw.whole(14, 20)
    for k in range(count):
        a, rise = 2.4 * k, 0.55 + 0.45 * (k / count)
        reach = length * math.cos(rise * math.pi / 2 * 0.92)
        tip = (reach * math.cos(a), reach * math.sin(a), pot_height + length * rise)
        parts += _leaf((0.02 * math.cos(a), 0.02 * math.sin(a), pot_height * 0.86), tip, 0.05, green)
    return Piece(parts)


def small_plant(draw: Draw) -> Piece:
    """A small plant for a table or a sill."""
    pot_radius, pot_height = draw.between(0.05, 0.09), draw.between(0.08, 0.14)
    parts, green = _pot(draw, pot_radius, pot_height), _green(draw)
    if draw.chance(0.3):
        tall = draw.between(0.08, 0.16)
        return Piece([*parts, ellipsoid((pot_radius * 1.3, pot_radius * 1.3, tall), (0, 0, pot_height * 0.8), green, sides=12)])
    length = draw.between(0.1, 0.2)
    for k in range(draw.whole(10, 16)):
        a, rise = 2.4 * k, float(draw.rng.uniform(0.3, 0.95))
        reach = length * math.cos(rise * math.pi / 2)
        tip = (reach * math.cos(a), reach * math.sin(a), pot_height + length * rise)
        parts += _leaf((0, 0, pot_height * 0.85), tip, length * 0.35, green)
    if draw.chance(0.35):
        bloom = draw.paint("red", "yellow", "pink", "white", "purple", "orange")
        parts += [ellipsoid((0.04, 0.04, 0.03), (0.05 * math.cos(2 * k), 0.05 * math.sin(2 * k), pot_height + length * 0.8), bloom, sides=8) for k in range(4)]
    return Piece(parts)


def picture(draw: Draw) -> Piece:
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
    return Piece([*parts, sheet(corners, image, unit_uv=True)])


def wall_clock(draw: Draw) -> Piece:
    """A round wall clock with hour marks and two hands."""
    rim, face = draw.one_of(draw.paint(), draw.metal(), draw.wood()), plain(draw.one_of("f6f4ee", "f6f4ee", "1b1b1d", "e8dcc0"))
    r = draw.between(0.12, 0.2)
    dark = plain("141416") if sum(face.colour) > 1 else plain("f0f0ee")
    parts = [facing(cylinder(r, 0.035, material=rim, sides=28), (0, 0, 0)), facing(cylinder(r * 0.9, 0.004, material=face, sides=28), (0, 0.035, 0))]
    for k in range(12):
        mark = box((0.008, 0.002, r * (0.16 if k % 3 == 0 else 0.09)), (0, 0.04, r * 0.7), dark)
        parts.append(turned(mark, 30 * k, "y"))
    parts.append(turned(box((0.012, 0.003, r * 0.5), (0, 0.042, 0), dark), 30 * draw.whole(0, 11), "y"))
    parts.append(turned(box((0.008, 0.003, r * 0.72), (0, 0.043, 0), dark), 30 * draw.whole(0, 11), "y"))
    return Piece(parts)


def alarm_clock(draw: Draw) -> Piece:
    """A small clock for a shelf or a nightstand."""
    shell = draw.paint(gloss=0.4)
    if draw.chance(0.5):
        size = (draw.between(0.12, 0.18), 0.06, draw.between(0.06, 0.08))
        lit = plain("c23b32", 0.3, 0.5)
        parts = [box(size, material=shell, bevel=0.01), box((size[0] * 0.85, 0.003, size[2] * 0.7), (0, 0.031, size[2] * 0.15), plain("0d0d0f", 0.6))]
        parts += [box((0.012, 0.002, size[2] * 0.4), (size[0] * x, 0.033, size[2] * 0.3), lit) for x in (-0.3, -0.13, 0.1, 0.27)]
        return Piece(parts)
    r = draw.between(0.045, 0.06)
    parts = [facing(cylinder(r, 0.05, material=shell, sides=20), (0, -0.025, r + 0.015))]
    parts.append(facing(cylinder(r * 0.86, 0.003, material=plain("f6f4ee"), sides=20), (0, 0.025, r + 0.015)))
    parts += [ellipsoid((0.035, 0.035, 0.02), (s * r * 0.6, 0, 2 * r + 0.01), draw.steel(), sides=8) for s in (-1, 1)]
    parts += [rod((s * r * 0.8, 0, 0), (s * r * 0.4, 0, r * 0.5), 0.006, shell) for s in (-1, 1)]
    parts += [box((0.005, 0.002, r * 0.6), (0, 0.029, r + 0.015), plain("141416")), box((r * 0.4, 0.002, 0.006), (r * 0.2, 0.029, r + 0.012), plain("141416"))]
    return Piece(parts)


def radiator(draw: Draw) -> Piece:
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
    return Piece(parts)


def whiteboard(draw: Draw) -> Piece:
    """A whiteboard with a metal frame, a pen tray, and some writing."""
    width, height, metal = draw.between(0.9, 1.8), draw.between(0.6, 1.1), draw.steel()
    parts = [box((width, 0.02, height), (0, 0.01, 0), metal), box((width - 0.05, 0.004, height - 0.05), (0, 0.022, 0.025), plain("f8f8f6", 0.6))]
    parts.append(box((width * 0.5, 0.06, 0.015), (0, 0.04, 0), metal))
    ink = draw.paint("blue", "red", "green", "black")
    for i in range(draw.whole(0, 5)):
        length = width * draw.between(0.2, 0.55)
        parts.append(box((length, 0.001, 0.012), (-width * 0.42 + length / 2, 0.0265, height * (0.82 - 0.1 * i)), ink))
    return Piece(parts)


def fireplace(draw: Draw) -> Piece:
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
    parts += [rod((-inner * 0.28, y, z), (inner * 0.28, y + 0.03, z), 0.04, log, sides=8) for y, z in ((-0.08, 0.08), (0.02, 0.08), (-0.03, 0.15))]
    parts.append(ellipsoid((inner * 0.4, 0.1, 0.16), (0, -0.03, 0.1), plain("ff8c2a", 0.0, 0.9), sides=8))
    return Piece(parts, height)


def upright_piano(draw: Draw) -> Piece:
    """An upright piano with its keys open."""
    case = draw.one_of(plain("121214", 0.8), plain("121214", 0.8), draw.wood(), draw.ceramic())
    width, depth, height = draw.between(1.42, 1.54), draw.between(0.56, 0.64), draw.between(1.1, 1.3)
    body = depth * 0.55
    y = -depth / 2 + body / 2
    parts = [box((width, body, height), (0, y, 0), case, bevel=0.01), box((width + 0.02, body + 0.03, 0.03), (0, y, height), case)]
    parts.append(box((width, depth - body, 0.12), (0, depth / 2 - (depth - body) / 2, 0.6), case, bevel=0.01))
    parts += [box((0.07, 0.07, 0.6), (s * (width / 2 - 0.05), depth / 2 - 0.06, 0), case) for s in (-1, 1)]
    keys = width - 0.16
    parts.append(box((keys, 0.15, 0.015), (0, depth / 2 - 0.1, 0.72), plain("f7f5ee", 0.5)))
    count = 36
    for i in range(count):
        if i % 7 not in (2, 6):
            parts.append(box((keys / count * 0.5, 0.09, 0.012), ((i + 1 - count / 2) * keys / count, depth / 2 - 0.13, 0.735), plain("101012", 0.5)))
    parts.append(box((width * 0.5, 0.02, 0.24), (0, y + body / 2 + 0.03, 0.86), case))
    return Piece(parts)


def guitar(draw: Draw) -> Piece:
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
    return Piece([*leaning, *tube(frame, 0.01, stand), rod((0, -0.2, 0.5), (0, -0.32, 0), 0.01, stand)])


def coat_rack(draw: Draw) -> Piece:
    """A coat stand: a pole on feet with hooks, perhaps with a coat."""
    wood = draw.timber()
    height = draw.between(1.6, 1.85)
    parts = [cylinder(0.022, height, (0, 0, 0), wood, sides=10), ellipsoid((0.06, 0.06, 0.06), (0, 0, height - 0.01), wood, sides=8)]
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
    return Piece(parts)


def digital_piano(draw: Draw) -> Piece:
    """A digital piano on a stand."""
    case = draw.one_of(plain("161618", 0.4), draw.ceramic(), draw.wood())
    width, depth, height = draw.between(1.3, 1.42), draw.between(0.3, 0.42), draw.between(0.74, 0.84)
    parts = legs((width - 0.08, depth), height - 0.12, 0.05, case)
    parts.append(box((width, depth, 0.12), (0, 0, height - 0.12), case, bevel=0.01))
    keys, y = width - 0.14, depth / 2 - 0.09
    parts.append(box((keys, 0.14, 0.01), (0, y, height), plain("f7f5ee", 0.5)))
    parts += [box((keys / 72, 0.08, 0.01), ((i - 17) * keys / 36, y - 0.03, height + 0.01), plain("101012")) for i in range(36) if i % 7 not in (2, 6)]
    parts.append(box((width * 0.45, 0.015, 0.2), (0, -depth / 2 + 0.03, height), case))
    parts += fronts((-width / 2, 0.25, width, 0.12), -depth / 2 + 0.02, (1, 1), case, case, knob="none")
    return Piece(parts)


DESIGNS = (
    Design("lamp", "floor", floor_lamp),
    Design("lamp", "arc", arc_lamp),
    Design("lamp", "table", table_lamp, "top"),
    Design("lamp", "desk", desk_lamp, "top"),
    Design("ceiling light", "pendant", pendant, "ceiling"),
    Design("ceiling light", "flush", flush_light, "ceiling"),
    Design("plant", "leafy", floor_plant),
    Design("plant", "spiky", spiky_plant),
    Design("plant", "small", small_plant, "top"),
    Design("picture", "framed", picture, "wall"),
    Design("clock", "wall", wall_clock, "wall"),
    Design("clock", "alarm", alarm_clock, "top"),
    Design("radiator", "plain", radiator),
    Design("whiteboard", "plain", whiteboard, "wall"),
    Design("fireplace", "mantel", fireplace),
    Design("piano", "upright", upright_piano),
    Design("piano", "digital", digital_piano),
    Design("guitar", "acoustic", guitar),
    Design("coat rack", "pole", coat_rack),
)
