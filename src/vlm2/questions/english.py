"""How people say things: other names of the same, numbers and colours in words, articles."""

from __future__ import annotations

from collections.abc import Iterable

SYNONYMS = {
    "bathtub": ("tub",),
    "bookshelf": ("bookcase",),
    "cabinet": ("cupboard",),
    "closet": ("wardrobe",),
    "computer mouse": ("mouse",),
    "computer tower": ("computer", "pc"),
    "cup": ("mug",),
    "counter": ("countertop",),
    "lamp": ("light",),
    "monitor": ("screen", "computer monitor"),
    "nightstand": ("bedside table",),
    "pan": ("frying pan",),
    "picture": ("painting",),
    "plant": ("potted plant",),
    "refrigerator": ("fridge",),
    "rug": ("carpet",),
    "sofa": ("couch",),
    "stove": ("oven",),
    "telephone": ("phone",),
    "trash bin": ("trash can", "bin"),
    "tv": ("television",),
    "tv stand": ("tv cabinet",),
    "washer": ("washing machine",),
}
# Categories that name several things at once: "a shoes" and "the blinds is" are no English.
PLURALS = frozenset({"blinds", "curtains", "shoes", "stairs"})
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
SPELLINGS = {"grey": ("gray",)}


def names(category: str) -> tuple[str, ...]:
    """Return what people call a category, its own name first."""
    return (category, *SYNONYMS.get(category, ()))


def names_of_all(categories: Iterable[str]) -> tuple[str, ...]:
    """Return what people call each of several categories, each once: their own names first."""
    own = tuple(dict.fromkeys(categories))
    return (*own, *(other for category in own for other in names(category)[1:]))


def number(count: int) -> tuple[str, ...]:
    """Return a number in digits and, up to twelve, as a word."""
    return (str(count), *NUMBERS[count : count + 1])


def colour(name: str) -> tuple[str, ...]:
    """Return the spellings of a colour."""
    return (name, *SPELLINGS.get(name, ()))


def indefinite(noun: str) -> str:
    """Return a noun with its article: "a sofa", "an office chair"."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
