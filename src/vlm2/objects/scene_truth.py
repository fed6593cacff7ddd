"""The true tracks, floor and path of a scene record."""

from __future__ import annotations

from itertools import pairwise

import shapely

from ..scenes.record import Scene, SceneObject
from .floor import Doorway, Floor, ground_of
from .path import ObservedPath
from .track import Track, TrackView

CLEAR_SHARE = 0.002  # of the image: the least share at which a thing counts as seen


def truth_of(scene: Scene) -> tuple[tuple[Track, ...], Floor, ObservedPath]:
    """Return a scene's tracks, floor and camera path, without any uncertainty."""
    tracks = tuple(_track(scene, thing) for thing in scene.objects)
    path = _path(scene)
    floor = Floor(area=scene.floor_area, rooms=scene.rooms)
    return tracks, floor.model_copy(update={"doorways": crossings(floor, path)}), path


def crossings(floor: Floor, path: ObservedPath) -> tuple[Doorway, ...]:
    """Return the doorways on a path: one per pair of rooms, where the path first leads from one to the other."""
    found: dict[tuple[str, ...], Doorway] = {}
    places = [tuple(pose[:2, 3]) for pose in path.poses]
    rooms = [floor.room_at(x, y) for x, y in places]
    for (here, room), (there, following) in pairwise(zip(places, rooms, strict=True)):
        if room is not None and following is not None and room is not following:
            walls = shapely.union_all([ground_of(way) for way in (room, following)])
            seam = shapely.LineString([here, there]).difference(walls).centroid
            names = tuple(sorted((room.name, following.name)))
            if not seam.is_empty:
                found.setdefault(names, Doorway(middle=(seam.x, seam.y), rooms=(names[0], names[1])))
    return tuple(found.values())


def _track(scene: Scene, thing: SceneObject) -> Track:
    times = scene.trajectory.times if scene.trajectory else ()
    clear = [s for s in thing.sightings if s.share >= CLEAR_SHARE] or list(thing.sightings)
    seen = [times[sighting.frame] for sighting in clear]
    return Track(
        id=thing.id,
        label=thing.category,
        box=thing.box,
        colours=(thing.colour,) if thing.colour else (),
        room=thing.room,
        first_seen=min(seen, default=None),
        last_seen=max(seen, default=None),
        views=tuple(TrackView(frame=s.frame, time=times[s.frame], share=s.share) for s in thing.sightings),
    )


def _path(scene: Scene) -> ObservedPath:
    if scene.trajectory is None:
        return ObservedPath()
    view = scene.trajectory.intrinsics
    half_view = (view.width / (2 * view.fx), view.height / (2 * view.fy))
    return ObservedPath(
        times=scene.trajectory.times, world_from_camera=scene.trajectory.world_from_camera, half_view=half_view
    )
