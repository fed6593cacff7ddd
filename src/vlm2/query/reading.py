"""One reading of a question: the query that a matched phrasing and what stands beside it make together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import ValidationError

from .adjuncts import Adjuncts
from .calls import call_of
from .phrases import Phrases
from .query import Phrasing, Query
from .template import Bindings, Node
from .things import NOW, Things, Viewpoint, things_in
from .words import NAMES, NOUNS, THING

STOP = re.compile(
    r"^(?:past |passing )?(?:(?:the |a )?(?:corner|edge|end|foot|middle|side) of )?(.*?)"
    r"(?: (?:is )?(?:on|at|to) (?:your|the) (?:left|right)(?: side)?)?$"
)
"""Where one stops on a way: at a thing, at a part of it, when past it, or when it is on a side."""
MYSELF = frozenset(["i", "me", "my"])


@dataclass(frozen=True)
class Rule:
    """A phrasing of an operator, compiled; `notes` are the remarks that the operator fulfils anyway."""

    operator: type[Query]
    phrasing: Phrasing
    node: Node
    notes: frozenset[str]

    def takes(self, field: str, kind: type) -> bool:
        """Tell whether a field of the operator may hold values of a type."""
        info = self.operator.model_fields.get(field)
        return info is not None and kind in (info.annotation, *get_args(info.annotation), _origin(info.annotation))


@dataclass(frozen=True)
class Reading:
    """A query, and whether it leaves a situation unused or lacks one."""

    query: Query
    misplaced: bool

    @property
    def cost(self) -> tuple[int, int, int]:
        """The cost of this reading, which is compared with others. Names that nobody knows count first. A
        misplaced situation counts next, as does a side given for a cup and not for the desk that it is on. The length
        of the query counts last."""
        things = list(things_in(self.query))
        apart = sum(part.place is not None and part.side is not None for part in things)
        return sum(is_new(part.label) for part in things), self.misplaced + apart, len(call_of(self.query))


def reading_of(
    rule: Rule,
    bound: Bindings,
    view: Viewpoint | None,
    parts: Adjuncts,
    options: tuple[str, ...],
    must_use: bool = False,
) -> Reading | None:
    """Return the reading of a match; None where a part of the question would be left unused. A situation before a
    question may go unused; one that follows it (`must_use`) may not."""
    fields = _bind(rule, bound)
    ready = (
        fields is not None
        and parts.noted <= rule.notes
        and _add_steps(fields, rule, parts)
        and _add_unit(fields, rule, parts)
        and _add_times(fields, rule, view, parts)
    )
    if fields is None or not ready or (view is not None and rule.phrasing.situated is False):
        return None
    sided = any(things.side for things in things_in(fields))
    if sided and view is None and not parts.times and not MYSELF & set(parts.tokens):
        return None  # "the chair on the left": of whom?
    if view is not None:
        moved = [name for name, value in fields.items() if value == NOW]
        fields |= dict.fromkeys(moved, view)
        if rule.phrasing.situated or sided:
            fields["view"] = view
    unused = view is not None and view not in fields.values()
    if unused and must_use:
        return None
    try:
        query = rule.operator(**fields, options=options)
    except ValidationError:
        return None
    return Reading(query, unused or bool(rule.phrasing.situated and query.view is None))


def slot_parts(slot: str) -> tuple[str, str, str]:
    """Return a slot's mark ("+" for predicates, "!" for at least one), its field's name, and its form ("single" for one
    of several, "kind" for things of a named kind)."""
    mark = slot[0] if slot[0] in "+!" else ""
    name, _, form = slot[len(mark) :].partition(":")
    return mark, name, form


def _bind(rule: Rule, bound: Bindings) -> dict[str, Any] | None:
    """Return the fields that the slots fill; predicates narrow the selection that they stand by."""
    fields: dict[str, Any] = dict(rule.phrasing.fields)
    for slot, value in bound:
        mark, name, form = slot_parts(slot)
        before = fields.get(name)
        if value is None:
            continue  # what is read, and tells nothing
        if form == "single":
            fields[name] = (*(before or ()), value)
        elif isinstance(before, Things) and isinstance(value, Things):
            narrowed = _narrowed(before, value) if mark else _narrowed(value, before)
            if narrowed is None:
                return None
            fields[name] = narrowed
        else:
            fields[name] = value
    return fields


def _narrowed(things: Things, more: Things) -> Things | None:
    """Return a selection with the predicates of another; None where both set the same."""
    added = {name: getattr(more, name) for name in more.model_fields_set - {"label"}}
    if any(getattr(things, name) is not None for name in added):
        return None
    return things.model_copy(update=added)


def _add_steps(fields: dict[str, Any], rule: Rule, parts: Adjuncts) -> bool:
    goal = fields.pop("goal", None)
    if not rule.takes("steps", tuple):
        return not parts.steps
    steps = [None if text is None else _whole(STOP.sub(r"\1", text)) for text in parts.steps]
    understood = all(step is not None or text is None for step, text in zip(steps, parts.steps, strict=True))
    if not steps or not understood:
        return False
    if goal is not None and steps[-1] is None:
        steps.append(goal)  # the last turn is the one towards it
    fields["steps"] = tuple(steps)
    last = steps[-1]
    return goal is None or (last is not None and last.label in (goal.label, *goal.label.split()[-1:]))


def _whole(text: str) -> Things | None:
    phrases = Phrases(tuple(re.findall(r"[\w'-]+", text)))
    return next((things for things, end in phrases.things(0) if end == len(phrases.tokens)), None)


def _add_unit(fields: dict[str, Any], rule: Rule, parts: Adjuncts) -> bool:
    if parts.unit is None:
        return True
    units = get_args(rule.operator.model_fields["unit"].annotation) if "unit" in rule.operator.model_fields else ()
    if "unit" in fields or parts.unit not in units:
        return False
    fields["unit"] = parts.unit
    return True


def _add_times(fields: dict[str, Any], rule: Rule, view: Viewpoint | None, parts: Adjuncts) -> bool:
    """Put the times where they belong: a start and an end, or the moment that is "me" or the viewpoint."""
    if rule.takes("start", Viewpoint):
        required = rule.operator.model_fields["start"].is_required()
        if len(parts.times) == 2:
            fields |= {"start": parts.times[0], "end": parts.times[1]}
        return len(parts.times) == 2 or not (parts.times or required)
    if not parts.times:
        return True
    if len(parts.times) > 1 or view is not None:
        return False
    moved = [name for name, value in fields.items() if value == NOW] or ["view"]
    fields |= dict.fromkeys(moved, next(iter(parts.times)))
    return True


def is_new(label: str) -> bool:
    """Tell whether no vocabulary holds a label."""
    return label not in NAMES and label != THING and not all(word in NOUNS or word in NAMES for word in label.split())


def _origin(annotation: Any) -> Any:
    return getattr(annotation, "__origin__", None)
