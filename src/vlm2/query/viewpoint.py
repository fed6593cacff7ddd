"""Someone's place and heading, as poses on the ground plane; and the side of them that things are on.

"At the sofa, with a door on my left" leaves many poses. All that fit are kept, and an answer counts where they agree.
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from jaxtyping import Float64

from ..objects.box_measures import ground_gap
from ..objects.object_map import ObjectMap
from ..objects.path import ObservedPath
from ..objects.track import Track
from ..scenes.record import Room
from .query import NoAnswer, Unwatched, clock, closest_direction, direction_angle, turn
from .things import Viewpoint

SPOTS, REACH = 0.25, 0.6  # metres between the places tried around a thing, and how far they are from it at most
MOST_LINES = 80  # of such places around a large thing, which are farther apart
AWAY = 2.5  # metres from a thing that someone faces, at most, where nothing says what they are at
TURNS = range(0, 360, 45)  # headings tried where nothing says what they face
AGREE = 0.8  # of the poses that fit must give one answer
QUARTERS = ("left", "right", "front", "back")
EYE = 1.5  # metres above the floor
UNSEEN = 2.0  # seconds from the closest pose: farther, and farther than `UNSEEN_STEPS`, nothing was seen
UNSEEN_STEPS = 1.5  # long steps between poses

T = TypeVar("T", bound=str | int | bool | tuple)


@dataclass(frozen=True)
class GroundPose:
    """A place on the ground plane (metres), a heading in degrees (0 along x, 90 along y), and the tracks behind it."""

    x: float
    y: float
    heading: float
    tracks: tuple[Track, ...] = ()
    height: float = EYE

    def angle(self, track: Track) -> float:
        """Return the bearing of a thing's middle in degrees: 0 ahead, left is positive."""
        return turn(
            self.heading, float(np.degrees(np.arctan2(track.box.center[1] - self.y, track.box.center[0] - self.x)))
        )

    def angle_std(self, track: Track) -> float:
        """Return the standard deviation of a thing's bearing in degrees, by the positions of all that it rests on."""
        spread = np.hypot(track.position_std, np.hypot.reduce([other.position_std for other in self.tracks] or [0.0]))
        gap = max(float(np.hypot(track.box.center[0] - self.x, track.box.center[1] - self.y)), 1e-3)
        return float(np.degrees(np.arctan2(spread, gap)))


def poses(map: ObjectMap, view: Viewpoint) -> list[GroundPose]:
    """Return the poses that a viewpoint leaves open. Raises NoAnswer where nothing fits."""
    from .selection import select

    if view.at is None and view.facing is None:
        return [camera_pose(map.path, time_of(map, view))]
    stands = select(map, view.at) if view.at else [None]
    faces = select(map, view.facing) if view.facing else [None]
    cues = [(side, select(map, things)) for side, things in view.cues]
    found = [pose for stand in stands for face in faces for pose in _around(map, stand, face)]
    fitting = [pose for pose in found if all(_fits(pose, side, things) for side, things in cues)]
    if not fitting:
        raise NoAnswer("not_seen", "I find no place from which it looks as you describe it.")
    return fitting


def agreed(found: Sequence[GroundPose], function: Callable[[GroundPose], T]) -> tuple[T, float]:
    """Return what a function gives for most poses, and their share. Callers check it against `AGREE`."""
    (value, count), *_ = Counter(function(pose) for pose in found).most_common(1)
    return value, count / len(found)


def on_side(map: ObjectMap, view: Viewpoint, side: str, tracks: Sequence[Track], named: bool = False) -> list[Track]:
    """Return the tracks on a side, in the room of the viewpoint; if they are `named` and none is there, those in other
    rooms. Raises NoAnswer where its poses do not agree."""

    def there(pose: GroundPose) -> tuple[int, ...]:
        room = map.floor.room_at(pose.x, pose.y)
        own = {track.id for track in pose.tracks}
        near = [t for t in tracks if room is None or _is_in(map, t, room)]
        near = near or (tracks if named else [])
        return tuple(track.id for track in near if track.id not in own and is_on_side(pose, side, track))

    ids, share = agreed(poses(map, view), there)
    if share < AGREE:
        raise NoAnswer("ambiguous", "You could be at several places, and it is not the same from all of them.")
    return [track for track in tracks if track.id in ids]


def _is_in(map: ObjectMap, track: Track, room: Room) -> bool:
    """Tell whether a thing is in a room; a door is in both rooms that it joins."""
    return map.room_of(track) in (None, room.name) or (track.label == "door" and map.floor.borders(room, track.box))


