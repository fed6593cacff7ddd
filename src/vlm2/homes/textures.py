"""Procedural textures: seamless pictures of surfaces, made from their name alone.

A name is a kind and a number ("wood_floor_07"); the number decides the split, so that a test home shows surfaces never
trained on. The kinds wall, fabric and metal are near white and take the colour of their material; the others have a
colour of their own and need a material near white. Training has most of the numbers, so that it learns what surfaces
have in common.
"""

from __future__ import annotations

import zlib
from functools import lru_cache

import numpy as np
from jaxtyping import Float, UInt8

from .home import Split

SIZE = 256
COUNT = 100
_NUMBERS = {"train": (*range(12), *range(20, COUNT)), "validation": range(12, 15), "test": range(15, 20)}

_LINE = (np.arange(SIZE) + 0.5) / SIZE
U = np.broadcast_to(_LINE[None, :], (SIZE, SIZE))  # of every pixel, to the right, in [0, 1)
V = np.broadcast_to(_LINE[:, None], (SIZE, SIZE))  # downwards

Image = Float[np.ndarray, "size size 3"]
Plane = Float[np.ndarray, "size size"]

_WOODS = np.array([
    (0.80, 0.64, 0.45), (0.70, 0.50, 0.31), (0.55, 0.36, 0.22), (0.40, 0.25, 0.16), (0.84, 0.74, 0.59),
    (0.62, 0.55, 0.47), (0.48, 0.41, 0.35), (0.68, 0.42, 0.27), (0.88, 0.82, 0.72), (0.30, 0.22, 0.17),
])  # fmt: skip
_PALES = np.array([
    (0.93, 0.91, 0.86), (0.86, 0.85, 0.82), (0.80, 0.84, 0.86), (0.90, 0.84, 0.76), (0.78, 0.82, 0.76),
    (0.92, 0.88, 0.90), (0.74, 0.76, 0.78), (0.85, 0.80, 0.68), (0.72, 0.80, 0.84), (0.88, 0.78, 0.74),
])  # fmt: skip
_DEEPS = np.array([
    (0.24, 0.32, 0.46), (0.50, 0.22, 0.20), (0.26, 0.40, 0.32), (0.42, 0.40, 0.38), (0.60, 0.52, 0.42),
    (0.36, 0.28, 0.40), (0.66, 0.60, 0.52), (0.22, 0.23, 0.25), (0.56, 0.40, 0.26), (0.34, 0.46, 0.52),
])  # fmt: skip
_BRIGHTS = np.array([
    (0.85, 0.26, 0.20), (0.95, 0.70, 0.22), (0.20, 0.48, 0.68), (0.24, 0.56, 0.42), (0.92, 0.88, 0.80),
    (0.16, 0.18, 0.26), (0.88, 0.52, 0.32), (0.52, 0.30, 0.50), (0.56, 0.76, 0.84), (0.80, 0.60, 0.66),
])  # fmt: skip


def texture_names(kind: str, split: Split) -> tuple[str, ...]:
    """Return the names of the textures of one of `KINDS` that belong to a split; no name is in two splits."""
    return tuple(f"{kind}_{number:02d}" for number in _NUMBERS[split])


