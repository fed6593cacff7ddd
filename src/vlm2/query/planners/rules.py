"""Plan by rules: the operators' phrasings, read with a grammar of noun phrases and situations.

A question is planned only where every word of it is read, or is known to be harmless; else it is unsupported. Frames
read the questions that no phrasing matches. They understand fewer kinds of questions, but in more words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from typing import Any

from ..adjuncts import STEPS_MARK, Adjuncts, take_apart, unit_of
from ..calls import operator_modules
from ..clauses import CLAUSES
from ..clauses import MACROS as SITUATED
from ..frames import frame_readings
from ..phrases import Phrases
from ..query import Query, Unplanned
from ..reading import MYSELF, Reading, Rule, reading_of, slot_parts
from ..situations import situations
from ..template import compiled, first_words, literals, match, skip
from ..things import Viewpoint
from ..words import ATTRIBUTES, COLOURS, FUNCTION, NAMES, NOUNS, ROOMS, THING, listed, singular

MACROS = (
    ("whole", "[in total|in all|altogether|overall]"),
    (
        "there",
        "(is|are|was|were) [there]|[(do|did|can|could) (i|you|we) (see|have|find|count|spot|notice|own|film)]|"
        "(can|could) be (found|seen)|there (is|are|were)|(appear|appeared|exist)|will i find|were (seen|shown)|"
        "[are] visible|present|"
        "(does|do) (this place|the place|it|this room|this home|my home|we) have|[that] (i|you|we) (saw|have seen)|"
        "(was|were) in view|[are] located|in all",
    ),
)
OPTION = re.compile(r"^\s*(?:[A-H][.):]\s+)?(.*?)\s*$", re.DOTALL)
WORD = re.compile(r"[^\W\d_][\w'’-]*")
MOST_NAMED = 6  # words that a refusal names
LONGEST, MOST_WORDS = 1500, 200  # characters of a question; words and marks of its core
TOO_LONG = f"The question is too long for me; ask one thing in fewer than {MOST_WORDS} words."
HELP = re.compile(
    r"^\W*help\b|what (else |questions? )?(can|could|may|should) (i|you|we) (ask|do|answer)", re.IGNORECASE
)
CONTINUES = "I do not know which question this continues; ask the whole question."
CONTINUED = re.compile(r"^\W*(and|or|but|what about|how about)\b", re.IGNORECASE)  # it needs the question before
ABILITIES = "I can tell how many, how far, how big, where, on which side, of what colour, and when it was seen."
EXAMPLES = (
    "You can ask, for example: “How many chairs are there?”, “How far is the sofa from the table?”, "
    "“Where is the lamp?”, “I stand by the sofa and face the TV. Is the door to my left?”"
)


def plan(question: str, options: Sequence[str] | None = None) -> Query:
    """Return the query that a question means; an `Unplanned` one with the reason where it is not understood."""
    if len(question) > LONGEST:
        return Unplanned(reason=TOO_LONG)
    offered = tuple(OPTION.sub(r"\1", option) for option in options or ())
    texts = dict.fromkeys(take_apart(question, tuple(_notes()), scope) for scope in (True, False))
    if any(len(parts.tokens) > MOST_WORDS for parts in texts):
        return Unplanned(reason=TOO_LONG)
    readings = [reading for parts in texts for reading in _readings(parts, offered)]
    if not readings:
        framed = dict.fromkeys(query for parts in texts for query in frame_readings(parts, offered))
        return next(iter(framed)) if len(framed) == 1 else Unplanned(reason=_reason(question))
    return min(readings, key=lambda reading: reading.cost).query


@cache
def rules() -> tuple[Rule, ...]:
    """Return all phrasings of all operators."""
    return tuple(
        Rule(module.OPERATOR, phrasing, compiled(phrasing.template, MACROS), frozenset(getattr(module, "NOTES", ())))
        for module in operator_modules().values()
        for phrasing in module.PHRASINGS
    )


@cache
def _notes() -> frozenset[str]:
    return frozenset(note for rule in rules() for note in rule.notes)


def _readings(parts: Adjuncts, options: tuple[str, ...]) -> Iterator[Reading]:
    """Yield every way to read the whole core: a situation before the question, or behind it, or none."""
    phrases = Phrases(parts.tokens)
    whole = len(parts.tokens)
    begins: list[tuple[Viewpoint | None, int]] = [(None, 0), *situations(phrases, 0)]
    for rule, (view, begin) in product(rules(), begins):
        first = parts.tokens[skip(parts.tokens, begin) :][:1]
        if (words := first_words(rule.node)) is None or words.issuperset(first):
            for bound, end in match(rule.node, parts.tokens, begin, lambda *at, r=rule: _read(phrases, r, parts, *at)):
                rest = skip(parts.tokens, end)
                found = [reading_of(rule, bound, view, parts, options)] if rest == whole else []
                if rest < whole and view is None:
                    views = [later for later, stop in situations(phrases, rest) if skip(parts.tokens, stop) == whole]
                    views = [later for later in views if later.facing or MYSELF & set(parts.tokens)]
                    found += [reading_of(rule, bound, later, parts, options, must_use=True) for later in views]
                yield from (reading for reading in found if reading is not None)


def _read(phrases: Phrases, rule: Rule, parts: Adjuncts, slot: str, at: int) -> Iterator[tuple[Any, int]]:
    """Yield what a slot reads: by its mark, by its name, or by the type of the operator's field."""
    mark, name, form = slot_parts(slot)
    if mark:
        yield from phrases.modified({}, at, least=int(mark == "!"), bare=True)
    elif name == "unit":
        names = ((unit_of(" ".join(parts.tokens[at : at + length])), at + length) for length in (2, 1))
        yield from ((unit, end) for unit, end in names if unit is not None)
    elif name == "steps":
        if parts.tokens[at : at + 1] == (STEPS_MARK,):
            yield parts.steps, at + 1
    elif name == "waste":
        yield from ((None, end) for _, end in phrases.things(at, loose=True))
    elif name in ("room", "rooms", "kind"):
        yield from phrases.room(at)
    elif name == "choices":
        yield from phrases.directions(at)
    elif rule.takes(name, tuple) and not form:
        yield from phrases.several(at)
    elif form == "kind":
        yield from ((things, end) for things, end in phrases.things(at) if things.label != THING)
    elif rule.takes(name, Viewpoint):
        yield from phrases.spot(at)
    else:
        yield from phrases.things(at)


def _reason(question: str) -> str:
    """Return why a question is refused, and what can be asked instead."""
    if HELP.search(question):
        return EXAMPLES
    if CONTINUED.match(question):
        return CONTINUES
    words = dict.fromkeys(WORD.findall(question.lower().replace("'s", "").replace("'m", "")))
    strange = [word for word in words if not {word, singular(word)} & _known_words()]
    if not strange:
        return f"I know these words, but not what the question asks for. {ABILITIES}"
    return f"I do not understand {listed([repr(word) for word in strange[:MOST_NAMED]])} in this question."


@cache
def _known_words() -> frozenset[str]:
    """Return the words that some phrasing or some name of a thing holds."""
    names = {word for name in (*NAMES, *NOUNS, *ROOMS) for word in name.split()}
    templates = [rule.node for rule in rules()] + [compiled(text, SITUATED) for _, text in CLAUSES]
    said = {word for node in templates for word in literals(node)} | {
        word for note in _notes() for word in note.split()
    }
    return frozenset(names | FUNCTION | COLOURS | said | {"please"}) - (ATTRIBUTES - FUNCTION - said)