def is_on_side(pose: GroundPose, side: str, track: Track) -> bool:
    """Tell whether a thing is on a side: of the four quarters, or within an hour of a clock's direction."""
    if side in QUARTERS:
        return closest_direction(pose.angle(track), QUARTERS) == side
    wanted = direction_angle(side)
    if wanted is None:
        raise NoAnswer("unsupported", f"I do not know the direction {side!r}.")
    return abs(turn(wanted, pose.angle(track))) <= 30.0


def time_of(map: ObjectMap, view: Viewpoint) -> float:
    """Return the second that a viewpoint names. Raises NoAnswer where the map has no path, or no pose near this time:
    before its first or behind its last one, or in a gap."""
    if not map.path:
        raise NoAnswer("unsupported", "This map does not hold where the camera was.")
    if view.share is not None:
        return map.path.time_of_share(view.share)
    times, seconds = map.path.times, view.seconds or 0.0
    if abs(times[map.path.frame(seconds)] - seconds) <= max(UNSEEN, UNSEEN_STEPS * map.path.long_step):
        return seconds
    if seconds > times[-1]:
        raise Unwatched(f"The video is {times[-1]:.0f} seconds long; I have seen nothing at {seconds:g} s.")
    next_one = bisect(times, seconds)
    since = f"between {clock(times[next_one - 1])} and" if next_one else "before"
    raise Unwatched(f"I saw nothing {since} {clock(times[next_one])}.")


def camera_pose(path: ObservedPath, time: float) -> GroundPose:
    """Return where the camera was at a time, and where it looked."""
    x, y, z = path.poses[path.frame(time)][:, 3]
    ahead = path.poses[path.frame(time)][:2, 2]
    return GroundPose(float(x), float(y), float(np.degrees(np.arctan2(ahead[1], ahead[0]))), height=float(z))


def camera_drift(map: ObjectMap) -> float:
    """Return the standard deviation in metres of the way between two places of the camera, both of which drift."""
    return 2**0.5 * map.drift_std


def eye_of(map: ObjectMap, view: Viewpoint) -> tuple[Float64[np.ndarray, " 3"], list[Track]]:
    """Return the middle of the places that a viewpoint leaves open, in the world, and the tracks that it rests on."""
    if view.at is None and view.facing is None:
        return map.path.poses[map.path.frame(time_of(map, view))][:, 3], []
    found = poses(map, view)
    middle = np.mean([(pose.x, pose.y, pose.height) for pose in found], axis=0)
    return middle, list({track.id: track for pose in found for track in pose.tracks}.values())


def _around(map: ObjectMap, stand: Track | None, face: Track | None) -> list[GroundPose]:
    """Return the poses at one thing that face another; around it where one of the two is not known."""
    if stand is not None and face is not None and stand is not face:
        return [_facing(*stand.box.center[:2], face, (stand, face))]
    base, reach = (stand, REACH) if stand is not None else (face, AWAY)
    assert base is not None
    spots = _free_spots(map, base, reach)
    if face is not None:
        return [_facing(float(x), float(y), face, (base,)) for x, y in spots]
    return [GroundPose(float(x), float(y), float(heading), (base,)) for x, y in spots for heading in TURNS]


def _facing(x: float, y: float, face: Track, tracks: tuple[Track, ...]) -> GroundPose:
    heading = np.degrees(np.arctan2(face.box.center[1] - y, face.box.center[0] - x))
    return GroundPose(x, y, float(heading), tracks)


def _free_spots(map: ObjectMap, base: Track, reach: float) -> Float64[np.ndarray, "spots 2"]:
    """Return the places around a thing: on its room's floor where that is known, and in no other thing there."""
    middle, wide = np.array(base.box.center[:2]), np.hypot(*base.box.size[:2]) / 2 + reach
    step = max(SPOTS, 2 * wide / MOST_LINES)
    line = np.arange(-wide, wide + step / 2, step)
    spots = middle + np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    away = ground_gap(spots, base.box)
    free = (away > 0.1) & (away <= reach)
    for track in map.tracks:
        if track.id != base.id and track.box.center[2] < EYE:
            free &= ground_gap(spots, track.box) > 0
    if map.floor.rooms:
        name = map.room_of(base)
        inside = [map.floor.room_at(x, y, 0.0) for x, y in spots]
        free &= np.array([room is not None and name in (None, room.name) for room in inside])
    return spots[free] if free.any() else middle[None]


def _fits(pose: GroundPose, side: str, things: Sequence[Track]) -> bool:
    return any(is_on_side(pose, side, track) for track in things if track not in pose.tracks)
