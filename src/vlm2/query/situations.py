"""Someone's place in their own words: "I am sitting on the couch, facing the tv, with a door on my left."."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from .clauses import CLAUSES, MACROS
from .phrases import Phrases
from .template import Bindings, Node, compiled, first_words, match, skip
from .things import Things, Viewpoint

ANOTHER = frozenset(["a", "an", "another"])  # chair that someone on a chair faces: no viewpoint tells the two apart
GROUND = frozenset(["floor", "ground"])  # everybody is there
SEVERAL_SIDES = {"both": ("left", "right")}


@dataclass(frozen=True)
class _Place:
    """The place that the clauses until now describe."""

    at: Things | None = None
    facing: Things | None = None
    cues: tuple[tuple[str, Things], ...] = ()


@cache
def _clauses() -> tuple[tuple[str, Node], ...]:
    return tuple((kind, compiled(template, MACROS)) for kind, template in CLAUSES)


def situations(phrases: Phrases, start: int) -> Iterator[tuple[Viewpoint, int]]:
    """Yield the viewpoints that a text describes from `start` on, each with the position behind it, longest first."""
    found: dict[int, Viewpoint] = {}
    for said, end in _from(phrases, start, _Place(), set()):
        if said.at is not None or said.facing is not None:
            found.setdefault(end, Viewpoint(at=said.at, facing=said.facing, cues=said.cues))
    for end in sorted(found, reverse=True):
        yield found[end], end


def _from(
    phrases: Phrases, start: int, before: _Place, seen: set[tuple[_Place, int]], goes_on: bool = False
) -> Iterator[tuple[_Place, int]]:
    """Yield the places that more and more clauses describe, each with the position behind it, and none that was
    `seen` before; the text `goes_on` where a clause stands before."""
    begin = skip(phrases.tokens, start)
    first = phrases.tokens[begin:][:1]
    if first == ("if",) and before != _Place():
        return  # another place
    for kind, clause in _clauses():
        if (words := first_words(clause)) is not None and not words.issuperset(first):
            continue
        for bound, end in match(clause, phrases.tokens, begin, lambda name, at: _read(phrases, name, at)):
            said = None if kind == "first" and begin and not goes_on else _with(before, kind, bound)
            another = kind == "face" and before != _Place() and ANOTHER & set(phrases.tokens[begin:end])
            if said is None or end == begin or (another and said.facing == said.at) or (said, end) in seen:
                continue
            seen.add((said, end))
            yield from _from(phrases, end, said, seen, goes_on=True)
            yield said, end


def _read(phrases: Phrases, name: str, at: int) -> Iterator[tuple[Any, int]]:
    if name == "side":
        yield from phrases.side(at, told=True)
    elif name == "object":
        yield from phrases.things(at, loose=True)
    else:
        found = phrases.several(at, loose=True) if name == "cues" else phrases.things(at, loose=True)
        yield from ((things, end) for things, end in found if not _has_side(things))


def _with(before: _Place, kind: str, bound: Bindings) -> _Place | None:
    """Return a place with one more clause; None where the same is given twice."""
    things = [value for name, value in bound if name in ("at", "face", "cue")]
    things += [thing for name, value in bound if name == "cues" for thing in value]
    sides = [value for name, value in bound if name == "side"]
    if kind == "nothing":
        return before
    if kind == "it":
        known = before.at is None or before.facing not in (None, before.at)
        return None if known else replace(before, facing=before.at)
    if kind == "face":
        known = before.facing is not None and before.facing != before.at
        more = tuple(("front", thing) for thing in things[1:])
        return None if known else replace(before, facing=things[0], cues=(*before.cues, *more))
    if kind in ("act", "first") and before.at is not None:
        return None if before.facing is not None else replace(before, facing=things[0])
    if kind in ("at", "before", "act", "first"):
        facing = before.facing or (None if kind == "at" else things[0])
        nowhere = before.at is not None or things[0].label in GROUND
        return None if nowhere else replace(before, at=things[0], facing=facing)
    if kind == "back":
        sides = ["back"]
    elif kind == "own":
        things = [before.at] if before.at and before.at not in [thing for _, thing in before.cues] else []
    elif kind == "other":
        known = {thing.label for thing in (before.at, before.facing) if thing is not None}
        things = [Things(label=label) for label in known if len(known) == 1]
    if not things:
        return None
    return replace(before, cues=(*before.cues, *_cues(things, sides)))


def _cues(things: list[Things], sides: list[str]) -> Iterator[tuple[str, Things]]:
    """Yield things with their sides: each with its own, or all with the same, "either side" being two."""
    for at, thing in enumerate(things):
        side = sides[min(at, len(sides) - 1)]
        for one in SEVERAL_SIDES.get(side, (side,)):
            yield one, thing


def _has_side(things: object) -> bool:
    parts = things if isinstance(things, tuple) else (things,)
    own = [part for part in parts if isinstance(part, Things)]
    return any(part.side is not None or (part.place is not None and _has_side(part.place.to)) for part in own)
