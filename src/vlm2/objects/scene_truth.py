"""The true tracks, floor and path of a scene record: what perfect eyes would have seen."""

from __future__ import annotations

from ..scenes.record import Scene, SceneObject
from .floor import Doorway, Floor
from .path import ObservedPath
from .track import Track, TrackView

CLEAR_SHARE = 0.002  # of the image, from which on a thing counts as seen
DOOR_REACH = 0.4  # metres from a door's middle to the rooms that it joins, at most


def truth_of(scene: Scene) -> tuple[tuple[Track, ...], Floor, ObservedPath]:
    """Return a scene's tracks, floor and camera path, without any uncertainty."""
    tracks = tuple(_track(scene, thing) for thing in scene.objects)
    floor = Floor(area=scene.floor_area, rooms=scene.rooms)
    doors = [(track, floor.room_at(*track.box.center[:2])) for track in tracks if track.label == "door"]
    ways = [way for track, room in doors if room is not None and (way := _doorway(floor, track)) is not None]
    return tracks, floor.model_copy(update={"doorways": tuple(ways)}), _path(scene)


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


def _doorway(floor: Floor, door: Track) -> Doorway | None:
    x, y, _ = door.box.center
    rooms = [room.name for room in floor.rooms if Floor(rooms=(room,)).room_at(x, y, DOOR_REACH) is not None]
    return Doorway(middle=(x, y), rooms=(rooms[0], rooms[1])) if len(rooms) == 2 else None


def _path(scene: Scene) -> ObservedPath:
    if scene.trajectory is None:
        return ObservedPath()
    view = scene.trajectory.intrinsics
    half_view = (view.width / (2 * view.fx), view.height / (2 * view.fy))
    return ObservedPath(
        times=scene.trajectory.times, world_from_camera=scene.trajectory.world_from_camera, half_view=half_view
    )
