"""The mentions of a question: its words in their order, with T for a thing and U for a unit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from . import senses
from .adjuncts import Adjuncts, unit_of
from .asides import without_asides
from .phrases import DETERMINERS, Phrases, is_unknown
from .reading import is_new
from .senses import FILLERS, PEOPLE, REQUESTS, SENSED, either, verbs, words
from .things import Things
from .words import FUNCTION, NAMES, STRUCTURE, THING

NO_THINGS = STRUCTURE | {THING, "person"}
"""Labels that are words of the question: "which object", "a person", "the floor"."""
WANTS = (
    "(?:(?:would |will )?(?:wants?|needs?|likes?|loves?|wish|wishes|wanted|needed) (?:me |us |you )?to |"
    "(?:asks?|asked|wonders?) |is (?:curious|keen|interested) )"
)
"""What follows someone who asks: "my landlord needs to know"."""
NO_NOUNS = SENSED | FUNCTION
"""Words that name a thing only with a determiner."""
POINT = "(?:points?|spots?|edges?|surfaces?|parts?|sides?|ends?|bits?|places?)"
BOTH = r"(?: (?:of|to|between|the|one|other|two|each|both|them)\b)*"
JOINS = (
    rf"(?:(?:the|their|its|are|is|at|from|by|to|between|on|of|going|taking|using|where|whichever|which|and|one|other|"
    rf"each|both|two|them|they|comes?|gets?|as|based|judging|computed|{POINT}) )*"
)
"""What stands between the words of a definition: "where they come closest", "from whichever spots are nearest"."""
EXTENT = r"(?:(?:the |its |it is )*(?:height|width|length|depth|tall|wide|high|deep|long|up|across)\b)"
SHOWN = either(words("there the video it i you we they shows show sees see saw has have had is are was were be"))
SUMMED = "(?:count|add|summ?|includ|tak)(?:e|ing|ed)?(?: up| in| over| together)*"
WAY = "(?:left|right|behind|back|around|round|forward|ahead)"
TURNING = either(verbs("turn look swing go face"))
FOLDS = tuple(
    (re.compile(rf"\b(?:{pattern})\b"), text)
    for pattern, text in (
        (r"no of(?= T)", "number of"),
        (r"(from |to |of )?(each other|one another)|as the crow flies|(in )?(a )?straight line", "apart"),
        (r"(point|field) of view", "viewpoint"),
        (r"(left|right)[ -]?hand", r"\1"),
        (r"(front|back|rear) (and )?(to )?(the )?(left|right)", r"\1-\5"),
        (r"(living|usable|floor) (area|space)", "area"),
        (r"(from (one )?)?end to (the )?(other )?end|from one end to the other", "longest"),
        (r"(the )?long way|lengthwise|lengthways", "longest"),
        (r"(do|would|can|could) you (think|say|tell|know)( me)?|if you (please|can|know)|thank you|thanks", ""),
        (r"(don't|do not) suppose you( tell| know)?|two things( about)?|(taken |seen )?as a whole|for a moment", ""),
        (r"(be it |whether )?(vertical|horizontal)(ly)? or (vertical|horizontal)(ly)?", "sides"),
        (r"(forward|ahead)-(?=left|right)", "front-"),
        (r"before (?=(me|you|them)\b)", "in front of "),
        (r"(closest|nearest) (?=distance|gap)", ""),
        (r"(from )?(edge|surface|point) to (edge|surface|point)(?! of)", "apart"),
        (rf"(?<=between )(the )?(closest|nearest) {POINT} (of|on) (?=T and T)", ""),
        (rf"{JOINS}(closest|nearest|shortest) ({POINT}|line)\b(?! of T){BOTH}", ""),
        (rf"{JOINS}(where|at which|whichever) {JOINS}(they|two|them|both) {JOINS}(closest|nearest)( apart)?", ""),
        (rf"(be (that|it) |whether (that|it) is )?{EXTENT}( (or |and )*{EXTENT}){{2,}}", "sides"),
        (r"((over|across|along|of) )?(all )?(the )?three (axes|dimensions|sides|directions)", "sides"),
        (r"(no matter|regardless of) which( one)?|whatever", "whichever"),
        (rf"(if|in case|should) ({SHOWN} )*(more than one|several|multiple|many)( of them| rooms?)?"
         rf"( (is|are|were) {either(senses.PERCEIVE)})?", ""),
        (rf"{SUMMED} (every|each)( single)? (room|space|part)", "rooms"),
        (r"(count|tally)(ing|ed)?( up)? (all|every|each)( single)?( one)?( of)?( the| these| those)? (?=T)", "count "),
        (r"(go|going|walk|look|looking) (a?round|through|over)( (the|this|my) \w+)? and (?=count|tally)", ""),
        (r"count(ing|ed)?( each| every)?( one| of them)?( just| only)* once", ""),
        (r"and (then )?(give|tell|report|return)( me| us)? (the |a )?(total|result|number|sum|count)(?! of)", ""),
        (rf"(?:(?<=left )|(?<=right )|(?<= or )){TURNING} (to (what (is )?)?)?(?={WAY})", ""),
        (r"turn(s|ed|ing)?( a?round| myself)?( so| until| till| that)+", "and"),
        (r"comes? with", "has"),
        (r"(come|comes|came) across", "see"),
        (r"(give|report|return|state) (the )?(number|count|total)(?= U|$)", "number"),
        (r"i mean|by the way|(?<=\w )all together", ""),
        (r"(up|over|across|all the way) to (?=T)", "to "),
        (r"i am after", "i want"),
        (r"in terms of", "in"),
        (r"(is|are) there (more than one|any|many|a lot)( of)?(?= T how many)", ""),
        (r"after (?=\w+ing )", "when "),
        (r"rather than|as opposed to|instead of", "than"),
        (r"what i (want|need|would (like|love)) to know is|i was wondering", ""),
        (r"than (any of )?(the |all )*(others?|rest)|of (them )?all", ""),
        (rf"{either(REQUESTS)} (me |us )?(on|about)", "say"),
        (rf"^(the|a|an|my|our) \w+ (?={WANTS})", "someone "),
    )
)  # fmt: skip
"""Idioms, each with the plain words for it."""
ASKED = words(
    "how many much what which whose at in on of from by near with inside outside for to during under over through"
).union(senses.LONG, senses.SHORT, senses.COUNTS)
"""Words whose neighbour is what is asked for, or belongs to it."""
CORRECTED = re.compile(
    r"\bT (?:no |and )*(?:sorry|wait|i mean|or rather|make that|oops)(?: (?:sorry|wait|i|mean|make|that|from|to))*$"
)
"""What tells between two things that the second is meant: "the sofa, no wait, I mean the bed"."""
MOST_UNKNOWN = 2
OPENING = (
    FILLERS
    | PEOPLE
    | REQUESTS
    | verbs("have")
    | words("to for up if possible of thing things excuse trouble bother suppose imagine assume happen")
)
SUBJECT = re.compile(
    rf"(?:^|\b(?:a|an|the|my|our|this) )(\w+)(?= (?:(?:who|that|which) )?(?:is |are |now )?"
    rf"{either(senses.STANCE - verbs('be'), senses.LOOKING)}\b)"
)


@dataclass(frozen=True)
class Mentions:
    """A question's core: its words without those that mean nothing, with T for a thing and U for a unit; the things
    and the units in their order."""

    words: tuple[str, ...]
    things: tuple[Things, ...]
    units: tuple[str, ...]

    @property
    def skeleton(self) -> str:
        """The words as one text."""
        return " ".join(self.words)

    @property
    def unknown(self) -> frozenset[str]:
        """Words without a sense before the first thing. They stand apart from it and from a word of `ASKED`, and narrow
        nothing: "the landlord wonders aloud how far the bed is from the sofa"."""
        head = self.words[: self.words.index("T")] if "T" in self.words else ()
        apart = [
            word
            for before, word, behind in zip(("", *head), head, head[1:], strict=False)
            if is_unknown(word) and before not in ASKED and behind not in {"of"} | senses.GAPS | senses.SIDES
        ]
        return frozenset(apart[:MOST_UNKNOWN]) - SENSED - senses.ALTERING

    def beside(self) -> Iterator[tuple[Things, str, str]]:
        """Yield each thing with the words before it, up to the thing before, and the words behind it."""
        parts = re.split(r"\bT\b", self.skeleton)
        for things, before, behind in zip(self.things, parts, parts[1:], strict=False):
            yield things, before.strip(), behind.strip()


def mentions(parts: Adjuncts) -> Mentions:
    """Read the core of a question from left to right, the longest phrases first."""
    tokens = tuple(part for token in without_asides(parts.tokens) for part in re.split("/", token.removesuffix("'s")))
    phrases = Phrases(tokens)
    said: list[str] = []
    things: list[Things] = []
    units = [] if parts.unit is None else [parts.unit]
    at = 0
    while at < len(tokens):
        named = tokens[at] in DETERMINERS or tokens[at] not in NO_NOUNS  # no verb: "I stand", "it can cover"
        known = [(found, end) for found, end in phrases.things(at) if _is_thing(found, named)]
        unit = next((n for n in (2, 1) if unit_of(" ".join(tokens[at : at + n]))), 0)
        unit = 0 if tokens[at - 1 : at] in (("my",), ("your",), ("their",)) else unit  # "my feet"
        if tokens[at] == "picture" and tokens[at + 1 : at + 2] in (("yourself",), ("myself",), ("me",), ("someone",)):
            said.append("imagine")
            at += 2
        elif tokens[at : at + 2] == ("square", "footage"):
            units.append("square feet")
            said.append("area")
            at += 2
        elif unit:
            units.append(unit_of(" ".join(tokens[at : at + unit])) or "")
            said.append("U")
            at += unit
        elif known:
            found, at = max(known, key=lambda reading: (reading[0].label in NAMES, reading[1]))  # no "sink stand"
            if wrong := CORRECTED.search(" ".join(said)):
                said = said[: len(" ".join(said)[: wrong.start()].split())]
                things.pop()
            things.append(found)
            said.append("T")
        else:
            said += [tokens[at]] * tokens[at][:1].isalnum()
            at += 1
    said += ["U"] * (parts.unit is not None)
    return Mentions(_plain(" ".join(said)), tuple(things), tuple(units))


def _is_thing(things: Things, named: bool) -> bool:
    """Tell whether a reading names a known thing, in a place by known things; what is closest to what may be asked."""
    known = things.label in NAMES or (named and not is_new(things.label))
    told = things.place is None or (
        things.place.kind != "nearest_to" and not any(is_new(thing.label) for thing in things.place.to)
    )
    return known and told and things.label.split()[0] not in NO_THINGS and things.side is None


def _plain(text: str) -> tuple[str, ...]:
    """Return the words of a text without its opening, idioms and fillers; a noun that only names who stands somewhere
    becomes "someone"."""
    for pattern, plain in FOLDS:
        text = pattern.sub(plain, text)
    subject = SUBJECT.search(text)
    if subject and is_unknown(subject[1]) and subject[1] not in SENSED | senses.ALTERING:
        text = re.sub(rf"\b{subject[1]}\b", "someone", text)
    said = text.split()
    while said and said[0] in OPENING:
        del said[0]
    return tuple(word for word in said if word not in FILLERS)
