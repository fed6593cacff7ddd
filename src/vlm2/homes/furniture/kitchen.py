"""Kitchen and laundry: appliances, counters, and what stands on them. Doors face +y."""

from __future__ import annotations

import math

from ..mesh import Material
from .design import Design, FurnitureParts
from .fittings import carcass, fronts
from .random_draw import Draw, glass, plain
from .solids import box, cylinder, ellipsoid, facing, lathe, rod, tube


def _enamel(draw: Draw) -> Material:
    """Draw the outside of an appliance: white, black or steel."""
    return draw.one_of(draw.ceramic(), draw.ceramic(), draw.steel(), draw.paint("black", gloss=0.5))


def refrigerator(draw: Draw) -> FurnitureParts:
    """An upright fridge with a freezer door above or below, or two doors side by side."""
    shell, handle = _enamel(draw), draw.steel()
    double = draw.chance(0.3)
    width = draw.between(0.82, 0.95) if double else draw.between(0.55, 0.72)
    depth, height = draw.between(0.58, 0.72), draw.between(1.45, 2.0)
    parts = [box((width, depth - 0.05, height - 0.04), (0, -0.025, 0.04), shell)]
    parts.append(box((width - 0.04, depth - 0.1, 0.04), (0, -0.03, 0), plain("202022")))
    y = depth / 2 - 0.05
    cut = height * draw.one_of(0.33, 0.38, 0.66, 0.7)
    doors = (
        [(-width / 4, width / 2, 0.05, height), (width / 4, width / 2, 0.05, height)]
        if double
        else [
            (0.0, width, 0.05, cut),
            (0.0, width, cut, height),
        ]
    )
    for k, (x, w, low, high) in enumerate(doors):
        parts.append(box((w - 0.006, 0.05, high - low - 0.008), (x, y + 0.025, low), shell, bevel=0.012))
        side = (1 if k == 0 else -1) if double else -1
        length = min(0.45, (high - low) * 0.5)
        z = (low + high) / 2 - length / 2
        parts.append(box((0.022, 0.03, length), (x + side * (w / 2 - 0.045), y + 0.065, z), handle, bevel=0.008))
    return FurnitureParts(parts)


def stove(draw: Draw) -> FurnitureParts:
    """A cooker: oven door with a window, knobs, four plates or burners."""
    shell, dark = _enamel(draw), plain("141416", 0.6)
    width, depth, height = draw.between(0.5, 0.76), draw.between(0.58, 0.66), draw.between(0.85, 0.92)
    parts = [carcass((width, depth - 0.03, height - 0.02), 0.0, shell)]
    parts.append(box((width, depth, 0.02), (0, 0, height - 0.02), draw.one_of(dark, shell)))
    y = depth / 2 - 0.015
    parts.append(box((width - 0.02, 0.03, height * 0.58), (0, y, 0.14), shell, bevel=0.006))
    parts.append(box((width * 0.68, 0.004, height * 0.3), (0, y + 0.016, 0.27), glass()))
    parts.append(box((width * 0.8, 0.025, 0.02), (0, y + 0.035, height * 0.58 + 0.1), draw.steel()))
    for i in range(draw.whole(4, 6)):
        knob = cylinder(0.02, 0.03, (0, 0, 0), dark, sides=10)
        parts.append(facing(knob, (-width * 0.38 + i * width * 0.15, y - 0.005, height - 0.075)))
    gas = draw.chance(0.5)
    for sx in (-1, 1):
        for sy in (-1, 1):
            at = (sx * width * 0.23, sy * depth * 0.22, height)
            radius = 0.09 if sx * sy > 0 else 0.07
            parts.append(cylinder(radius, 0.008, at, plain("2b2b2d"), sides=16))
            if gas:
                parts += [
                    box((0.2, 0.012, 0.014), (at[0], at[1], height + 0.012), dark),
                    box((0.012, 0.2, 0.014), (at[0], at[1], height + 0.012), dark),
                ]
    if draw.chance(0.4):
        parts.append(box((width, 0.03, 0.16), (0, -depth / 2 + 0.015, height), shell))
    return FurnitureParts(parts)


