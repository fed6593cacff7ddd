"""Check a statement in words against an object map: the numbers, the kinds and the colours of the things that it names.

Noun phrases are read with the planner's grammar, and each becomes a query. Everything else in a statement (what things
are for, where they stand, how big they are) is not checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..objects import ObjectMap, Result
from ..scenes.vocabulary import ANSWERS_ONLY
from .adjuncts import take_apart
from .operators.colour import Colour
from .operators.count import Count
from .operators.exists import Exists
from .phrases import HOURS, Phrases
from .template import PUNCTUATION
from .things import Things
from .words import ATTRIBUTES, NAMES, singular

CLAUSE = re.compile(r"[.;:!?\n]+(?=\s|$)|,? \b(?:but|while|whereas|although|though|because)\b")
TAKEN_BACK = re.compile(
    r"\b(not|never|without|cannot|neither|nor|none|if|could|would|might|may|like|whether)\b|n['’]t\b"
)
DOUBTFUL = ANSWERS_ONLY | {"picture"}
"""Names that mostly mean no thing: the picture that is described, the light of day."""
NUMBERS = {"no": 0} | {word: number for number, word in enumerate(HOURS, 1)}
END = frozenset(["and", "or", "visible", "shown", "present", "here", "there", "altogether", "overall"])
"""Words behind a noun phrase that narrow nothing: "two chairs at the table" are perhaps not all chairs."""
ALIKE = (
    {"white", "beige", "cream", "grey", "silver"},
    {"grey", "silver", "black"},
    {"beige", "brown", "tan", "orange", "gold"},
    {"brown", "maroon", "red", "pink"},
    {"blue", "teal", "turquoise", "purple", "violet"},
    {"green", "teal", "turquoise"},
    {"orange", "yellow", "gold"},
)
"""Colours that light turns into each other, so that they contradict nothing."""


@dataclass(frozen=True)
class ClaimCheck:
    """The sentences of the map that a statement agrees with, and those that it contradicts."""

    agrees: tuple[str, ...]
    differs: tuple[str, ...]


@dataclass(frozen=True)
class Claim:
    """Things that exist according to a statement. `number` is None for any number. `whole` is False where they may be
    some of several."""

    things: Things
    number: int | None
    whole: bool


def check(map: ObjectMap, statement: str) -> ClaimCheck:
    """Compare a statement with a map. Facts that the map does not know are in neither list."""
    found: dict[str, bool] = {}
    for claim in claims(statement):
        if (verdict := _verdict(map, claim)) is not None:
            agrees, result = verdict
            found[result.sentence] = found.get(result.sentence, True) and agrees
    return ClaimCheck(*(tuple(text for text, agrees in found.items() if agrees is wanted) for wanted in (True, False)))


def claims(statement: str) -> Iterator[Claim]:
    """Yield the things that exist according to the clauses of a statement. A clause that denies or supposes yields
    nothing, except that there is "no" such thing."""
    for clause in CLAUSE.split(statement):
        if TAKEN_BACK.search(clause.lower()):
            continue
        tokens, at = take_apart(clause, (), True).tokens, 0
        phrases = Phrases(tokens)
        while at < len(tokens):
            number = _number(tokens[at])
            start = begin = at if number is None else at + 1
            while begin < len(tokens) and tokens[begin] in ATTRIBUTES:
                begin += 1  # "two large chairs" are two chairs, perhaps of several
            readings = list(phrases.things(begin))
            if not readings:
                at += 1
                continue
            words = max(len(things.label.split()) for things, _ in readings)  # a table lamp is no table
            readings = [reading for reading in readings if len(reading[0].label.split()) == words]
            bare, at = min(readings, key=lambda reading: reading[1])
            full, end = max(readings, key=lambda reading: reading[1])
            if singular(bare.label) in NAMES and bare.label not in DOUBTFUL:
                narrow = full.place or full.room or full.side or full.order or full.size or begin > start
                ends = end >= len(tokens) or tokens[end] in END or tokens[end] in PUNCTUATION
                things = Things(label=bare.label, colour=bare.colour or full.colour)
                yield Claim(things, number, whole=ends and not narrow)


def _verdict(map: ObjectMap, claim: Claim) -> tuple[bool, Result] | None:
    """Return whether the map has the things of a claim, with its own result; None where it cannot decide."""
    things, kind = claim.things, Things(label=claim.things.label)
    exists = Exists(things=kind).run(map)
    if exists.status not in ("ok", "not_seen"):
        return None
    if exists.value and things.colour:
        colours = Colour(things=kind).run(map)
        if colours.value is None or _alike(things.colour, str(colours.value)):
            return None if claim.number is None else _counted(map, kind, claim.number, whole=False)
        if not Exists(things=things).run(map).value:
            return claim.number == 0, colours
    if claim.number is None:
        return bool(exists.value), exists
    return _counted(map, things, claim.number, claim.whole)


def _counted(map: ObjectMap, things: Things, number: int, whole: bool) -> tuple[bool, Result] | None:
    """Compare a number with that of the map. Unless it is meant to be all of them (`whole`), a smaller one is right."""
    counted = Count(things=things).run(map)
    if not isinstance(counted.value, int) or (number < counted.value and not whole):
        return None
    return number == counted.value, counted


def _number(word: str) -> int | None:
    return int(word) if word.isdecimal() and len(word) <= 3 else NUMBERS.get(word)


def _alike(one: str, other: str) -> bool:
    """Tell whether two different colours are hard to tell apart; of "dark brown" the last word counts."""
    first, second = (name.split()[-1].replace("gray", "grey") for name in (one, other))
    return first != second and any(first in group and second in group for group in ALIKE)
