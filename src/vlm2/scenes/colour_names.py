"""The words for colours."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

LIMITS = ((42, "orange"), (68, "yellow"), (170, "green"), (255, "blue"), (300, "purple"), (345, "pink"))
COLOURS = ("white", "black", "grey", "brown", "beige", "red", "green", "blue", "yellow", "orange", "pink", "purple")


def colour_name(srgb: Sequence[float]) -> str:
    """Return the word of `COLOURS` for an sRGB colour in [0, 1], judged by its hue, saturation and value."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(float(part) for part in srgb))
    degrees = hue * 360
    if value < 0.2 or (saturation < 0.25 and value < 0.24):
        return "black"
    if saturation < 0.1 or (saturation < 0.16 and value < 0.5):
        return "white" if value > 0.82 else "grey"
    if degrees < 52 and degrees > 12 and saturation < 0.75 and not (saturation > 0.55 and value > 0.8):
        if value > 0.88 and saturation < 0.14:
            return "white"
        return "beige" if value > 0.72 and saturation < 0.42 else "brown"
    if degrees < 15 or degrees >= 345:
        return "pink" if saturation < 0.5 and value > 0.7 else "red"
    if degrees < 42 and value < 0.45:
        return "brown"  # what is orange in the light
    return next(name for limit, name in LIMITS if degrees < limit)
