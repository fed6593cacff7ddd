"""Plan by rules: the operators' phrasings, read with a grammar of noun phrases and situations.

A question is planned only where every word of it is read, or is known to be harmless; else it is unsupported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from pydantic import ValidationError

from ...objects.frozen import FrozenRecord
from ..adjuncts import Adjuncts, take_apart, unit_of
from ..calls import call_of, operator_modules, operators
from ..phrases import Phrases, is_unknown
from ..query import Phrasing, Query, Unplanned
from ..situations import MACROS as SITUATED
from ..situations import CLAUSES, situations
from ..template import PUNCTUATION, Node, compiled, literals, match, skip
from ..things import NOW, Things, Viewpoint
from ..words import FUNCTION, listed, singular

MACROS = (
    ("there", "(is|are|was|were) [there]|[(do|did|can|could) (i|you|we) (see|have|find|count|spot|notice|own|film)]|do i have|"
     "(can|could) be (found|seen)|there (is|are)|(appear|appeared|exist)|will i find|were (seen|shown)|[are] visible|"
     "did you see|there were|present|[are] located|in all"),
)  # fmt: skip
OPTION = re.compile(r"^\s*(?:[A-H][.):]\s+)?(.*?)\s*$", re.DOTALL)
FILES = {"among": "several", "things": "several", "choices": "directions"}


@dataclass(frozen=True)
class Reading:
    """One way to understand a question, with what speaks against it: names that nobody knows, a situation that is
    missing or goes unused, and a longer query."""

    query: Query
    unknown: int
    misplaced: bool

    @property
    def cost(self) -> tuple[int, bool, int]:
        """What makes a reading worse than another."""
        apart = sum(things.place is not None and things.side is not None for things in things_in(self.query))
        return self.unknown, self.misplaced + apart, len(call_of(self.query))


@dataclass(frozen=True)
class Rule:
    """A phrasing of an operator, compiled."""

    operator: type[Query]
    name: str
    phrasing: Phrasing
    node: Node


def plan(question: str, options: Sequence[str] | None = None) -> Query:
    """Return the query that a question means; an `Unplanned` one that says why where it is not understood."""
    offered = tuple(OPTION.sub(r"\1", option) for option in options or ())
    readings: list[Reading] = []
    for scope in (True, False):
        parts = take_apart(question, notes(), scope)
        readings += _readings(parts, offered)
    if not readings:
        return Unplanned(reason=_reason(question), options=())
    return min(readings, key=lambda reading: reading.cost).query


@cache
def rules() -> tuple[Rule, ...]:
    """Return all phrasings of all operators."""
    return tuple(
        Rule(operators()[name], name, phrasing, compiled(phrasing.template, MACROS))
        for name, module in operator_modules().items()
        for phrasing in module.PHRASINGS
    )


@cache
def notes() -> tuple[str, ...]:
    """Return all remarks that ask for what some operator does anyway."""
    return tuple({note: None for module in operator_modules().values() for note in getattr(module, "NOTES", ())})


def _readings(parts: Adjuncts, options: tuple[str, ...]) -> Iterator[Reading]:
    """Yield every way to read the whole core: a situation before the question, or behind it, or none."""
    phrases = Phrases(parts.tokens)
    begins: list[tuple[Viewpoint | None, int]] = [(None, 0), *situations(phrases, 0)]
    for view, begin in begins:
        for rule in rules():
            for bound, end in match(rule.node, parts.tokens, begin, lambda name, at, r=rule: _read(phrases, r, parts, name, at)):
                rest = skip(parts.tokens, end)
                ends = [view] if rest == len(parts.tokens) else []
                if not ends and view is None:
                    ends = [later for later, stop in situations(phrases, rest) if skip(parts.tokens, stop) == len(parts.tokens)]
                for seen_from in ends:
                    reading = _reading(rule, bound, seen_from, parts, options)
                    if reading is not None:
                        yield reading


def _read(phrases: Phrases, rule: Rule, parts: Adjuncts, slot: str, at: int) -> Iterator[tuple[Any, int]]:
    """Yield what a slot reads: by its mark, by its name, or by the type of the operator's field."""
    name, _, form = slot.lstrip("+!?").partition(":")
    if slot[0] in "+!?":
        for things, end in phrases.modified({}, at, least=int(slot[0] == "!"), bare=True):
            yield things, end
    elif name == "unit":
        for length in (2, 1):
            unit = unit_of(" ".join(parts.tokens[at : at + length]))
            if unit is not None:
                yield unit, at + length
    elif name in ("room", "kind"):
        yield from phrases.room(at)
    elif name == "choices":
        yield from phrases.directions(at)
    elif name == "steps":
        if at < len(parts.tokens) and parts.tokens[at] == "routesteps":
            yield parts.steps, at + 1
    elif name in rule.operator.model_fields and "tuple" in str(rule.operator.model_fields[name].annotation) and not form:
        yield from phrases.several(at)
    elif name in rule.operator.model_fields and Viewpoint in get_args(rule.operator.model_fields[name].annotation):
        yield from phrases.spot(at)
    else:
        yield from phrases.things(at)


