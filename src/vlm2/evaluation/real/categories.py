"""The categories that recognition is scored on: which words of a set and of a detector mean the same.

Data sets draw the borders between kinds differently: COCO has one kind for all seats for several people, NYU's boxes
mark every door of a cabinet. So a category is a group of words, and a label counts for each category that has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ...scenes.vocabulary import SYNONYMS, VOCABULARY

GROUPS: Mapping[str, tuple[str, ...]] = {
    "chair": ("armchair",),
    "couch": ("sofa", "settee", "armchair"),
    "table": ("desk", "dining table", "coffee table"),
    "cabinet": ("cabinet door", "counter", "closet", "bookshelf", "cupboard", "wardrobe", "bookcase", "countertop"),
    "door": ("opened door",),
    "tv": ("monitor", "television"),
    "oven": ("stove", "cooker"),
    "plant": ("potted plant",),
    "telephone": ("cell phone", "phone"),
}
"""Words that mean a category, beside its own name. An armchair is often labelled as a couch."""

Categories = Mapping[str, frozenset[str]]
"""The words of each category."""


def plain(label: str) -> str:
    """Return a label in lower case, its words separated by spaces: "cabinetDoor" gives "cabinet door"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[_\s]+", " ", label).strip().lower()


def categories_of(labels: Iterable[str], given: Mapping[str, Iterable[str]]) -> Categories:
    """Return the categories of a set's labels: those that the set gives, else those of `GROUPS` and of the vocabulary.

    A label that neither knows has no category.
    """
    if given:
        return {name: frozenset({plain(name), *map(plain, words)}) for name, words in given.items()}
    found: dict[str, frozenset[str]] = {}
    for label in dict.fromkeys(map(plain, labels)):
        groups = [name for name, words in GROUPS.items() if label == name or label in words]
        if groups:
            found |= {name: frozenset({name, *GROUPS[name]}) for name in groups}
        elif words := _alike(label):
            found[label] = words
    return found


def _alike(label: str) -> frozenset[str]:
    """Return a label of the vocabulary with its synonyms; nothing for one that the vocabulary lacks."""
    alike = (frozenset({name, *SYNONYMS.get(name, ())}) for name in VOCABULARY[1:])
    return next((words for words in alike if label in words), frozenset())