def washer(draw: Draw) -> FurnitureParts:
    """A front-loading washing machine with a round window."""
    shell, rim = (
        draw.one_of(draw.ceramic(), draw.ceramic(), draw.steel(), draw.paint("black", "grey", gloss=0.5)),
        draw.steel(),
    )
    width, depth, height = draw.between(0.58, 0.62), draw.between(0.5, 0.64), draw.between(0.83, 0.88)
    y = depth / 2
    parts = [box((width, depth, height), (0, 0, 0), shell, bevel=0.012)]
    middle = (0, y, height * 0.46)
    parts.append(
        facing(
            lathe([(0.0, 0.0), (0.2, 0.0), (0.19, 0.03), (0.15, 0.045), (0.0, 0.045)], material=rim, sides=24), middle
        )
    )
    parts.append(facing(ellipsoid((0.3, 0.3, 0.1), (0, 0, 0.0), glass("1c2530"), sides=16), middle))
    parts.append(box((width * 0.3, 0.006, 0.08), (-width * 0.3, y + 0.003, height - 0.12), draw.paint("grey", "white")))
    parts.append(facing(cylinder(0.03, 0.02, material=rim, sides=14), (width * 0.05, y, height - 0.08)))
    parts.append(box((0.12, 0.004, 0.04), (width * 0.3, y + 0.002, height - 0.1), glass()))
    return FurnitureParts(parts, height)


def dishwasher(draw: Draw) -> FurnitureParts:
    """A dishwasher: one door, a handle bar, a strip of controls."""
    shell = _enamel(draw)
    width, depth, height = draw.one_of(0.45, 0.6), draw.between(0.55, 0.62), draw.between(0.81, 0.87)
    y = depth / 2
    parts = [box((width, depth - 0.03, height), (0, -0.015, 0), shell)]
    parts.append(box((width - 0.02, depth - 0.1, 0.09), (0, -0.02, 0), plain("202022")))
    parts.append(box((width - 0.006, 0.03, height - 0.22), (0, y, 0.1), shell, bevel=0.006))
    parts.append(
        box((width - 0.006, 0.025, 0.11), (0, y, height - 0.115), draw.one_of(shell, plain("1c1c1e", 0.5)), bevel=0.006)
    )
    parts.append(box((width * 0.7, 0.03, 0.022), (0, y + 0.03, height - 0.17), draw.steel(), bevel=0.008))
    parts += [
        cylinder(0.008, 0.002, (width * (0.1 + 0.06 * i), y, height - 0.06), draw.steel(), sides=6) for i in range(3)
    ]
    return FurnitureParts(parts, height)


def microwave(draw: Draw) -> FurnitureParts:
    """A microwave oven: dark window, handle, panel with buttons."""
    shell = _enamel(draw)
    width, depth, height = draw.between(0.44, 0.54), draw.between(0.32, 0.42), draw.between(0.25, 0.31)
    y = depth / 2
    parts = [box((width, depth, height), (0, 0, 0.01), shell, bevel=0.01)]
    parts.append(box((width * 0.62, 0.012, height * 0.78), (width * 0.14, y + 0.004, height * 0.13), glass()))
    parts.append(box((0.015, 0.03, height * 0.7), (-width * 0.22, y + 0.012, height * 0.16), draw.steel()))
    parts.append(
        box((width * 0.2, 0.006, height * 0.86), (-width * 0.36, y + 0.002, height * 0.09), plain("1a1a1c", 0.4))
    )
    parts.append(
        box((width * 0.14, 0.004, 0.035), (-width * 0.36, y + 0.006, height * 0.78), plain("3fa8a0", 0.3, 0.3))
    )
    for i in range(3):
        for j in range(3):
            at = (-width * (0.31 + 0.05 * i), y + 0.006, height * (0.2 + 0.16 * j))
            parts.append(box((0.014, 0.004, 0.018), at, plain("b5b7ba")))
    return FurnitureParts(parts)


