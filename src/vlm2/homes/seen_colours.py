"""The colours of the things in a video, counted over the pixels of its frames."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import product

import numpy as np
from jaxtyping import Int32, UInt8

from .furniture.random_draw import PALETTE, colour_name, linear

SHADED = "white in the shade"  # the pixels are grey, but people call the thing white
SHADE = 1.6  # ratio of the light on other things to that on a thing in the shade
NAMES = (*PALETTE, SHADED)
FITTING = {name: (name,) for name in PALETTE} | {"white": ("white", SHADED), "grey": ("grey", SHADED)}
STEP = 8  # neighbouring levels of sRGB that get one name


class SeenColours:
    """The number of pixels of each thing that show each colour of the palette, counted frame by frame."""

    def __init__(self) -> None:
        self._counts = np.zeros((1, len(NAMES)), np.int64)  # by instance id and colour

    def add(self, rgb: UInt8[np.ndarray, "height width 3"], instances: Int32[np.ndarray, "height width"]) -> None:
        """Count one frame: sRGB, and the ids of the things (0: none)."""
        levels = tuple(np.moveaxis(rgb // STEP, -1, 0))
        ids = max(len(self._counts), int(instances.max()) + 1)
        pairs = instances.astype(np.int64) * len(NAMES) + _named()[levels]
        counts = np.bincount(pairs.ravel(), minlength=ids * len(NAMES)).reshape(ids, len(NAMES))
        counts[: len(self._counts)] += self._counts
        self._counts = counts

    def share(self, id: int, colour: str | None) -> float | None:
        """Return the share (0–1, two decimals) of a thing's pixels that fit a colour; None where none was seen."""
        if colour is None or id >= len(self._counts) or not self._counts[id].any():
            return None
        fitting = sum(self._counts[id, NAMES.index(name)] for name in FITTING[colour])
        return round(float(fitting / self._counts[id].sum()), 2)


@cache
def _named() -> UInt8[np.ndarray, "red green blue"]:
    """Return the place in `NAMES` of the colour of each step of sRGB."""
    middles = range(STEP // 2, 256, STEP)
    names = [NAMES.index(_name(linear(bytes(code).hex()))) for code in product(middles, repeat=3)]
    return np.array(names, np.uint8).reshape((256 // STEP,) * 3)


def _name(colour: Sequence[float]) -> str:
    name = colour_name(colour)
    lit = [SHADE * value for value in colour]
    return SHADED if name == "grey" and colour_name(lit) == "white" else name
