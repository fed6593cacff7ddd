"""Frames: questions in words that no phrasing has, read by what they mention instead of by the order of their words.

A frame is an operator with what it needs: how many things, signal words such as "how many" or "closest", and the
senses of the other words. It reads a question only if every word is a thing, a unit, or has such a sense, so that a
word that could change the meaning ("not", "other", "before") leaves the question unsupported. Frames are tried where no
phrasing matches.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .adjuncts import Adjuncts
from .mentions import Mentions, mentions
from .operators.area import Area
from .operators.bearing import Bearing
from .operators.count import Count
from .operators.distance import Distance
from .operators.nearest import Nearest
from .operators.size import Size
from .query import Query, direction_angle
from .senses import (
    ANSWERS, COUNTS, EVERYWHERE, EXIST, FILLERS, GAPS, LONG, LOOKING, MEASURES, MEDIA, PEOPLE, PERCEIVE, PLACES, POSES, REQUESTS, SHORT,
    SIDES, STANCE, SUPPOSE, WAYS, WHICH_WAY, either, nouns, verbs, words,
)  # fmt: skip
from .things import Things, Viewpoint
from .words import PER_METRE, PER_SQUARE_METRE, same_things


@dataclass(frozen=True)
class QuestionFrame:
    """What an operator needs. `signals` has to match the words, in which T stands for a thing and U for a unit; all
    other words have to be among `words`. An `open` frame lets pass words without a sense before the first thing."""

    signals: re.Pattern[str]
    words: frozenset[str]
    open: bool = False

    @staticmethod
    def of(signals: str, *senses: frozenset[str], open: bool = False) -> QuestionFrame:
        """Return a frame from a regular expression and the senses of its words."""
        return QuestionFrame(re.compile(rf"\b(?:{signals})\b"), frozenset().union(*senses, {"T", "U"}), open)

    def fits(self, text: Mentions) -> bool:
        """Tell whether a text has a signal, and no word that the frame does not understand."""
        understood = self.words | text.unknown if self.open else self.words
        return understood.issuperset(text.words) and self.signals.search(text.skeleton) is not None


PARTS = r"(?:of )?(?:instances of |pieces of |examples of |units of )?(?:different |individual |distinct )*"
COUNT = QuestionFrame.of(
    rf"how (many|much) {PARTS}T|what number {PARTS}T|{either(COUNTS)} {PARTS}T|T (count|number|tally|total)|"
    r"(count|tally|enumerate) T|T how many|T.* (give|report|return|state) (number|count|total)",
    COUNTS, PERCEIVE, EXIST, PLACES, MEDIA, EVERYWHERE, PEOPLE, verbs("count walk give return report state"),
    nouns("instance piece example unit")
    | words("how many much what enumerate different individual distinct separate been current during if with lot lots past for able to"),
)  # fmt: skip
DISTANCE = QuestionFrame.of(
    rf"how (far|close|near|distant)|apart|{either(GAPS)}|{either(verbs('separate'))}|much (space|room)|(from )?T to T|"
    r"T from T|U T (off|from) T|how many U (\w+ )?between|T and T how many U",
    GAPS, MEASURES, ANSWERS, PEOPLE, SHORT,
    words("how far apart close near distant wide away much what many space room left off straight direct euclidean "
          "linear metric closest nearest free empty over like straight-line metric point points"),
    open=True,
)  # fmt: skip
SIZE = QuestionFrame.of(
    rf"{either(LONG)}(?! (value|result|output|number))|at most|(main|principal) axis|long side",
    LONG, SIDES, MEASURES, ANSWERS, PEOPLE, verbs("look consider say"),
    words("how many long big large much at most along across of on what its tape main principal direction which"),
    open=True,
)  # fmt: skip
AREA = QuestionFrame.of(
    "U|area|floor|size|surface|space|footprint|how (big|large|spacious|roomy)|ground",
    PLACES, MEDIA, EVERYWHERE, PERCEIVE, MEASURES, ANSWERS, PEOPLE, EXIST,
    words("area floor surface footprint size square footage big large spacious roomy ground extent combined with working plan up add at")
    | verbs("cover occupy span extend come explore map traverse scan survey offer work"),
)  # fmt: skip
NEAREST = QuestionFrame.of(
    rf"closest|nearest|(most|more) (close|near)|closer|nearer|least (far|distant)|{either(SHORT, words('less'))} {either(GAPS)}",
    SHORT, GAPS, STANCE, PEOPLE, REQUESTS, PLACES, EXIST,
    nouns("object thing item option candidate neighbour neighbor furniture")
    | words("which what of out to from has have as with and or closest nearest closer nearer close near most more less "
            "among amongst between one following piece listed at in by proximity given"),
    open=True,
)  # fmt: skip
BEARING = QuestionFrame.of(
    rf"{either(WHICH_WAY)}|left|right|where|whereabouts",
    PEOPLE, REQUESTS, SUPPOSE, STANCE, LOOKING, POSES, WAYS, WHICH_WAY, PERCEIVE, EXIST,
    verbs("go walk come arrive reach turn appear fall find lie see set contain")
    | words("at by beside near next close against from to toward towards on of in over onto upon into for or "
            "where whereabouts which what whether alongside relative respect relation thing object seen itself four three must should does "
            "view has need perspective half zone region part area end"),
    open=True,
)  # fmt: skip

FACED = either(LOOKING)
BY = "at|by|beside|near|next to|close to|against|alongside|from|in front of"
SELF = "(me|you|us|them|him|her|someone)"
AT = re.compile(
    rf"(\b({BY}|{either(verbs('go walk come'))} (over )?to|{either(verbs('reach'))})|"
    rf"(^|\b(in|from|with|my|your|their) ){either(POSES, STANCE)}( of)?)$"
)
AT_BEHIND = re.compile(rf"^(at (my|your|their) back|(as|(as )?my|your|their) {either(POSES)}|(beside|next to|near|by) {SELF})\b")
FACING = re.compile(
    rf"\b({FACED}|view|sight)( (straight|right|directly|over|out|fixed|on|goes|go|{FACED}))*"
    r"( (to|at|towards?|on|onto|into|upon|in direction of|direction of))$|"
    rf"\b({FACED}|turn(s|ed|ing)? (over )?to|towards?|(view|sight) of|see to|tak(e|es|ing) in)$"
)
AHEAD = re.compile(
    rf"^((straight |right )?(ahead|in front(?!-)|in front of {SELF}|before {SELF})"
    r"(?! ((and|to|on|or|of) )*(left|right|or|behind|back))|as (my |your )?(forward|front|heading)|"
    rf"(thing|object|one|what|which) {either(PEOPLE)} (look at|face|see))\b"
)
TO_TURN = re.compile(
    r"\b(must|should|need|have to|has to|(which|what) (way|direction))\b.* (face|look at|see|look to|look towards?)$"
)
MOVED = re.compile(
    r"\b(turn|rotate|pivot)(s|d|ed|ing)?( (?!(over |right |straight )*(to|towards?|at|on|face|look|for)\b)|$)"
    r"(?!(left|right|back|around|behind) (or |left |right |back |around |behind )+)|"
    rf"{either(verbs('go walk come'))} from T to\b"
)
"""Turns and ways that lead away from what is faced: where one looks then, no frame says."""
STANDS = re.compile(rf"(stands|stood|sits|sat|waits|waited) ({BY})")
ASKS = re.compile(rf"\b(which|what|where|whereabouts|{either(WHICH_WAY - words('hand hands side sides'))})\b")
DIAGONALS = ("front-left", "front-right", "back-left", "back-right")
IN_QUADRANTS = re.compile(
    r"\b(quadrants?|diagonals?|(front|back)-(left|right)|(ahead|front|behind|back) ((and|to|on) )*(left|right))\b"
)


def frame_readings(parts: Adjuncts, options: tuple[str, ...]) -> Iterator[Query]:
    """Yield the queries that frames read in a question's core, with the texts of a multiple choice; none where more
    was said beside the core than a unit."""
    if parts.times or parts.steps or parts.noted:
        return
    text = mentions(parts)
    things, units = text.things, text.units
    if len(set(units)) > 1:
        return
    unit: dict[str, Any] = {"unit": units[0]} if units else {}
    lengths, areas = set(units) <= set(PER_METRE), set(units) <= set(PER_SQUARE_METRE)
    if len(things) == 1 and not units and COUNT.fits(text):
        yield Count(things=things[0], options=options)
    if len(things) == 2 and lengths and DISTANCE.fits(text):
        yield Distance(first=things[0], second=things[1], options=options, **unit)
    if len(things) == 1 and lengths and SIZE.fits(text):
        yield Size(thing=things[0], options=options, **unit)
    if not things and AREA.fits(text) and areas and units:
        yield Area(options=options, **unit)
    if not units and NEAREST.fits(text):
        yield from _nearest(things, options)
    if len(things) == 3 and not units and BEARING.fits(text) and not MOVED.search(text.skeleton):
        yield from _bearing(text, options)


def _nearest(things: tuple[Things, ...], options: tuple[str, ...]) -> Iterator[Query]:
    """Yield the query of one thing and the things to choose from: the options, all of them or none in the question."""
    offered = [same_things(option.lower().strip(" .")) for option in options]
    targets = [thing for thing in things if not any(thing.label in names for names in offered)]
    if len(offered) > 1 and len(targets) == 1 and len(things) - 1 in (0, len(offered)):
        yield Nearest(to=targets[0], among=tuple(thing for thing in things if thing not in targets), options=options)


def _bearing(text: Mentions, options: tuple[str, ...]) -> Iterator[Query]:
    """Yield the query of someone at one thing who faces another, by the words beside each."""
    at, facing, targets = [], [], []
    for things, before, behind in text.beside():
        place = AT.search(before) or AT_BEHIND.search(behind)
        ahead = FACING.search(before) or AHEAD.search(behind)
        if STANDS.fullmatch(behind):
            return  # a thing is no one who stands somewhere
        (targets if TO_TURN.search(before) else facing if ahead else at if place else targets).append(things)
    ways = [way for way in ("left", "right", "back", "behind", "around") if way in _asked(text).split()]
    if not (len(at) == len(facing) == len(targets) == 1):
        return
    diagonal = IN_QUADRANTS.search(_asked(text))
    if not (ASKS.search(text.skeleton) or len(ways) > 1 or diagonal):
        return
    choices: tuple[str, ...] = DIAGONALS if diagonal else ()
    if not choices and {"left", "right"} <= set(ways):
        choices = ("left", "right", "back") if len(ways) > 2 else ("left", "right")
    if all(direction_angle(option) is not None for option in options) and options:
        choices = ()
    yield Bearing(target=targets[0], choices=choices, view=Viewpoint(at=at[0], facing=facing[0]), options=options)


def _asked(text: Mentions) -> str:
    """Return the words that are no one's back."""
    return re.sub(r"\b(my|your|their) back (to|against|is)\b", "", text.skeleton)
