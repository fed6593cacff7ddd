"""Where someone says that they are: "I am sitting on the couch, facing the tv, with a door on my left."."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from .phrases import Phrases
from .template import Bindings, Node, compiled, match, skip
from .things import Things, Viewpoint

MACROS = (
    ("me", "[(if|when|whenever|while|say|suppose|imagine|picture|assume|and|that|as|where|now)] (i am|i was|i|me|you are|you|we are|someone|my place is|here i am|i have|i have just|i walked up and|someone is)"),
    ("do", "(standing|stand|stood|sitting|sit|seated|sat|lying|lie|laying|resting|waiting|stopped|stop|positioned|placed|crouching|kneeling|leaning|beginning|starting|working|sleeping|relaxing|reading|located|stopping) [up|down|still|right|here|over|back|alone]"),
    ("near", "(by|at|beside|next to|near|close to|against|on|in|inside|on top of|right by|right next to|along)"),
    ("look", "(facing|face|faces|looking at|looking to|looking toward|looking towards|looking straight at|look at|look to|look towards|looks at|watching|watch|staring at|turned to|pointed at|oriented towards|eyes on|my eyes on|my face to|facing towards|facing toward|to face|look straight at|watched)"),
    ("have", "[(with|while|and|where|when|as|but)] [(having|i have|i see|there is|there are|have)]"),
)  # fmt: skip
CLAUSES: tuple[tuple[str, str], ...] = (
    ("at", "<me> [<do>] <near> {at}"),
    ("at", "<do> <near> {at}"),
    ("at", "[(seen|viewed|looking|when i look|as seen)] from {at}"),
    ("at", "(using|<me> using) {at}"),
    ("before", "<me> [<do>] [right] (in front of|before) {at}"),
    ("before", "<do> [right] (in front of|before) {at}"),
    (
        "before",
        "<me> (opening|closing|pushing|pulling|cleaning|wiping|locking|touching|examining|searching|checking) {at}",
    ),
    ("face", "[(and|while|with|that|then|as)] [<me>] [<do>] [and] <look> {face}"),
    ("face", "[and] [with] {face} [is] (straight|right|directly) ahead [of me]"),
    ("cue", "<have> {cue} [(is|are|being)] [right|located|placed] {side}"),
    ("cue", "[and|with] {side} [(is|are|there is|there are|i have)] {cue}"),
)


@cache
def _clauses() -> tuple[tuple[str, Node], ...]:
    return tuple((kind, compiled(template, MACROS)) for kind, template in CLAUSES)


def situations(phrases: Phrases, start: int) -> Iterator[tuple[Viewpoint, int]]:
    """Yield the viewpoints that a text says from a place on, each with the place behind it, the longest first."""
    found = {end: view for view, end in _from(phrases, start, None)}
    for end in sorted(found, reverse=True):
        yield found[end], end


def _from(phrases: Phrases, start: int, before: Viewpoint | None) -> Iterator[tuple[Viewpoint, int]]:
    begin = skip(phrases.tokens, start)
    seen: set[tuple[str, int]] = set()
    for kind, clause in _clauses():
        for bound, end in match(clause, phrases.tokens, begin, lambda name, at: _read(phrases, name, at)):
            view = _with(before, kind, bound)
            if view is None or (repr(view), end) in seen:
                continue
            seen.add((repr(view), end))
            yield from _from(phrases, end, view)
            yield view, end


def _read(phrases: Phrases, name: str, at: int) -> Iterator[tuple[object, int]]:
    if name == "side":
        return phrases.side(at)
    return phrases.things(at, loose=name == "cue")


def _with(before: Viewpoint | None, kind: str, bound: Bindings) -> Viewpoint | None:
    """Return a viewpoint with one more clause; None where it says the same twice, or begins with a mere cue."""
    values = dict(bound)
    thing = next((value for value in values.values() if isinstance(value, Things)), None)
    if kind == "cue":
        if before is None:
            return None
        return before.model_copy(update={"cues": (*before.cues, (values["side"], thing))})
    if kind == "face":
        if before is None:
            return Viewpoint(facing=thing)
        known = before.facing is not None and before.facing != before.at
        return None if known else before.model_copy(update={"facing": thing})
    if before is not None and before.at is not None:
        return None
    facing = before.facing if before else None
    cues = before.cues if before else ()
    return Viewpoint(at=thing, facing=facing or (thing if kind == "before" else None), cues=cues)
