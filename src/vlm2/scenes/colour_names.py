"""The words for colours."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

LIMITS = ((42, "orange"), (68, "yellow"), (170, "green"), (255, "blue"), (300, "purple"), (345, "pink"))
TINT, PALE, DIM = 0.18, (0.5, 0.8), 0.65  # saturation that light may give; values of white things and of grey ones
TINTED = ("white", "grey", "beige", "brown", "pink", "red")
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


def seen_colours(srgb: Sequence[float]) -> dict[str, float]:
    """Return the words for the colour of a surface in a picture, an sRGB colour in [0, 1], with their weights.

    The light is not known: it takes brightness from a white thing, and gives it a tint. So a pale colour of little
    saturation is white or grey, and the likelier of both on validation homes weighs more.
    """
    _, saturation, value = colorsys.rgb_to_hsv(*(float(part) for part in srgb))
    name = colour_name(srgb)
    if name not in TINTED or saturation >= TINT or value < PALE[0]:
        return {name: 1.0}
    if value > PALE[1]:
        return {"white": 1.0}
    return {"white": 0.6, "grey": 0.4} if value > DIM else {"grey": 0.6, "white": 0.4}
