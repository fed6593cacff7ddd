"""The things that the recall knows by name, and how a text names them."""

from __future__ import annotations

import re

_CATEGORIES = """
backpack, basket, bathtub, bed, blanket, bookshelf, bowl, box, bucket, cabinet, ceiling light, chair, clock,
closet, coat rack, computer mouse, computer tower, counter, crate, cup, desk, dishwasher, door, fan,
fireplace, guitar, heater, kettle, keyboard, lamp, laptop, microwave, mirror, monitor, nightstand, pan, piano,
picture, pillow, plant, printer, radiator, refrigerator, rug, shelf, shoes, sink, sofa, stool, stove,
suitcase, table, telephone, toilet, towel, trash bin, tv, tv stand, washer, whiteboard, window
"""

VOCABULARY: tuple[str, ...] = ("", *" ".join(_CATEGORIES.split()).split(", "))
"""Index 0 is nothing in particular: walls, floor, ceiling, and things without a category here."""

SYNONYMS = {
    "armchair": "chair",
    "bedside table": "nightstand",
    "bin": "trash bin",
    "bookcase": "bookshelf",
    "bookshelves": "bookshelf",
    "carpet": "rug",
    "computer mice": "computer mouse",
    "computer monitor": "monitor",
    "computer screen": "monitor",
    "couch": "sofa",
    "cooker": "stove",
    "countertop": "counter",
    "cupboard": "cabinet",
    "fridge": "refrigerator",
    "garbage can": "trash bin",
    "mug": "cup",
    "oven": "stove",
    "painting": "picture",
    "phone": "telephone",
    "settee": "sofa",
    "shelves": "shelf",
    "television": "tv",
    "trash can": "trash bin",
    "tub": "bathtub",
    "tv cabinet": "tv stand",
    "wardrobe": "closet",
    "washing machine": "washer",
}

_INDEX = {name: i for i, name in enumerate(VOCABULARY)}
_WORDS = {**{name: name for name in VOCABULARY[1:]}, **SYNONYMS}
_NAMES = "|".join(sorted(_WORDS, key=len, reverse=True))
_PATTERN = re.compile(rf"\b(?ai:({_NAMES})(?:e?s)?)\b")  # of ASCII letters: others, such as ı, count as i elsewhere


def category_index(category: str) -> int:
    """Return a category's index, or 0 where it has none."""
    return _INDEX.get(category, 0)


def named(text: str) -> list[tuple[int, int, int]]:
    """Find the things that a text names, in order: where each name begins and ends, and its index in `VOCABULARY`."""
    return [(m.start(), m.end(), _INDEX[_WORDS[m.group(1).lower()]]) for m in _PATTERN.finditer(text)]
