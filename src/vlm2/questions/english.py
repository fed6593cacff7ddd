"""English words: synonyms of categories, numbers and colours, lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..scenes.vocabulary import QUESTIONS_ONLY, SYNONYMS

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
SPELLINGS = {"grey": ("gray",)}


def names(category: str) -> tuple[str, ...]:
    """Return the accepted names of a category, its own name first."""
    return (category, *(other for other in SYNONYMS.get(category, ()) if other not in QUESTIONS_ONLY))


def names_of_all(categories: Iterable[str]) -> tuple[str, ...]:
    """Return the accepted names of several categories without repetition, their own names first."""
    own = tuple(dict.fromkeys(categories))
    return (*own, *(other for category in own for other in names(category)[1:]))


def number(count: int) -> tuple[str, ...]:
    """Return a number in digits and, up to twelve, as a word."""
    return (str(count), *NUMBERS[count : count + 1])


def colour(name: str) -> tuple[str, ...]:
    """Return the spellings of a colour."""
    return (name, *SPELLINGS.get(name, ()))


def either(names: Sequence[str]) -> str:
    """Return names as a choice: "the bed, the sofa or the tv"."""
    *most, last = (f"the {name}" for name in names)
    return f"{', '.join(most)} or {last}"


def listed(names: Sequence[str]) -> str:
    """Return names as VSTI-Bench lists them: "Left and Right", "Left, Right, and Forward"."""
    *most, last = names
    return f"{', '.join(most)}{',' if len(most) > 1 else ''} and {last}"
