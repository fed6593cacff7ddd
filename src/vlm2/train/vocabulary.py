"""The categories that patches of cached homes are labelled with."""

from __future__ import annotations

_NAMES = """
backpack, basket, bathtub, bed, blanket, bookshelf, bowl, box, bucket, cabinet, ceiling light, chair, clock,
closet, coat rack, computer mouse, computer tower, counter, crate, cup, desk, dishwasher, door, fan,
fireplace, guitar, heater, kettle, keyboard, lamp, laptop, microwave, mirror, monitor, nightstand, pan, piano,
picture, pillow, plant, printer, radiator, refrigerator, rug, shelf, shoes, sink, sofa, stool, stove,
suitcase, table, telephone, toilet, towel, trash bin, tv, tv stand, washer, whiteboard, window
"""

VOCABULARY: tuple[str, ...] = ("", *" ".join(_NAMES.split()).split(", "))
"""Index 0 is nothing in particular: walls, floor, ceiling, and things without a category here."""

_INDEX = {name: i for i, name in enumerate(VOCABULARY)}


def category_index(category: str) -> int:
    """Return a category's index, or 0 where it has none."""
    return _INDEX.get(category, 0)
