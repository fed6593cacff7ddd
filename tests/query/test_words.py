"""Words: singular, plural, article."""

from __future__ import annotations

import pytest

from vlm2.query.words import a, plural, singular

NOUNS = {
    "trash bin": ("trash bins", "a trash bin"),
    "office chair": ("office chairs", "an office chair"),
    "shelf": ("shelves", "a shelf"),
    "computer mouse": ("computer mice", "a computer mouse"),
    "couch": ("couches", "a couch"),
    "box": ("boxes", "a box"),
    "tray": ("trays", "a tray"),
    "berry": ("berries", "a berry"),
    "curtain": ("curtains", "a curtain"),
    "clothes": ("clothes", "clothes"),
    "scissors": ("scissors", "scissors"),
    "blue jeans": ("blue jeans", "blue jeans"),
    "stairs": ("stairs", "stairs"),
}


@pytest.mark.parametrize("noun", NOUNS)
def test_a_noun_has_a_plural_and_an_article(noun: str) -> None:
    many, one = NOUNS[noun]
    assert (plural(noun), plural(many), singular(many), singular(noun)) == (many, many, noun, noun)
    assert (a(noun), a(many)) == (one, many)


def test_an_article_goes_by_the_noun_of_a_phrase() -> None:
    assert a("clothes in the kitchen", "clothes") == "clothes in the kitchen"
    assert a("bed next to the stairs", "bed") == "a bed next to the stairs"
