"""Which tracks a selection of things means."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeGuard

import numpy as np
from jaxtyping import Float64

from ..encoders.detectors.yolox import COVERED
from ..objects.box_measures import point_box_distance, sides, span, stands_over
from ..objects.object_map import ObjectMap
from ..objects.track import Track
from ..scenes.box_geometry import box_distances
from ..scenes.record import Box, Room
from .query import Doubtful, NoAnswer, NoneSuch, chance_less, clock
from .sight import in_sight
from .things import NOW, Extreme, Place, Spot, Things, Viewpoint
from .viewpoint import eye_of, on_side
from .words import ROOMS, STRUCTURE, THING, a, is_plural, listed, plural, same_things, singular, the_room

RESTING = 0.03  # metres between a thing's bottom and the top that it rests on, at most
OVERHANG, OFF_WALL = 0.05, 0.15  # metres that a thing's middle may lie outside what it is on, what it is above
BESIDE, NEAR = 0.5, 1.5  # metres of free space to what a thing is next to, and near to, at most
RIVAL = 0.5  # of the label's certainty of what is probably meant, from which on another thing may be meant as well
DOUBT_SHARE, DOUBT_EVIDENCE = 0.35, 0.3  # of a label in the evidence, and for it: more leave a doubt
ASIDE = 0.75  # metres off the line between two things of what is between them, at most
VOLUMES = ("largest", "smallest")  # compare volumes
MEASURES: dict[Extreme, tuple[int, Callable[[Box], float]]] = {
    "largest": (1, lambda box: math.prod(box.size)), "smallest": (-1, lambda box: math.prod(box.size)),
    "longest": (1, lambda box: sides(box)[0]), "widest": (1, lambda box: sides(box)[0]),
    "narrowest": (-1, lambda box: sides(box)[0]), "tallest": (1, lambda box: sides(box)[2]),
    "shortest": (-1, lambda box: sides(box)[2]), "highest": (1, lambda box: span(box)[1]),
    "lowest": (-1, lambda box: span(box)[1]), "roundest": (-1, lambda box: sides(box)[0] / max(sides(box)[1], 1e-6)),
}  # fmt: skip
"""What a superlative compares, and whether it means the most (1) or the least (-1) of it. "Highest" is about tops."""


def select(map: ObjectMap, things: Things, view: Viewpoint | None = None) -> list[Track]:
    """Return the tracks that a selection means; those in the picture where the viewpoint is a time. Raises NoAnswer
    where there is none."""
    found = labelled(map, things.label)
    if things.colour:
        found = [track for track in found if same_colour(track, things.colour)]
    if things.room:
        names = {room.name for room in rooms(map, things.room)}
        found = [track for track in found if map.room_of(track) in names]
    if things.place and found:
        found = placed(map, things.place, found, view)
    if things.side and found:
        found = on_side(map, view or NOW, things.side, found, named=things.label != THING)
    if found and is_moment(view) and not things.side:
        found = in_sight(map, view, found)
    if not found:
        then = " then" if is_moment(view) else ""
        raise NoneSuch(f"I have not seen {a(things.phrase, things.label)}{then}.")
    if things.size:
        sign, measure = MEASURES[things.size]
        found = [max(found, key=lambda track: sign * measure(track.box))]
    return [_by_order(found, things)] if things.order else found


def one(map: ObjectMap, things: Things, view: Viewpoint | None = None) -> tuple[Track, bool]:
    """Return the track that a selection of one thing means, and whether others could be meant as well.

    If there are several, it is the one with the most evidence, then the one seen largest. Things whose labels are far
    less certain than its own are not meant.
    """
    found = seen_then(map, things, view)
    best = max(found, key=lambda track: (track.evidence, max((v.share for v in track.views), default=0.0)))
    return best, sum(track.label_confidence >= RIVAL * best.label_confidence for track in found) > 1


def seen_then(map: ObjectMap, things: Things, view: Spot | None) -> list[Track]:
    """Return what a selection means, where the viewpoint is a time: of several things, those in the picture."""
    if isinstance(view, Things) or not is_moment(view):
        return select(map, things, view if isinstance(view, Viewpoint) else None)
    found = select(map, things, view if things.side else None)
    return (in_sight(map, view, found, hidden=True) if len(found) > 1 else []) or found


def chance_of_most(ranked: Sequence[Track], by: Extreme) -> float:
    """Return the probability that the first of some things is more of something than the second, as it was measured."""
    if len(ranked) < 2:
        return 1.0
    measure, first = MEASURES[by][1], ranked[0].box
    edge = max(first.size) ** 2 if by in VOLUMES else 1.0
    spread = edge * math.hypot(*(track.size_std for track in ranked[:2]))
    return chance_less(abs(measure(first) - measure(ranked[1].box)), spread)


def chance_selected(map: ObjectMap, things: Things, view: Viewpoint | None = None) -> float:
    """Return the probability that the largest thing, or the like, is the one that was measured as such."""
    if things.size is None:
        return 1.0
    sign, measure = MEASURES[things.size]
    try:
        all_alike = select(map, things.model_copy(update={"size": None, "order": None}), view)
    except NoAnswer:  # a thing by which someone stands is seen from nowhere
        return 1.0
    return chance_of_most(sorted(all_alike, key=lambda track: -sign * measure(track.box)), things.size)


def is_moment(view: Viewpoint | None) -> TypeGuard[Viewpoint]:
    """Tell whether a viewpoint is the camera's at a time."""
    return view is not None and view.at is None and view.facing is None


