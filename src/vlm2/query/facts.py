"""The facts of an object map in words, for those who cannot query it: all things in short, and the named ones."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations

from ..objects import ObjectMap, Track
from ..objects.box_measures import sides
from ..objects.floor import room_area
from ..scenes.box_geometry import box_distances
from .operators.where import place_of, room_words
from .query import clock
from .words import STRUCTURE, a, listed, plural, same_things, singular, the_room

MOST_TRACKS, MOST_GAPS = 8, 8  # named things that are described, distances between them
WORD, LONGEST_NAME = re.compile(r"[^\W\d_]+"), 3  # words of a thing's name


def named_tracks(map: ObjectMap, text: str) -> list[Track]:
    """Return the things that a text names, by their labels or their rooms, those with the most evidence first."""
    words = [singular(word) for word in WORD.findall(text.lower())]
    spans = {" ".join(words[i : i + n]) for n in range(1, LONGEST_NAME + 1) for i in range(len(words) - n + 1)}
    found = [t for t in _things(map) if same_things(t.label.lower()) & spans]
    found = found or [t for t in _things(map) if {room_words(map, t), map.room_of(t)} & spans]
    return sorted(found, key=lambda track: -track.evidence)


def facts(map: ObjectMap, named: list[Track]) -> list[str]:
    """Return what the map knows, a sentence each: all things, the rooms, the named things, and how far the named ones
    are apart. Lengths are in metres."""
    counts = Counter(track.label for track in _things(map)).most_common()
    found = [f"Things: {listed([a(name) if n == 1 else f'{n} {plural(name)}' for name, n in counts])}."]
    areas = [f"{room.name} ({room_area(room):.0f} m²)" for room in map.floor.rooms]
    found += [f"Rooms: {listed(areas)}."] if areas else []
    shown = named[:MOST_TRACKS]
    names = _names(shown)
    found += [_described(map, track, names[track.id]) for track in shown]
    pairs = [pair for pair in combinations(shown, 2) if pair[0].label != pair[1].label]
    for one, other in pairs[:MOST_GAPS]:
        gap = float(box_distances([one.box], [other.box])[0, 0])
        found.append(f"From {names[one.id]} to {names[other.id]}: about {gap:.1f} m.")
    return found


def _things(map: ObjectMap) -> list[Track]:
    return [track for track in map.tracks if track.status != "removed" and track.label not in STRUCTURE]


def _names(tracks: list[Track]) -> dict[int, str]:
    """Return what to call each of some things: "bed", or "chair 1" and "chair 2"."""
    alike, seen = Counter(track.label for track in tracks), Counter()
    names = {}
    for track in tracks:
        seen[track.label] += 1
        names[track.id] = track.label if alike[track.label] == 1 else f"{track.label} {seen[track.label]}"
    return names


def _described(map: ObjectMap, track: Track, name: str) -> str:
    long, short, high = sides(track.box)
    room, (place, _) = room_words(map, track), place_of(map, track)
    parts = [*track.colours[:1], f"about {long:.1f} m long, {short:.1f} m wide, {high:.1f} m high"]
    parts += [f"in {the_room(room)}"] if room else []
    parts += [place] if place else []
    if track.first_seen is not None and track.last_seen is not None:
        parts.append(f"seen from {clock(track.first_seen)} to {clock(track.last_seen)}")
    return f"{name.capitalize()}: {', '.join(parts)}."
