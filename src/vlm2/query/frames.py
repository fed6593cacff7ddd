"""Frames: questions in words that no phrasing has, read by what they mention instead of by the order of their words.

A frame is an operator with what it needs: how many things, signal words such as "how many" or "closest", and the
senses of the other words. It reads a question only if every word is a thing, a unit, or has such a sense. So a word
that could change the meaning ("not", "other", "before") leaves the question unsupported. Frames are tried where no
phrasing matches.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from . import senses
from .adjuncts import Adjuncts
from .mentions import Mentions, mentions
from .operators.area import Area
from .operators.bearing import Bearing
from .operators.count import Count
from .operators.distance import Distance
from .operators.nearest import Nearest
from .operators.size import Size
from .query import Query, direction_angle
from .roles import roles
from .senses import either, nouns, verbs, words
from .things import Things
from .words import PER_METRE, PER_SQUARE_METRE, same_things


@dataclass(frozen=True)
class QuestionFrame:
    """The requirements of an operator. `signals` has to match the words, in which T stands for a thing and U for a
    unit. All other words have to be among `words`. An `open` frame also accepts words without a sense before the first
    thing."""

    signals: re.Pattern[str]
    words: frozenset[str]
    open: bool

    @staticmethod
    def of(signals: str, *understood: frozenset[str], open: bool = True) -> QuestionFrame:
        """Return a frame from a regular expression and the senses of its words."""
        return QuestionFrame(
            re.compile(rf"\b(?:{signals})\b"), frozenset().union(*understood, senses.LINKS, {"T", "U"}), open
        )

    def fits(self, text: Mentions) -> bool:
        """Tell whether a text has a signal, and no word that the frame does not understand."""
        understood = self.words | text.unknown if self.open else self.words
        return understood.issuperset(text.words) and self.signals.search(text.skeleton) is not None


OF = r"(?:of |for )?(?:(?:instances|pieces|examples|units) of )?(?:different |individual |distinct |separate )*"
COUNT = QuestionFrame.of(
    rf"(?!.* (on|in|for|with|to|by)$)(how (many|much) {OF}T|what number {OF}T|{either(senses.COUNTS)} {OF}T|"
    r"T (count|number|tally|total)|(count|tally|enumerate) T|T how many|T.* number)",
    *(senses.COUNTS, senses.PERCEIVE, senses.EXIST, senses.PLACES, senses.MEDIA, senses.EVERYWHERE, senses.PEOPLE),
    verbs("count walk"),
    nouns("instance piece example unit lot"),
    words("enumerate different individual distinct separate current past able over course"),
    open=False,
)
DISTANCE = QuestionFrame.of(
    rf"how (far|close|near|distant)|apart|{either(senses.GAPS)}|{either(verbs('separate'))}|much (space|room)|"
    r"T (to|from|off) T( .*)? U|U (.* )?T (to|from|off) T|how many U (\w+ ){0,3}between|T and T how many U",
    *(senses.GAPS, senses.MEASURES, senses.ANSWERS, senses.PEOPLE, senses.SHORT),
    nouns("point"),
    words(
        "near distant wide away space room left off straight direct euclidean linear metric free empty "
        "over like straight-line large line big surface-to-surface point-to-point"
    ),
)
SIZE = QuestionFrame.of(
    rf"^(?!.*((what|which) way|three T)).*\b({either(senses.LONG)}(?! (value|result|output|number)(?! of U))|"
    r"at most|most measures?|"
    "(main|principal) axis|long side)",
    *(senses.LONG, senses.SIDES, senses.MEASURES, senses.ANSWERS, senses.PEOPLE),
    verbs("look consider go"),
    words("long large most on its main principal direction way three over come any all like"),
)
AREA = QuestionFrame.of(
    "(many|much) U|^U|U of|area|floor|size|surface|space|footprint|how (big|large|spacious|roomy)|ground|measures?",
    *(senses.PLACES, senses.MEDIA, senses.EVERYWHERE, senses.PERCEIVE, senses.MEASURES, senses.ANSWERS),
    *(senses.PEOPLE, senses.EXIST),
    verbs("cover occupy extend come explore map traverse scan survey offer work look count sum add"),
    words("area floor surface footprint size square footage large spacious roomy ground extent combined plan over"),
    open=False,
)
NEAREST = QuestionFrame.of(
    r"closest|nearest|closer|nearer|(most|more) (close|near)|least (far|distant)|"
    rf"{either(senses.SHORT, words('less'))} {either(senses.GAPS)}|distances .*which {either(senses.SHORT)}",
    *(senses.SHORT, senses.GAPS, senses.STANCE, senses.PEOPLE, senses.REQUESTS, senses.PLACES, senses.EXIST),
    nouns("object thing item option candidate neighbour neighbor furniture piece target reference"),
    words(
        "out closest nearest closer nearer close near most more less far distant where among amongst between one "
        "following listed list set in proximity given right next away each looking go"
    ),
)
BEARING = QuestionFrame.of(
    rf"{either(senses.WHICH_WAY)}|left|right|where|whereabouts",
    *(senses.PEOPLE, senses.REQUESTS, senses.SUPPOSE, senses.STANCE, senses.LOOKING, senses.POSES, senses.WAYS),
    *(senses.WHICH_WAY, senses.PERCEIVE),
    verbs("go walk come arrive reach turn fall set have lie describe contain"),
    nouns("thing object half zone region part area end"),
    words(
        "beside near next close against toward towards on in over onto upon into where whereabouts alongside relative "
        "respect relation itself four three must should need got whose body somewhere line egocentric axis coordinate "
        "frame round reference viewer-centred viewer-centered centred centered define off feet dead vector true"
    ),
)
DIAGONALS = ("front-left", "front-right", "back-left", "back-right")
IN_QUADRANTS = re.compile(
    r"\b(quadrants?|diagonals?|(front|back)-(left|right)|(ahead|front|behind|back) ((and|to|on) )*(left|right))\b"
)
ASKS = re.compile(rf"\b(which|what|where|whereabouts|{either(senses.WHICH_WAY - nouns('hand side'))})\b")


def frame_readings(parts: Adjuncts, options: tuple[str, ...]) -> Iterator[Query]:
    """Yield the queries that frames read in a question's core, with the texts of a multiple choice. There are none
    where the question has more than a unit beside its core."""
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
    if len(things) == 1 and lengths and SIZE.fits(text) and (units or "which" not in text.words):
        yield Size(thing=things[0], options=options, **unit)
    if not things and AREA.fits(text) and areas and units:
        yield Area(options=options, **unit)
    if not units and NEAREST.fits(text):
        yield from _nearest(things, options)
    if len(things) == 3 and not units and BEARING.fits(text):
        yield from _bearing(text, options)


def _nearest(things: tuple[Things, ...], options: tuple[str, ...]) -> Iterator[Query]:
    """Yield the query of one thing and the things to choose from: the options, all of them or none in the question."""
    offered = [same_things(option.lower().strip(" .")) for option in options]
    targets = [thing for thing in things if not any(thing.label in names for names in offered)]
    if len(offered) > 1 and len(targets) == 1 and len(things) - 1 in (0, len(offered)):
        yield Nearest(to=targets[0], among=tuple(thing for thing in things if thing not in targets), options=options)


def _bearing(text: Mentions, options: tuple[str, ...]) -> Iterator[Query]:
    """Yield the query of someone at one thing who faces another, for a question that asks where a third one is."""
    who = roles(text)
    asked = re.sub(r"\b(my|your|their) back (to|against|is)\b", "", text.skeleton)  # that is no choice
    ways = [way for way in ("left", "right", "back", "behind", "around") if way in asked.split()]
    diagonal = IN_QUADRANTS.search(asked)
    if who is None or not (ASKS.search(text.skeleton) or len(ways) > 1 or diagonal):
        return
    view, target = who
    choices: tuple[str, ...] = DIAGONALS if diagonal else ()
    if not choices and {"left", "right"} <= set(ways):
        choices = ("left", "right", "back") if len(ways) > 2 else ("left", "right")
    if all(direction_angle(option) is not None for option in options) and options:
        choices = ()
    yield Bearing(target=target, choices=choices, view=view, options=options)