def which(things: Things, found: int | bool) -> str:
    """Return the words that say that a thing was not the only one of its kind; nothing where it was."""
    return f" There are several {plural(things.label)}; say which one you mean." if found else ""


def called(things: Things, track: Track) -> str:
    """Return what to call a track that a selection found: as it was asked for."""
    if things.label == THING:
        return track.label
    return track.label if things == Things(label=singular(track.label)) else things.phrase


def labelled(map: ObjectMap, label: str) -> list[Track]:
    """Return the tracks with a label or another name of it. Raises NoAnswer where there are none."""
    live = [track for track in map.tracks if track.status != "removed"]
    if label == THING:
        return [track for track in live if track.label not in STRUCTURE]
    own, names = singular(label.lower()), same_things(label.lower())
    named = [(track, singular(track.label.lower())) for track in live]
    found = [t for t, name in named if name == own] or [t for t, name in named if name in names]
    if found:
        return found
    if own in STRUCTURE or own in ROOMS:
        raise NoAnswer("unsupported", f"I keep no track of {plural(own)} as things.")
    _doubt(map, label, names)
    known = {singular(name.lower()) for name in (*map.vocabulary, *map.counts)}
    if names & known:
        raise NoAnswer("not_seen", f"I have not seen {a(label)}.")
    if (kind := own.rpartition(" ")[2]) != own and same_things(kind) & known:
        others = plural(kind)
        raise NoAnswer("unknown_label", f"I do not tell {plural(own)} from other {others}; ask about {others}.")
    raise NoAnswer("unknown_label", f"I do not know what {a(label)} {'look' if is_plural(label) else 'looks'} like.")


def _doubt(map: ObjectMap, label: str, names: frozenset[str]) -> None:
    """Raise Doubtful if something was seen that is likely such a thing, but too rarely or too faintly to be sure. Also
    if a thing was seen whose label covers this one, so that detectors do not tell them apart."""
    likely = [t for t in map.possible if t.label_confidence >= DOUBT_SHARE and t.evidence >= DOUBT_EVIDENCE]
    named = [t for t in map.tracks if t.status != "removed" and t.label_confidence < 1.0]  # not from the truth
    covering = {COVERED[name] for name in names & COVERED.keys()}
    for kinds, tracks in ((names, likely), (covering, named + likely)):
        for track in sorted(tracks, key=lambda track: -track.evidence):
            if singular(track.label.lower()) in kinds and track.views:
                best = max(track.views, key=lambda view: view.share)
                there = f"at {clock(best.time)}" if kinds is names else f"the {track.label} at {clock(best.time)}"
                raise Doubtful(f"I am not sure that I have seen {a(label)}: perhaps {there}.", best)


def rooms(map: ObjectMap, name: str) -> list[Room]:
    """Return the rooms of a name or kind. Raises NoAnswer where there is none."""
    kind, _, number = name.rpartition(" ")
    found = [room for room in map.floor.rooms if name in (room.name, room.kind)]
    if not found and number.isdecimal():
        alike = [room for room in map.floor.rooms if room.kind == kind]
        found = alike[int(number) - 1 : int(number)] if int(number) else []
    if not found:
        known = listed([the_room(room.name) for room in map.floor.rooms])
        seen = the_room(name) if number.isdecimal() else a(name)
        raise NoAnswer("not_seen", f"I have not seen {seen}; the rooms that I know: {known}.")
    return found


