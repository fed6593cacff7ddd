"""English words: synonyms of categories, numbers and colours, articles, plurals, lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..scenes.vocabulary import PLURALS, QUESTIONS_ONLY, SYNONYMS

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


def indefinite(noun: str) -> str:
    """Return a noun with its article: "a sofa", "an office chair"."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def plural(noun: str) -> str:
    """Return an English noun's plural: "trash bin" gives "trash bins", "shelf" gives "shelves"."""
    if noun.endswith("mouse"):
        return noun.removesuffix("mouse") + "mice"
    if noun.endswith("shelf"):
        return noun.removesuffix("f") + "ves"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun.removesuffix("y") + "ies"
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun if noun.endswith(tuple(PLURALS)) else noun + "es"
    return noun + "s"


def either(names: Sequence[str]) -> str:
    """Return names as a choice: "the bed, the sofa or the tv"."""
    *most, last = (f"the {name}" for name in names)
    return f"{', '.join(most)} or {last}"


def listed(names: Sequence[str]) -> str:
    """Return names as VSTI-Bench lists them: "Left and Right", "Left, Right, and Forward"."""
    *most, last = names
    return f"{', '.join(most)}{',' if len(most) > 1 else ''} and {last}"
