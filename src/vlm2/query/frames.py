"""Frames: questions in words that no phrasing has, read by what they mention instead of by the order of their words.

A frame is an operator with what it needs: how many things, signal words such as "how many" or "closest", and the other
words that it understands. It reads a question only if every word is a thing, a unit, or understood, so that a word that
could change the meaning ("not", "other", "before") leaves the question unsupported. Frames are tried where no phrasing
matches.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .adjuncts import Adjuncts, unit_of
from .operators.area import Area
from .operators.bearing import Bearing
from .operators.count import Count
from .operators.distance import Distance
from .operators.nearest import Nearest
from .operators.size import Size
from .phrases import DETERMINERS, Phrases
from .query import Query, direction_angle
from .reading import is_new
from .template import PUNCTUATION
from .things import Things, Viewpoint
from .words import NAMES, PER_METRE, PER_SQUARE_METRE, STRUCTURE, THING, same_things

NO_THINGS = STRUCTURE | {THING, "person"}
"""Labels that are words of the question: "which object", "a person", "the floor"."""
_FILLERS = """
a an the is are was were do does did would will can could please some this that these it its there here about roughly
approximately estimate know
"""
FILLERS = frozenset(_FILLERS.split())
"""Words that mean nothing in any frame."""


@dataclass(frozen=True)
class Frame:
    """What an operator needs. `signals` has to match the words, in which T stands for a thing and U for a unit; all
    other words have to be among `words`."""

    signals: re.Pattern[str]
    words: frozenset[str]

    @staticmethod
    def of(signals: str, words: str) -> Frame:
        """Return a frame from a regular expression and words."""
        return Frame(re.compile(rf"\b(?:{signals})\b"), frozenset(words.split()) | FILLERS | {"T", "U"})

    def fits(self, text: Text) -> bool:
        """Tell whether a text has a signal, and no word that the frame does not understand."""
        return self.words.issuperset(text.words) and self.signals.search(text.skeleton) is not None


@dataclass(frozen=True)
class Text:
    """A question's core: its words in their order, with T for a thing and U for a unit; the things and the units."""

    words: tuple[str, ...]
    things: tuple[Things, ...]
    units: tuple[str, ...]

    @cached_property
    def skeleton(self) -> str:
        """The words without those that mean nothing."""
        return " ".join(word for word in self.words if word not in FILLERS)

    def beside(self) -> Iterator[tuple[Things, str, str]]:
        """Yield each thing with the words before it, up to the thing before, and the words behind it."""
        parts = re.split(r"\bT\b", self.skeleton)
        for things, before, behind in zip(self.things, parts, parts[1:], strict=False):
            yield things, before.strip(), behind.strip()


SEEN = "see saw seen visible found find appear appears appeared exist present show shows shown notice noticed spot have"
WHERE = "home house place room rooms apartment flat video camera in around altogether everything"
COUNT = Frame.of(
    "how many (different )?T|(number|count|amount|quantity|total) (of )?T|count T",
    f"how many number count amount quantity total of what i you we one different {SEEN} {WHERE} pass passed all be "
    "been",
)
DISTANCE = Frame.of(
    "far|apart|distance|gap|separat(e|es|ed|ing)|(from )?T to T|U T (off|from) T",
    "how far apart wide much distance gap space separate separates separated separating between from to and by of off "
    "what many i you one if ran run tape ruler measure measured measuring shortest straight direct stand stands show "
    "lie lies",
)
SIZE = Frame.of(
    "(long|larg|great|bigg)est (side|edge|dimension|extent)|at most|at its (long|larg)est",
    "how many long big large at most along of what take length longest largest greatest biggest side edge dimension "
    "extent measure measures measured ruler tape show has have on state in by",
)
AREA = Frame.of(
    "area|floor|square footage|size|big|large|space",
    f"what how much many big large of area floor square footage size space total whole entire cover covers i you we "
    f"{SEEN} {WHERE}",
)
NEAREST = Frame.of(
    "(closest|nearest)|(smallest|shortest|least) (distance|gap)",
    "which what of out to from has have as with and or closest nearest smallest shortest least distance gap neighbour "
    "neighbor stands sits lies stand located object thing item one among between name",
)
BEARING = Frame.of(
    "left|right|quadrants?|diagonals?|direction|side|way|where",
    "suppose imagine assume assuming say let us being picture if when as while with my your his their me you i one "
    "someone person they "
    "myself yourself who am be stands stand standing sit sitting go goes and then now have has see seen find look "
    "looks looking turn turned turns face faces facing eyes on at by beside near next against from to towards toward "
    "over straight in front of ahead behind back around left right hand side which what where way direction "
    "directions diagonal quadrant quadrants four must should located lies or along for tell",
)
AT = re.compile(r"\b(at|by|beside|near|next to|against|from|go(es)? to|go(es)? over to)$")
AT_BACK = re.compile(r"^at (my|your|their) back\b")
FACING = re.compile(
    r"\b(fac(e|es|ing)|towards?|look(s|ing)? (straight |over )*(at|to)|turn(s|ed)? to|(eyes|front) (on|to))$"
)
AHEAD = re.compile(r"^(straight )?(ahead|in front of (me|you|them))(?! (left|right))\b")
ASKS = re.compile(r"\b(which|what|where|direction of)\b")
DIAGONALS = ("front-left", "front-right", "back-left", "back-right")
IN_QUADRANTS = re.compile(r"\b(quadrants?|diagonals?|(ahead|front|behind|back) (left|right))\b")