def counter(draw: Draw) -> FurnitureParts:
    """A run of kitchen base units with a worktop."""
    front, handle, top = draw.timber(), draw.metal(), draw.one_of(draw.marble(), draw.wood())
    units = draw.whole(2, 4)
    width, depth, height = units * draw.one_of(0.5, 0.6), draw.between(0.58, 0.65), draw.between(0.86, 0.93)
    parts = [
        carcass((width, depth - 0.04, height - 0.14), 0.1, front),
        box((width, depth - 0.1, 0.1), (0, -0.03, 0), plain("2a2826")),
    ]
    parts.append(box((width + 0.02, depth + 0.02, 0.04), (0, 0, height - 0.04), top, bevel=0.006))
    for i in range(units):
        w = width / units
        left = -width / 2 + i * w
        rows = draw.one_of(1, 1, 3)
        parts += fronts(
            (left, 0.11, w, height - 0.16),
            depth / 2 - 0.02,
            (1, rows),
            front,
            handle,
            knob="side" if rows == 1 else "bar",
        )
    return FurnitureParts(parts, height)


def island(draw: Draw) -> FurnitureParts:
    """A bar counter: a tall panel with a thick overhanging top."""
    panel, top = draw.timber(), draw.one_of(draw.marble(), draw.wood())
    width, depth, height = draw.between(1.2, 2.0), draw.between(0.55, 0.8), draw.between(0.9, 1.08)
    parts = [box((width - 0.1, depth - 0.25, height - 0.05), (0, -0.1, 0), panel)]
    parts.append(box((width, depth, 0.05), (0, 0, height - 0.05), top, bevel=0.008))
    count = draw.whole(2, 4)
    w = (width - 0.14) / count
    parts += [
        box((w - 0.04, 0.012, height - 0.2), (-(width - 0.14) / 2 + (i + 0.5) * w, depth / 2 - 0.22, 0.08), panel)
        for i in range(count)
    ]
    return FurnitureParts(parts, height)


def kettle(draw: Draw) -> FurnitureParts:
    """An electric kettle with a spout and a handle."""
    body, dark = (
        draw.one_of(draw.steel(), draw.ceramic(), draw.paint("red", "black", "blue", "green", gloss=0.5)),
        plain("18181a", 0.3),
    )
    radius, height = draw.between(0.07, 0.09), draw.between(0.18, 0.24)
    profile = [
        (0.0, 0.0),
        (radius, 0.0),
        (radius * 1.02, height * 0.4),
        (radius * 0.72, height * 0.95),
        (0.02, height),
        (0.0, height),
    ]
    parts = [cylinder(radius * 1.05, 0.02, (0, 0, 0), dark, sides=18), lathe(profile, (0, 0, 0.02), body, sides=18)]
    parts.append(ellipsoid((0.03, 0.03, 0.025), (0, 0, height + 0.015), dark, sides=8))
    parts.append(rod((radius * 0.7, 0, height * 0.65), (radius * 1.35, 0, height * 0.95), 0.016, body, sides=8))
    loop = [
        (-radius * 0.75, 0, height),
        (-radius * 1.5, 0, height * 0.98),
        (-radius * 1.6, 0, height * 0.4),
        (-radius, 0, height * 0.25),
    ]
    return FurnitureParts(parts + tube(loop, 0.011, dark))


def pan(draw: Draw) -> FurnitureParts:
    """A frying pan with a long handle, or a pot with two ears and a lid."""
    metal, dark = (
        draw.one_of(draw.steel(), plain("1e1e20", 0.4), draw.paint("red", "black", "blue", gloss=0.5)),
        plain("18181a", 0.3),
    )
    if draw.chance(0.5):
        radius = draw.between(0.11, 0.16)
        profile = [
            (0.0, 0.0),
            (radius * 0.78, 0.0),
            (radius, 0.045),
            (radius - 0.006, 0.045),
            (radius * 0.76, 0.006),
            (0.0, 0.006),
        ]
        handle = tube([(radius * 0.95, 0, 0.035), (radius + 0.1, 0, 0.055), (radius + 0.2, 0, 0.06)], 0.011, dark)
        return FurnitureParts([lathe(profile, material=metal, sides=22), *handle])
    radius, height = draw.between(0.09, 0.14), draw.between(0.1, 0.18)
    parts = [cylinder(radius, height, material=metal, sides=22)]
    parts.append(
        lathe([(0.0, 0.0), (radius * 1.03, 0.0), (radius * 0.9, 0.015), (0.0, 0.03)], (0, 0, height), metal, sides=22)
    )
    parts.append(cylinder(0.014, 0.03, (0, 0, height + 0.025), dark, sides=8))
    for s in (-1, 1):
        points = [
            (s * radius, -0.03, height * 0.8),
            (s * (radius + 0.035), 0, height * 0.8),
            (s * radius, 0.03, height * 0.8),
        ]
        parts += tube(points, 0.006, dark)
    return FurnitureParts(parts)


