"""The categories of objects that the model knows, their synonyms, and how to find them in a text."""

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
"""Index 0 is for walls, floor, ceiling, and objects whose category is not listed."""

SYNONYMS = {
    "bathtub": ("tub",),
    "bookshelf": ("bookcase", "bookshelves"),
    "box": ("cardboard box",),
    "cabinet": ("cupboard",),
    "chair": ("armchair",),
    "closet": ("wardrobe",),
    "computer mouse": ("mouse", "computer mice"),
    "computer tower": ("computer", "pc"),
    "counter": ("countertop",),
    "cup": ("mug",),
    "lamp": ("light",),
    "monitor": ("screen", "computer monitor", "computer screen"),
    "nightstand": ("bedside table",),
    "pan": ("frying pan",),
    "picture": ("painting",),
    "plant": ("potted plant",),
    "refrigerator": ("fridge",),
    "rug": ("carpet",),
    "shelf": ("shelves",),
    "sofa": ("couch", "settee"),
    "stove": ("oven", "cooker"),
    "telephone": ("phone",),
    "trash bin": ("trash can", "bin", "garbage can"),
    "tv": ("television",),
    "tv stand": ("tv cabinet",),
    "washer": ("washing machine",),
}
"""Synonyms of a category. They are found in questions and accepted as answers, with two exceptions:"""
ANSWERS_ONLY = frozenset({"computer", "frying pan", "light", "mouse", "pc", "potted plant", "screen"})
"""Accepted as an answer, but not found in questions, where most may mean something else (the light of day)."""
QUESTIONS_ONLY = frozenset({
    "armchair", "bookshelves", "computer mice", "computer screen", "cooker", "garbage can", "settee", "shelves",
})  # fmt: skip
"""Found in questions, but not accepted as an answer."""

PLURALS = frozenset({"blinds", "curtains", "shoes", "stairs"})
"""Categories, of homes or of scans, whose name is a plural: "a shoes" and "the blinds is" are no English."""

_INDEX = {name: i for i, name in enumerate(VOCABULARY)}
_OTHERS = {other: name for name, others in SYNONYMS.items() for other in others if other not in ANSWERS_ONLY}
_WORDS = {name: name for name in VOCABULARY[1:]} | _OTHERS
_NAMES = "|".join(sorted(_WORDS, key=len, reverse=True))
_PATTERN = re.compile(rf"\b(?ai:({_NAMES})(?:e?s)?)\b")  # of ASCII letters: others, such as ı, count as i elsewhere


def category_index(category: str) -> int:
    """Return a category's index in `VOCABULARY`, or 0 if it is not listed."""
    return _INDEX.get(category, 0)


def named(text: str) -> list[tuple[int, int, int]]:
    """Find the categories named in a text, in order: the start and end of each name, and its index in `VOCABULARY`."""
    return [(m.start(), m.end(), _INDEX[_WORDS[m.group(1).lower()]]) for m in _PATTERN.finditer(text)]
