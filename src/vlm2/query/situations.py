"""Where someone says that they are: "I am sitting on the couch, facing the tv, with a door on my left."."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from .phrases import Phrases
from .template import Bindings, Node, compiled, match, skip
from .things import Things, Viewpoint

MACROS = (
    (
        "me",
        "[(if|when|whenever|while|say|suppose|imagine|picture|assume|and|that|as|where|now)] "
        "(i am|i was|i|me|you are|you|we are|someone [is]|my place is|here i am|i have [just])",
    ),
    (
        "do",
        "(stand|standing|stood|sit|sitting|seated|sat|lie|lying|laying|rest|resting|wait|waiting|stop|stopped|stopping|"
        "crouching|kneeling|leaning|beginning|starting|working|walking|sleeping|relaxing|reading) "
        "[up|down|still|right|here|over|back|alone]",
    ),
    (
        "near",
        "(by|at|[right] beside|[right] next to|near|close to|against|on [top of]|in|inside|along|over|towards|to)",
    ),
    (
        "look",
        "(facing|face|faces|to face|watching|watch|watched|see|turned to|pointed at|facing (towards|toward)|"
        "(looking|look|looks) [straight|dead|over] (at|to|toward|towards)|(staring|stare) (at|out)|"
        "[with] [my] (eyes on|face to))",
    ),
    ("reach", "within [my] (reach|arms reach|arm's reach)"),
    ("have", "[(with|while|and|where|when|as|but)] [(having|i have|i see|there is|there are|have)]"),
    ("hang", "[(right|located|placed|hanging|standing)]"),
)
HANDLE = (
    "(opening|closing|pushing|pulling|cleaning|wiping|locking|touching|examining|searching|checking|fixing|washing|"
    "picking up|lifting|putting down|moving|(writing|drawing) on|washing my (hands|face|dishes) (at|in)|"
    "(throwing|putting|dumping) [a|some|my] (trash|garbage|litter|paper|rubbish) (in|into|away in))"
)
CLAUSES: tuple[tuple[str, str], ...] = (
    ("at", "<me> [<do>] <near> {at}"),
    ("at", "[(and|while|with)] <do> <near> {at}"),
    ("at", "[(seen|viewed|looking|when i look|as seen)] from {at}"),
    ("at", "[<me>] using {at}"),
    ("at", "<me> (getting|taking|walked [up] to) {at}"),
    ("at", "[and] [with] {at} (beside|next to) me"),
    ("before", "<me> [<do>] [right] (in front of|before) {at}"),
    ("before", "<do> [right] (in front of|before) {at}"),
    ("before", f"<me> {HANDLE} {{at}}"),
    ("face", "[(and|while|with|that|then|as|but)] [<me>] [<do>] [and] <look> {face}"),
    ("face", "[and] [with] {face} [is] [(straight|right|directly)] (ahead|in front) [of me]"),
    ("it", "[(and|while|but)] <look> it"),
    ("cue", "<have> {cue} [(is|are|being)] <hang> {side} [<reach>]"),
    ("cue", "<have> {cues} [(is|are|being)] <hang> {side} [<reach>]"),
    ("cue", "[and|with] {side} [<reach>] [(is|are|there is|there are|i have)] {cue} [<reach>]"),
    ("own", "{side} [<reach>]"),
)
"""What a clause says: someone is at a thing; before it, so facing it; faces a thing, or "it", what they are at; has
things on a side; or has the thing that they are at there."""

ANOTHER = frozenset(["a", "an", "another"])  # chair that someone on a chair faces: no viewpoint tells the two apart


@cache
def _clauses() -> tuple[tuple[str, Node], ...]:
    return tuple((kind, compiled(template, MACROS)) for kind, template in CLAUSES)


def situations(phrases: Phrases, start: int) -> Iterator[tuple[Viewpoint, int]]:
    """Yield the viewpoints that a text says from a place on, each with the place behind it, the longest first."""
    found: dict[int, Viewpoint] = {}
    for view, end in _from(phrases, start, None):
        found.setdefault(end, view)
    for end in sorted(found, reverse=True):
        yield found[end], end


def _from(phrases: Phrases, start: int, before: Viewpoint | None) -> Iterator[tuple[Viewpoint, int]]:
    begin = skip(phrases.tokens, start)
    seen: set[tuple[str, int]] = set()
    for kind, clause in _clauses():
        for bound, end in match(clause, phrases.tokens, begin, lambda name, at: _read(phrases, name, at)):
            view = _with(before, kind, bound)
            another = kind == "face" and before is not None and ANOTHER & set(phrases.tokens[begin:end])
            if view is None or (another and view.facing == view.at) or (repr(view), end) in seen:
                continue
            seen.add((repr(view), end))
            yield from _from(phrases, end, view)
            yield view, end


def _read(phrases: Phrases, name: str, at: int) -> Iterator[tuple[Any, int]]:
    if name == "side":
        return phrases.side(at)
    found = phrases.several(at, loose=True) if name == "cues" else phrases.things(at, loose=True)
    return ((things, end) for things, end in found if not _has_side(things))


def _with(before: Viewpoint | None, kind: str, bound: Bindings) -> Viewpoint | None:
    """Return a viewpoint with one more clause; None where it says the same twice, or begins with a mere cue."""
    values = dict(bound)
    listed = values.get("cues") or tuple(value for value in values.values() if isinstance(value, Things))
    if kind in ("cue", "own", "it"):
        if before is None or (kind != "cue" and before.at is None):
            return None
        if kind == "it":
            return None if before.facing not in (None, before.at) else before.model_copy(update={"facing": before.at})
        new = tuple((values["side"], thing) for thing in (listed or (before.at,)))
        return before.model_copy(update={"cues": (*before.cues, *new)})
    (thing,) = listed
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


def _has_side(things: object) -> bool:
    parts = things if isinstance(things, tuple) else (things,)
    own = [part for part in parts if isinstance(part, Things)]
    return any(part.side is not None or (part.place is not None and _has_side(part.place.to)) for part in own)
