"""The pieces of the camera's path that a result joins. How two of them lie to each other is a guess.

The camera is in one piece at a time, and a thing is in the pieces whose keyframes show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..objects.object_map import ObjectMap
from ..objects.result import Result
from ..objects.track import Track
from .query import NoAnswer, Query, clock
from .selection import is_moment, select
from .things import NOW, Things, Viewpoint, things_in
from .viewpoint import time_of

LOST = 0.5  # factor of the confidence where the camera was lost between the things' views


def doubted(query: Query, result: Result, map: ObjectMap) -> Result:
    """Return a result with less confidence, and the reason in words, where it joins pieces of the path.

    All places of a query that relates things must be in one piece. For another query, each thing of the result must
    share a piece with what it was selected by: with the viewpoint, and with the things whose place tells its own.
    """
    if result.value is None or not map.path.lost:
        return result
    moments = list(_moments(query))
    try:
        fixed = [{map.path.piece(time_of(map, view))} for view in moments] + list(_bases(query, map))
    except NoAnswer:
        return result  # the result is that there is no such place
    things = [_pieces(map, [track]) for track in map.tracks if track.id in result.tracks and track.views]
    groups = [[*things, *fixed]] if query.relates else [[thing, *fixed] for thing in things]
    if all(set.intersection(*group) for group in groups if group):
        return result
    between = "from the camera" if moments and things else "to each other"
    return lost(result, map, f"where these {'things' if things else 'places'} lie {between}")


def lost(result: Result, map: ObjectMap, guessed: str) -> Result:
    """Return a result with less confidence: the camera was lost, and `guessed` is a guess."""
    moments = ", ".join(clock(time) for time in map.path.lost)
    sentence = f"{result.sentence} The camera was lost at {moments}, and {guessed} is a guess."
    return result.model_copy(update={"sentence": sentence, "confidence": LOST * result.confidence})


def _moments(query: Query) -> Iterator[Viewpoint]:
    """Yield the moments of the camera that a query is asked from."""
    given = [value for value in dict(query).values() if isinstance(value, Viewpoint)]
    yield from filter(is_moment, given)
    if query.view is None and (query.here or any(things.side for things in things_in(query))):
        yield NOW


def _bases(query: Query, map: ObjectMap) -> Iterator[set[int]]:
    """Yield the pieces of the things that tell where someone is, or where other things are, or that are compared."""
    for value in dict(query).values():
        if isinstance(value, Viewpoint):
            where = (value.at, value.facing, *(things for _, things in value.cues))
            yield from (_pieces(map, select(map, things)) for things in where if things is not None)
        elif query.relates and isinstance(value, tuple):
            yield from (_pieces(map, select(map, things)) for things in value if isinstance(things, Things))
    for things in things_in(query):
        for base in things.place.to if things.place else ():
            yield _pieces(map, select(map, base, query.view))


def _pieces(map: ObjectMap, tracks: Iterable[Track]) -> set[int]:
    """Return the pieces that show any of some things; all pieces where no keyframe is known."""
    return {map.path.piece(view.time) for track in tracks for view in track.views} or set(map.path.pieces)
