"""Things in sight: within the field of view, and behind no wall, not hidden."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import product

import numpy as np
import shapely
from jaxtyping import Bool, Float64
from shapely.geometry.base import BaseGeometry

from ..objects.box_measures import box_points, crossed, point_box_distance
from ..objects.floor import Floor, ground_of
from ..objects.object_map import ObjectMap
from ..objects.track import Track
from ..scenes.record import Room
from .things import Viewpoint
from .viewpoint import GroundPose, poses, time_of

HALF_VIEW = 45.0  # degrees that someone sees to either side
OPENING = 0.6  # metres around a doorway's middle through which one sees into the next room
SEAM = 0.02  # metres of a line that may lie outside the rooms without a wall there
SAMPLES = np.array(list(product((-0.45, 0.0, 0.45), repeat=3)))  # of a thing, in shares of its edges
SHOWN = 0.25  # of a thing's points, at least, are free where one sees it
KEYFRAME = 0.3  # seconds from a keyframe that shows a thing, at most


def in_sight(map: ObjectMap, view: Viewpoint, tracks: Sequence[Track], hidden: bool = False) -> list[Track]:
    """Return the tracks that one sees from a viewpoint: in a camera's picture, or ahead of someone at any pose. With
    `hidden`, those in the picture behind other things as well, but not those behind walls."""
    if view.at is None and view.facing is None:
        return _in_picture(map, time_of(map, view), tracks, hidden)
    open_poses = poses(map, view)
    return [track for track in tracks if any(sees(map, pose, track) for pose in open_poses)]


def sees(map: ObjectMap, pose: GroundPose, track: Track) -> bool:
    """Tell whether a thing is ahead of a pose, behind no wall, and not hidden by other things."""
    if abs(pose.angle(track)) > HALF_VIEW or not is_open(map.floor, (pose.x, pose.y), track):
        return False
    eye, own = np.array([pose.x, pose.y, pose.height]), {other.id for other in pose.tracks}
    return bool(_unhidden(map, eye, box_points(track.box, SAMPLES), own | {track.id}).mean() >= SHOWN)


def is_open(floor: Floor, eye: tuple[float, float], track: Track) -> bool:
    """Tell whether no wall is between a place and a thing's middle; a thing may itself be in a wall."""
    if not floor.rooms:
        return True
    end = shapely.Point(track.box.center[:2])
    outside = shapely.LineString([eye, end]).difference(_air(floor))
    parts = getattr(outside, "geoms", [outside])
    return all(part.length <= SEAM or part.distance(end) <= SEAM for part in parts if not part.is_empty)


def _in_picture(map: ObjectMap, time: float, tracks: Sequence[Track], hidden: bool) -> list[Track]:
    """Return the tracks in the camera's picture: of each label those that a keyframe of this time shows, or else all
    that project into it."""
    shown = [track for track in tracks if any(abs(view.time - time) <= KEYFRAME for view in track.views)]
    labels = {track.label for track in shown}
    eye = map.path.poses[map.path.frame(time)][:, 3]
    wide, high = map.path.half_view or (1.0, 1.0)
    found = list(shown)
    for track in (track for track in tracks if track.label not in labels):
        points = box_points(track.box, SAMPLES)
        right, down, ahead = map.path.in_camera(points, time).T
        inside = points[(ahead > 0.05) & (np.abs(right) <= wide * ahead) & (np.abs(down) <= high * ahead)]
        if len(inside) and is_open(map.floor, (float(eye[0]), float(eye[1])), track):
            found += [track] * bool(hidden or _unhidden(map, eye, inside, {track.id}).any())
    return found


def _unhidden(
    map: ObjectMap, eye: np.ndarray, points: Float64[np.ndarray, "points 3"], but: set[int]
) -> Bool[np.ndarray, " points"]:
    """Tell which points one sees from a place, for all things but some."""
    free = np.ones(len(points), dtype=bool)
    for other in map.tracks:
        if other.id not in but and point_box_distance(eye, other.box) > 0:
            free &= ~crossed(eye, points, other.box)
    return free


@lru_cache(maxsize=8)
def _air_of(rooms: tuple[Room, ...], openings: tuple) -> BaseGeometry:
    return shapely.union_all([*map(ground_of, rooms), *(shapely.Point(middle).buffer(OPENING) for middle in openings)])


def _air(floor: Floor) -> BaseGeometry:
    """Return the ground under the rooms and their doorways."""
    return _air_of(floor.rooms, tuple(way.middle for way in floor.doorways))