def together(map: ObjectMap, name: str | None) -> str:
    """Return the words that a room's name stands for several rooms, "the 2 bedrooms together"; nothing if for one."""
    found = rooms(map, name) if name else []
    return f"the {len(found)} {plural(found[0].kind)} together" if len(found) > 1 else ""


def same_colour(track: Track, colour: str) -> bool:
    """Tell whether a thing has a colour, as far as its words say."""
    spelt = {"gray": "grey"}
    return bool(track.colours) and spelt.get(colour, colour) in {spelt.get(word, word) for word in track.colours}


def placed(map: ObjectMap, place: Place, tracks: Sequence[Track], view: Viewpoint | None = None) -> list[Track]:
    """Return those of some tracks that are at a place relative to other things."""
    bases = [select(map, things, view) for things in place.to]
    if place.kind == "between":
        first, second = (base[0] for base in bases) if len(bases) == 2 else (bases[0][0], bases[0][-1])
        return [track for track in tracks if track not in (first, second) and _is_between(track, first, second)]
    ids = {base.id for base in bases[0]}
    others = [track for track in tracks if track.id not in ids]
    if place.kind in ("nearest_to", "farthest_from"):
        sign = 1 if place.kind == "nearest_to" else -1
        reach = box_distances([t.box for t in others], [b.box for b in bases[0]]).min(axis=1, initial=np.inf)
        return [others[int((sign * reach).argmin())]] if others else []
    return [track for track in others if any(related(map, place.kind, track, base) for base in bases[0])]


def related(map: ObjectMap, kind: str, track: Track, base: Track) -> bool:
    """Tell whether a thing is on, under, above, inside, beside or near another."""
    (low, high), (base_low, base_high) = span(track.box), span(base.box)
    slack = RESTING + 2 * (track.position_std + base.position_std)
    if kind == "on":
        return abs(low - base_high) <= slack and stands_over(track.box, base.box, OVERHANG)
    if kind == "above":
        same = map.room_of(track) == map.room_of(base) and not related(map, "on", track, base)
        return same and low > base_high - slack / 2 and stands_over(track.box, base.box, OFF_WALL)
    if kind == "under":
        return (
            low < base_low + (base_high - base_low) / 2
            and high < base_high
            and stands_over(track.box, base.box, OVERHANG)
        )
    if kind == "inside":
        return point_box_distance(track.box.center, base.box) == 0.0 and math.prod(track.box.size) < math.prod(
            base.box.size
        )
    if map.room_of(track) != map.room_of(base) or related(map, "on", track, base) or related(map, "on", base, track):
        return False
    return float(box_distances([track.box], [base.box])[0, 0]) <= (BESIDE if kind == "beside" else NEAR)


def distance_to(
    map: ObjectMap, spot: Spot, tracks: Sequence[Track], view: Viewpoint | None = None
) -> tuple[Float64[np.ndarray, " tracks"], list[Track], bool]:
    """Return the distances in metres from a spot to the nearest point of each track; what the spot is; whether it is
    ambiguous."""
    if isinstance(spot, Viewpoint) and spot.at is not None:
        spot, view = spot.at, None
    if isinstance(spot, Viewpoint):
        eye, used = eye_of(map, spot)
        return np.array([point_box_distance(eye, track.box) for track in tracks]), used, False
    base, several = one(map, spot, view)
    return box_distances([base.box], [track.box for track in tracks])[0], [base], several


def length_std(map: ObjectMap, metres: float, *tracks: Track) -> float:
    """Return the standard deviation in metres of a distance between things: of positions, drift, sizes and scale."""
    spread = sum(track.position_std**2 + map.drift_std**2 + (track.size_std / 2) ** 2 for track in tracks)
    return math.sqrt(spread + (map.scale_std * metres) ** 2)


def _by_order(found: Sequence[Track], things: Things) -> Track:
    known = sorted(
        (track for track in found if track.first_seen is not None), key=lambda track: track.first_seen or 0.0
    )
    place = things.order - 1 if things.order and things.order > 0 else things.order or 0
    if not -len(known) <= place < len(known):
        kind = things.label if len(known) == 1 else plural(things.label)
        raise NoAnswer("not_seen", f"I know of {len(known)} {kind} in the order of appearance.")
    return known[place]


def _is_between(track: Track, first: Track, second: Track) -> bool:
    start, end, middle = (np.array(t.box.center[:2]) for t in (first, second, track))
    way = end - start
    share = float(np.dot(middle - start, way) / max(float(np.dot(way, way)), 1e-9))
    return 0.1 <= share <= 0.9 and float(np.linalg.norm(middle - start - share * way)) <= ASIDE