@lru_cache(maxsize=128)
def texture_image(name: str) -> UInt8[np.ndarray, "size size 3"]:
    """Draw the texture of this name: sRGB, its first row on top, the same on every machine and at every call.

    All kinds but pictures continue seamlessly over their edges.
    """
    kind, _, number = name.rpartition("_")
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    image = KINDS[kind](rng, int(number))
    image = (np.clip(image, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
    image.flags.writeable = False
    return image


def _noise(rng: np.random.Generator, across: float, down: float | None = None) -> Plane:
    """Return periodic noise of mean 0 and deviation 1, whose grains are about `across` × `down` pixels."""
    down = across if down is None else down
    ky, kx = np.fft.fftfreq(SIZE)[:, None], np.fft.rfftfreq(SIZE)[None]
    spectrum = np.fft.rfft2(rng.standard_normal((SIZE, SIZE))) * np.exp(-2.0 * ((kx * across) ** 2 + (ky * down) ** 2))
    spectrum[0, 0] = 0.0
    plane = np.fft.irfft2(spectrum, s=(SIZE, SIZE))
    return plane / max(float(plane.std()), 1e-9)


def _paint(colour: np.ndarray, shade: Plane) -> Image:
    return np.asarray(colour) * shade[..., None]


def _plain(colour: np.ndarray) -> Image:
    return _paint(colour, np.ones((SIZE, SIZE)))


def _mix(below: Image, above: np.ndarray, share: Plane) -> Image:
    return below + (above - below) * np.clip(share, 0.0, 1.0)[..., None]


def _seam(position: Plane, width: float) -> Plane:
    """Return 1 on the borders of unit cells (`position` in cells) and 0 beyond `width` cells from them."""
    inside = np.abs(position - np.round(position))
    return np.clip(1.5 - inside / width, 0.0, 1.0)


def _wood_floor(rng: np.random.Generator, number: int) -> Image:
    rows = int(rng.choice([6, 8, 10, 12]))
    row = np.floor(V * rows).astype(int)
    boards = int(rng.integers(1, 4))
    along = U * boards + rng.random(rows)[row]
    board = np.floor(along).astype(int) % boards
    tone = 1.0 + rng.normal(0.0, 0.07, (rows, boards))[row, board]
    warmth = rng.normal(0.0, 0.025, (rows, boards))[row, board]
    grain = 0.035 * _noise(rng, 60.0, 2.0) + 0.03 * _noise(rng, 30.0, 1.0)
    gaps = np.maximum(_seam(V * rows, rows * 0.7 / SIZE), _seam(along, boards * 0.7 / SIZE))
    image = _paint(_WOODS[number % len(_WOODS)] * rng.uniform(0.92, 1.06), tone + grain)
    image = image * (1.0 + warmth[..., None] * np.array([1.0, 0.0, -1.0]))
    return image * (1.0 - 0.5 * gaps[..., None])


def _tile(rng: np.random.Generator, number: int) -> Image:
    cells = int(rng.choice([2, 3, 4, 6]))
    down = V * cells
    shift = 0.5 if cells % 2 == 0 and rng.random() < 0.3 else 0.0
    across = U * cells + shift * (np.floor(down) % 2)
    column, row = np.floor(across).astype(int) % cells, np.floor(down).astype(int)
    base = _PALES[number % len(_PALES)] * rng.uniform(0.88, 1.0)
    image = _paint(base, 1.0 + rng.normal(0.0, 0.025, (cells, cells))[row, column] + 0.015 * _noise(rng, 12.0))
    if cells % 2 == 0 and rng.random() < 0.4:
        other = _DEEPS[rng.integers(len(_DEEPS))] * 0.6 + base * 0.4
        image = _mix(image, other, ((column + row) % 2).astype(float))
    grout = np.maximum(_seam(across, cells * 1.4 / SIZE), _seam(down, cells * 1.4 / SIZE))
    return _mix(image, np.full(3, rng.choice([0.45, 0.62, 0.9])), grout)


def _carpet(rng: np.random.Generator, number: int) -> Image:
    base = _DEEPS[number % len(_DEEPS)] * rng.uniform(0.9, 1.3)
    image = _plain(base)
    other = _DEEPS[rng.integers(len(_DEEPS))]
    style, repeats = rng.integers(4), int(rng.choice([4, 6, 8]))
    waves = {
        1: np.sin(2 * np.pi * repeats * V) * np.ones_like(U),
        2: np.cos(2 * np.pi * repeats * U) + np.cos(2 * np.pi * repeats * V),
        3: np.sin(2 * np.pi * repeats * (U + V)) * np.sin(2 * np.pi * repeats * (U - V)),
    }
    if style:
        image = _mix(image, other, 0.5 + 3.0 * waves[int(style)])
    pile = 1.0 + 0.10 * _noise(rng, 1.0) + 0.04 * _noise(rng, 10.0)
    return image * pile[..., None]


def _wall(rng: np.random.Generator, number: int) -> Image:
    relief = _noise(rng, float(rng.choice([2.0, 4.0, 8.0])))
    shade = 0.94 + 0.012 * relief + 0.008 * _noise(rng, 40.0) + 0.006 * _noise(rng, 1.0)
    if number % 8 == 3:  # brick under paint
        rows, columns = 24, 8
        down, across = V * rows, U * columns + 0.5 * (np.floor(V * rows) % 2)
        joints = np.maximum(_seam(across, columns * 0.8 / SIZE), _seam(down, rows * 0.8 / SIZE))
        shade = shade * (1.0 - 0.14 * joints)
    return _paint(np.ones(3), shade)


def _wallpaper(rng: np.random.Generator, number: int) -> Image:
    base = _PALES[rng.integers(len(_PALES))]
    other = base * rng.uniform(0.72, 0.92) if rng.random() < 0.6 else 0.5 * (base + _DEEPS[rng.integers(len(_DEEPS))])
    k = int(rng.choice([3, 4, 6]))
    a, b = 2 * np.pi * k * U, 2 * np.pi * k * V
    patterns = (
        np.sin(a) * np.ones_like(V),
        np.sin(a) + np.sin(3 * a) - 0.4,
        np.cos(a) * np.cos(b) + 0.5 * np.cos(2 * a) * np.cos(3 * b) - 0.3,
        np.cos(a) + np.cos(b) - 1.1,
        np.cos(a + 1.2 * np.sin(b)) + 0.4 * np.cos(3 * b) - 0.2,
    )
    image = _mix(_plain(base), other, 0.5 + 5.0 * patterns[number % len(patterns)])
    return image * (1.0 + 0.01 * _noise(rng, 1.5))[..., None]


def _wood(rng: np.random.Generator, number: int) -> Image:
    bend = 0.35 * _noise(rng, 90.0, 24.0)
    rings = np.sin(2 * np.pi * (V * int(rng.integers(5, 12)) + bend))
    shade = 1.0 + rng.uniform(0.03, 0.08) * rings + 0.03 * _noise(rng, 60.0, 1.2) + 0.03 * _noise(rng, 120.0, 12.0)
    return _paint(_WOODS[number % len(_WOODS)] * rng.uniform(0.9, 1.1), shade)


def _fabric(rng: np.random.Generator, number: int) -> Image:
    threads = 64
    weave = np.sin(2 * np.pi * threads * U) * np.sin(2 * np.pi * threads * V)
    shade = 0.88 + 0.06 * weave + 0.03 * _noise(rng, 1.5) + 0.02 * _noise(rng, 20.0)
    repeats = int(rng.choice([4, 8]))
    stripes_u = 0.5 + 0.5 * np.sign(np.sin(2 * np.pi * repeats * U))
    stripes_v = 0.5 + 0.5 * np.sign(np.sin(2 * np.pi * repeats * V))
    if number % 5 == 2:
        shade = shade * (1.0 - 0.22 * stripes_u)
    elif number % 5 == 4:
        shade = shade * (1.0 - 0.13 * (stripes_u + stripes_v))
    return _paint(np.ones(3), shade)


def _landscape(rng: np.random.Generator) -> Image:
    top, low = _BRIGHTS[rng.integers(len(_BRIGHTS))], _PALES[rng.integers(len(_PALES))]
    image = _mix(_plain(top), low, V * 1.6)
    sun = np.hypot(U - rng.uniform(0.2, 0.8), V - rng.uniform(0.15, 0.4)) < rng.uniform(0.05, 0.1)
    image = _mix(image, np.array([0.98, 0.93, 0.75]), sun.astype(float))
    for layer in range(4):
        phase, waves = rng.uniform(0, 2 * np.pi, 3), rng.integers(1, 5, 3)
        ridge = (
            0.42 + 0.14 * layer + sum(0.035 * np.sin(2 * np.pi * n * U + p) for n, p in zip(waves, phase, strict=True))
        )
        colour = _DEEPS[rng.integers(len(_DEEPS))] * (1.25 - 0.15 * layer)
        image = _mix(image, colour, (V - ridge) * SIZE)
    return image


def _abstract(rng: np.random.Generator) -> Image:
    image = _plain(_PALES[rng.integers(len(_PALES))])
    for _ in range(int(rng.integers(4, 10))):
        cu, cv = rng.uniform(0.1, 0.9, 2)
        ru, rv = rng.uniform(0.06, 0.32, 2)
        box = np.maximum(np.abs(U - cu) / ru, np.abs(V - cv) / rv)
        disc = np.hypot((U - cu) / ru, (V - cv) / ru)
        image = _mix(image, _BRIGHTS[rng.integers(len(_BRIGHTS))], (1.0 - (box if rng.random() < 0.5 else disc)) * 40)
    return image


def _picture(rng: np.random.Generator, number: int) -> Image:
    image = _landscape(rng) if number % 2 else _abstract(rng)
    image = image * (1.0 + 0.03 * _noise(rng, 2.0))[..., None]
    border = np.minimum(np.minimum(U, 1 - U), np.minimum(V, 1 - V)) < (0.08 if number % 3 == 0 else 0.0)
    return _mix(image, np.full(3, 0.95), border.astype(float))


def _marble(rng: np.random.Generator, number: int) -> Image:
    veins = np.zeros((SIZE, SIZE))
    for grain, strength in ((60.0, 1.0), (28.0, 0.5), (14.0, 0.25)):
        veins += strength * np.exp(-np.abs(_noise(rng, grain)) * 14.0)
    dark = number % 3 == 2
    base = _DEEPS[number % len(_DEEPS)] * 0.6 if dark else _PALES[number % len(_PALES)] * 1.02
    vein = _PALES[rng.integers(len(_PALES))] if dark else base * 0.6
    return _mix(_paint(base, 1.0 + 0.02 * _noise(rng, 40.0)), vein, 0.55 * veins)


def _metal(rng: np.random.Generator, number: int) -> Image:
    shade = 0.88 + 0.03 * _noise(rng, 120.0, 1.0) + 0.015 * _noise(rng, 30.0)
    return _paint(np.array([0.99, 1.0, 1.01]), shade)


KINDS = {
    "wood_floor": _wood_floor, "tile": _tile, "carpet": _carpet, "wall": _wall, "wallpaper": _wallpaper,
    "wood": _wood, "fabric": _fabric, "picture": _picture, "marble": _marble, "metal": _metal,
}  # fmt: skip
"""The kinds of textures, each with the function that draws one of a number."""
