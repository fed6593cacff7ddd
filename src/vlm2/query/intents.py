"""Intents: what a question may ask for, each with one plain question that the rules read, with slots for its phrases.

A trained reader predicts the intent of a question and the slot of each of its words. The plain question with these
words in its slots is then planned by the rules, so that a question in any words is computed exactly as its plain one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from .calls import operator_modules

OUTSIDE = "outside"  # the tag of a word that fills no slot
NONE = "none"  # the intent of a question that no operator answers
WORD = re.compile(r"\d+:\d+|\d+\.\d+|[\w²]+(?:['’-][\w²]+)*|[^\w\s]")
SLOT = re.compile(r"\{(\w+)\}")
_OPTIONAL = re.compile(r"\[(.*?)\]")
_MARK = re.compile(r" ([?.,!;:)])")


@cache
def intents() -> dict[str, str]:
    """Return the plain question of each intent, by name; a part in brackets is kept only if its slots are filled."""
    return {
        name: text
        for module in operator_modules().values()
        for name, text in sorted(getattr(module, "INTENTS", {}).items())
    }


@cache
def slots() -> tuple[str, ...]:
    """Return the slots of all intents, in order of their names."""
    return tuple(sorted({slot for text in intents().values() for slot in SLOT.findall(text)}))


@cache
def slots_of(intent: str) -> dict[str, bool]:
    """Return the slots of an intent, and whether each has to be filled."""
    text = intents()[intent]
    needed = SLOT.findall(_OPTIONAL.sub("", text))
    return {slot: slot in needed for slot in SLOT.findall(text)}


def split_words(text: str) -> list[str]:
    """Return the words and punctuation marks of a text."""
    return WORD.findall(text)


def join_words(words: Sequence[str]) -> str:
    """Return words and marks as a text."""
    return _MARK.sub(r"\1", " ".join(words))


def phrases(words: Sequence[str], tags: Sequence[str]) -> dict[str, str] | None:
    """Return the phrase of each slot, from a tag for each word; None if a slot has two different phrases."""
    found: dict[str, str] = {}
    for at, tag in enumerate(tags):
        if tag == OUTSIDE or (at and tags[at - 1] == tag):
            continue
        end = next((i for i in range(at, len(tags)) if tags[i] != tag), len(tags))
        phrase = join_words(words[at:end]).strip(" ,.;:?!")
        if found.setdefault(tag, phrase).lower() != phrase.lower():
            return None
    return found


def plain_question(intent: str, found: Mapping[str, str]) -> str | None:
    """Return the plain question of an intent with the phrases of its slots; None if a required slot is empty, or if a
    slot does not belong to the intent."""
    needed = slots_of(intent)
    if not found.keys() <= needed.keys() or any(must and not found.get(slot) for slot, must in needed.items()):
        return None
    text = _OPTIONAL.sub(lambda part: part[1] if all(map(found.get, SLOT.findall(part[1]))) else "", intents()[intent])
    return text.format(**found)