def _reading(rule: Rule, bound: tuple, view: Viewpoint | None, parts: Adjuncts, options: tuple[str, ...]) -> Reading | None:
    """Return the query of a match with all that stands beside it; None where something would be left unused."""
    fields: dict[str, Any] = dict(rule.phrasing.fields)
    names = rule.operator.model_fields
    for slot, value in bound:
        name, _, form = slot.lstrip("+!?").partition(":")
        if slot[0] in "+!?":
            narrowed = _narrowed(fields.get(name), value)
            if narrowed is None:
                return None
            fields[name] = narrowed
        elif form == "single":
            fields[name] = (*fields.get(name, ()), value)
        elif isinstance(fields.get(name), Things) and isinstance(value, Things):  # predicates stood before
            narrowed = _narrowed(value, fields[name])
            if narrowed is None:
                return None
            fields[name] = narrowed
        else:
            fields[name] = value
    goal = fields.pop("goal", None)
    if "steps" in names:
        steps = tuple(None if step is None else _whole_thing(step) for step in parts.steps)
        if any(step is None and text is not None for step, text in zip(steps, parts.steps, strict=True)) or not steps:
            return None
        if goal is not None and goal != steps[-1]:
            return None
        fields["steps"] = steps
    elif parts.steps:
        return None
    if not _add_unit(fields, names, parts) or not _add_times(fields, names, view, parts):
        return None
    if parts.noted and not parts.noted <= set(getattr(operator_modules()[rule.name], "NOTES", ())):
        return None
    for name, value in fields.items():
        if value == NOW and view is not None and "start" not in names:
            fields[name] = view
    needed = rule.phrasing.situated or any(things.side for things in things_in(fields))
    used = view is None or view in fields.values()
    if view is not None and needed:
        fields["view"], used = view, True
    misplaced = not used or (rule.phrasing.situated and fields.get("view") is None)
    try:
        query = rule.operator(**fields, options=options)
    except ValidationError:
        return None
    return Reading(query, sum(is_new(things.label) for things in things_in(query)), misplaced)


def things_in(record: FrozenRecord | dict[str, Any]) -> Iterator[Things]:
    """Yield all selections of things in a query, those inside others too."""
    values = record.values() if isinstance(record, dict) else [getattr(record, name) for name in type(record).model_fields]
    if isinstance(record, Things):
        yield record
    for value in values:
        for part in value if isinstance(value, tuple) else (value,):
            for inner in part if isinstance(part, tuple) else (part,):
                if isinstance(inner, FrozenRecord):
                    yield from things_in(inner)


def is_new(label: str) -> bool:
    """Tell whether a label is a word that no vocabulary holds."""
    from ..words import NAMES, NOUNS, THING

    return label not in NAMES and label != THING and not all(w in NOUNS or w in NAMES for w in label.split())


def _whole_thing(text: str) -> Things | None:
    phrases = Phrases(tuple(re.findall(r"[\w'-]+", text)))
    return next((things for things, end in phrases.things(0) if end == len(phrases.tokens)), None)


def _narrowed(things: Things | None, more: Things) -> Things | None:
    """Return a selection with the predicates of another; None where both set the same."""
    if things is None:
        return more
    added = {name: getattr(more, name) for name in more.model_fields_set - {"label"}}
    if any(getattr(things, name) is not None for name in added):
        return None
    return things.model_copy(update=added)


def _add_unit(fields: dict[str, Any], names: dict, parts: Adjuncts) -> bool:
    if parts.unit is None:
        return True
    if "unit" not in names or "unit" in fields or parts.unit not in get_args(names["unit"].annotation):
        return False
    fields["unit"] = parts.unit
    return True


def _add_times(fields: dict[str, Any], names: dict, view: Viewpoint | None, parts: Adjuncts) -> bool:
    """Put the times into the fields for them; False where they would be left unused, or are missing."""
    spans = {"start", "end"} <= set(names) and "facing" not in names
    if spans and len(parts.times) == 2:
        fields["start"], fields["end"] = parts.times
        return True
    if spans and (parts.times or names["start"].is_required()):
        return False
    if len(parts.times) > 1 or (parts.times and view is not None):
        return False
    if parts.times:
        moved = [name for name, value in fields.items() if value == NOW]
        for name in moved or ["view"]:
            fields[name] = parts.times[0]
    return True


def _reason(question: str) -> str:
    words = re.findall(r"[^\W\d_][\w'’-]*", question.lower())
    strange = [word for word in dict.fromkeys(words) if word not in _known_words() and singular(word) not in _known_words()]
    if strange:
        return f"I do not understand {listed([repr(word) for word in strange[:6]])} in this question."
    return "I know these words, but I do not understand what the question asks for."


@cache
def _known_words() -> frozenset[str]:
    from ..words import ATTRIBUTES, COLOURS, NAMES, NOUNS, ROOMS

    names = {word for name in (*NAMES, *NOUNS, *ROOMS) for word in name.split()}
    templates = [rule.node for rule in rules()] + [compiled(text, SITUATED) for _, text in CLAUSES]
    return frozenset(names | FUNCTION | COLOURS | {word for node in templates for word in literals(node)}) - ATTRIBUTES
