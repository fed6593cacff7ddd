"""Random draws for one furniture model: sizes, finishes and colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from jaxtyping import Float

from ...scenes.colour_names import colour_name as srgb_name
from ..home import Split
from ..mesh import Material
from ..textures import texture_names

T = TypeVar("T")

PALETTE: dict[str, tuple[str, ...]] = {
    "white": ("f4f2ee", "ebe7df"),
    "black": ("161616", "222224"),
    "grey": ("7d7f82", "a3a5a8", "56585c"),
    "brown": ("5b3a22", "7a4b28", "8a5a33"),
    "beige": ("d9c7a3", "c9b38c", "e2d4b7"),
    "red": ("a3201f", "c23b32"),
    "green": ("3f6b3a", "6c8f5a", "2f5a4a"),
    "blue": ("27477f", "4d7fb5", "1e3357"),
    "yellow": ("e0b92f", "ecd25a"),
    "orange": ("d9711f", "e58a3c"),
    "pink": ("e2a0ad", "d77f96"),
    "purple": ("6a4585", "8a6aa8"),
}
NEUTRAL = ("white", "black", "grey", "beige", "brown")
BRIGHT = ("red", "green", "blue", "yellow", "orange", "pink", "purple")


def linear_from_srgb(srgb: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Return linear light of sRGB values, both in [0, 1] (IEC 61966-2-1)."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def linear(code: str) -> tuple[float, float, float]:
    """Return a colour written as six hexadecimal digits of sRGB as linear red, green, blue in [0, 1]."""
    red, green, blue = linear_from_srgb(np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)]) / 255)
    return (float(red), float(green), float(blue))


def colour_name(colour: Sequence[float]) -> str:
    """Return the palette's word for a linear colour."""
    lin = np.clip(np.asarray(colour, float), 0, 1)
    srgb = np.where(lin <= 0.0031308, lin * 12.92, 1.055 * lin ** (1 / 2.4) - 0.055)
    return srgb_name(srgb.tolist())


class Draw:
    """Draws for one model. Deterministic for a generator; textures come from the names that a split may use."""

    def __init__(self, rng: np.random.Generator, split: Split):
        self.rng = rng
        self.split: Split = split

    def between(self, low: float, high: float) -> float:
        """Draw a length in metres, to the nearest 5 mm."""
        return round(float(self.rng.uniform(low, high)) * 200) / 200

    def whole(self, low: int, high: int) -> int:
        """Draw a whole number, both ends included."""
        return int(self.rng.integers(low, high + 1))

    def chance(self, probability: float) -> bool:
        """Draw true with a probability."""
        return bool(self.rng.random() < probability)

    def one_of(self, *options: T) -> T:
        """Draw one of the options."""
        return options[int(self.rng.integers(len(options)))]

    def paint(self, *names: str, gloss: float = 0.15) -> Material:
        """Draw a plain surface in one of the named colours of the palette (any of them by default)."""
        return Material(self._shade(names or tuple(PALETTE)), gloss=gloss)

    def fabric(self, *names: str) -> Material:
        """Draw woven cloth in one of the named colours (two in three neutral by default)."""
        chosen = names or (NEUTRAL if self.chance(0.6) else BRIGHT)
        return Material(self._shade(chosen), self._texture("fabric"), 0.5)

    def wood(self) -> Material:
        """Draw wood, clear or stained."""
        return Material(self._vary((0.93, 0.93, 0.93)), self._texture("wood"), 1.2, gloss=0.1)

    def timber(self) -> Material:
        """Draw the surface of case furniture: wood, or wood painted in a neutral colour or a bright one."""
        if self.chance(0.55):
            return self.wood()
        return self.paint(*(NEUTRAL if self.chance(0.8) else BRIGHT))

    def metal(self) -> Material:
        """Draw steel, chrome, black iron or brass."""
        return Material(self._vary(linear(self.one_of("b9bcc0", "8d9094", "2a2a2c", "b08d4a"))), gloss=0.7)

    def steel(self) -> Material:
        """Draw bare steel."""
        return Material(self._vary(linear(self.one_of("b9bcc0", "c8cacc", "9a9da1"))), gloss=0.7)

    def ceramic(self) -> Material:
        """Draw glazed white or nearly white."""
        return Material(self._vary(linear(self.one_of("f6f5f2", "efece4", "f2f4f5"))), gloss=0.8)

    def marble(self) -> Material:
        """Draw a stone slab."""
        return Material(self._vary((0.95, 0.95, 0.95)), self._texture("marble"), 1.5, gloss=0.5)

    def picture(self) -> Material:
        """Draw an image to hang, to be stretched once over its sheet."""
        return Material((0.9, 0.9, 0.9), self._texture("picture"), 1.0)

    def _shade(self, names: Sequence[str]) -> tuple[float, float, float]:
        name = self.one_of(*names)
        return self._vary(linear(self.one_of(*PALETTE[name])))

    def _vary(self, colour: tuple[float, float, float]) -> tuple[float, float, float]:
        factor = float(self.rng.uniform(0.9, 1.1))
        return tuple(round(min(c * factor, 1.0), 4) for c in colour)  # pyright: ignore[reportReturnType]

    def _texture(self, kind: str) -> str:
        return self.one_of(*texture_names(kind, self.split))


def glass(colour: str = "20262c") -> Material:
    """Return dark or tinted glass."""
    return Material(linear(colour), gloss=0.9)


def plain(code: str, gloss: float = 0.15, glow: float = 0.0) -> Material:
    """Return a plain surface of an sRGB colour written in hexadecimal."""
    return Material(linear(code), gloss=gloss, glow=glow)