def frame_readings(parts: Adjuncts, options: tuple[str, ...]) -> Iterator[Query]:
    """Yield the queries that frames read in a question's core, with the texts of a multiple choice."""
    if parts.times or parts.steps:
        return
    text = _text(parts)
    things, units = text.things, text.units
    if len(units) > 1:
        return
    unit: dict[str, Any] = {"unit": units[0]} if units else {}
    lengths, areas = set(units) <= set(PER_METRE), set(units) <= set(PER_SQUARE_METRE)
    if len(things) == 1 and not units and COUNT.fits(text):
        yield Count(things=things[0], options=options)
    if len(things) == 2 and lengths and DISTANCE.fits(text):
        yield Distance(first=things[0], second=things[1], options=options, **unit)
    if len(things) == 1 and lengths and SIZE.fits(text):
        yield Size(thing=things[0], options=options, **unit)
    if not things and AREA.fits(text) and areas and (units or "square footage" in text.skeleton):
        yield Area(options=options, **unit or {"unit": "square feet"})
    if not units and NEAREST.fits(text):
        yield from _nearest(things, options)
    if len(things) == 3 and not units and BEARING.fits(text):
        yield from _bearing(text, options)


def _text(parts: Adjuncts) -> Text:
    """Read the core of a question from left to right, the longest phrases first."""
    tokens = tuple(token.removesuffix("'s") for token in parts.tokens)
    phrases = Phrases(tokens)
    words: list[str] = []
    things: list[Things] = []
    units = [] if parts.unit is None else [parts.unit]
    at = 0
    while at < len(tokens):
        named = tokens[at] in DETERMINERS  # without, only what no verb is called: "I stand", "it can cover"
        known = [(found, end) for found, end in phrases.things(at) if _is_thing(found, named)]
        unit = next((n for n in (2, 1) if unit_of(" ".join(tokens[at : at + n]))), 0)
        if tokens[at] in ("picture", "imagine") and tokens[at + 1 : at + 2] in (("yourself",), ("myself",)):
            words.append("imagine")
            at += 2
        elif unit:
            units.append(unit_of(" ".join(tokens[at : at + unit])) or "")
            words.append("U")
            at += unit
        elif known:
            found, at = max(known, key=lambda reading: (reading[0].label in NAMES, reading[1]))  # no "sink stand"
            things.append(found)
            words.append("T")
        else:
            words += [tokens[at]] * (tokens[at] not in PUNCTUATION)
            at += 1
    return Text(tuple(words), tuple(things), tuple(units))


def _is_thing(things: Things, named: bool) -> bool:
    known = things.label in NAMES or (named and not is_new(things.label))
    return known and things.label.split()[0] not in NO_THINGS and things.side is None


def _nearest(things: tuple[Things, ...], options: tuple[str, ...]) -> Iterator[Query]:
    """Yield the query of one thing and the things to choose from: the options, all of them or none in the question."""
    offered = [same_things(option.lower().strip(" .")) for option in options]
    targets = [thing for thing in things if not any(thing.label in names for names in offered)]
    if len(offered) > 1 and len(targets) == 1 and len(things) - 1 in (0, len(offered)):
        yield Nearest(to=targets[0], among=tuple(thing for thing in things if thing not in targets), options=options)


def _bearing(text: Text, options: tuple[str, ...]) -> Iterator[Query]:
    """Yield the query of someone at one thing who faces another, by the words beside each."""
    at, facing, targets = [], [], []
    for things, before, behind in text.beside():
        place = AT.search(before) or AT_BACK.search(behind)
        ahead = FACING.search(before) or AHEAD.search(behind)
        (facing if ahead else at if place else targets).append(things)
    ways = [way for way in ("left", "right", "back", "behind", "around") if way in _asked(text)]
    if not (len(at) == len(facing) == len(targets) == 1) or not (ASKS.search(text.skeleton) or len(ways) > 1):
        return
    choices: tuple[str, ...] = DIAGONALS if IN_QUADRANTS.search(_asked(text)) else ()
    if not choices and {"left", "right"} <= set(ways):
        choices = ("left", "right", "back") if len(ways) > 2 else ("left", "right")
    if all(direction_angle(option) is not None for option in options) and options:
        choices = ()
    yield Bearing(target=targets[0], choices=choices, view=Viewpoint(at=at[0], facing=facing[0]), options=options)


def _asked(text: Text) -> str:
    """Return the words that are no one's back."""
    return re.sub(r"\b(my|your|their) back\b", "", text.skeleton)