def cup(draw: Draw) -> FurnitureParts:
    """A mug with a handle."""
    glaze = draw.paint(gloss=0.6)
    radius, height = draw.between(0.035, 0.048), draw.between(0.08, 0.11)
    profile = [
        (0.0, 0.0),
        (radius * 0.9, 0.0),
        (radius, height),
        (radius - 0.005, height),
        (radius * 0.85, 0.008),
        (0.0, 0.008),
    ]
    angles = [math.pi * (k / 6 - 0.5) for k in range(7)]
    ear = [(radius * 0.94 + 0.03 * math.cos(a), 0.0, height * 0.5 + height * 0.3 * math.sin(a)) for a in angles]
    return FurnitureParts([lathe(profile, material=glaze, sides=16), *tube(ear, 0.005, glaze, sides=5)])


def bottle(draw: Draw) -> FurnitureParts:
    """A bottle with a neck and a label."""
    body = plain(draw.one_of("1f3d24", "3a2414", "7f9fb0", "b9c7cf", "5a1a22"), 0.9)
    radius, height = draw.between(0.032, 0.042), draw.between(0.22, 0.32)
    neck = radius * draw.between(0.3, 0.4)
    profile = [(0.0, 0.0), (radius, 0.0), (radius, height * 0.6), (neck, height * 0.75), (neck, height), (0.0, height)]
    label = cylinder(radius + 0.001, height * 0.25, (0, 0, height * 0.18), draw.paint(), sides=16)
    return FurnitureParts([lathe(profile, material=body, sides=16), label])


def bowl(draw: Draw) -> FurnitureParts:
    """A bowl, sometimes with fruit."""
    glaze = draw.one_of(draw.paint(gloss=0.6), draw.wood(), draw.steel())
    radius = draw.between(0.08, 0.17)
    height = radius * draw.between(0.5, 0.7)
    profile = [
        (0.0, 0.0),
        (radius * 0.4, 0.0),
        (radius * 0.85, height * 0.5),
        (radius, height),
        (radius - 0.006, height),
    ]
    profile += [(radius * 0.8, height * 0.5), (radius * 0.35, 0.012), (0.0, 0.012)]
    parts = [lathe(profile, material=glaze, sides=20)]
    if draw.chance(0.5):
        fruit = draw.paint("red", "green", "orange", "yellow")
        r = radius * 0.62
        for k in range(4):
            a = math.pi / 2 * k
            at = (r * 0.55 * math.cos(a), r * 0.55 * math.sin(a), height * 0.35 + 0.01 * (k % 2))
            parts.append(ellipsoid((r, r, r * 0.95), at, fruit, sides=8))
    return FurnitureParts(parts)


DESIGNS = (
    Design("refrigerator", "upright", refrigerator),
    Design("stove", "free-standing", stove),
    Design("washer", "front", washer),
    Design("dishwasher", "plain", dishwasher),
    Design("microwave", "plain", microwave, "top"),
    Design("counter", "units", counter),
    Design("counter", "bar", island),
    Design("kettle", "electric", kettle, "top"),
    Design("pan", "plain", pan, "top"),
    Design("cup", "mug", cup, "top"),
    Design("bottle", "plain", bottle, "top"),
    Design("bowl", "plain", bowl, "top"),
)
