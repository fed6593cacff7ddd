"""Make the object map of a memory: merge its tracks into things, with z up and the floor at z = 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from ..scenes.colour_names import seen_colours
from .ground import level, seen_area, vertical
from .memory import ObjectMemory
from .merging import Thing, merged
from .object_map import ObjectMap
from .path import ObservedPath
from .rooms import floor_of
from .scale import corrected_scale
from .track import Status, Track, TrackView, upright_box
from .viewpoints import viewpoints

LEAST_SIGHTINGS = 2
LEAST_EVIDENCE = 0.8  # sum of scores over all labels
LEAST_LOOKS = 0.5  # mean score of the label, times the number of different looks
FAINT = 0.25  # of the evidence of the best thing with a label: things with less are doubtful,
CLEAR = 3.5  # unless they have this much evidence for their label
LEAST_POSSIBLE = 0.005  # share of a label in a thing's evidence, from which on the thing may have this label
LEAST_GLIMPSE = 0.3  # sum of scores over all labels, of a thing that a guess may rest on
SIZE_ERROR = 0.2  # of a length: the standard deviation of the error that all sightings of a size share (homes)
DRIFT_ERROR = 0.12  # metres: that of a thing's place among things far away, likewise
COLOUR_SHARE = 0.25  # of the sightings' votes: the least for a colour to be named
STALE, REMOVED = 0.5, 1.0  # frames that miss a thing per frame that shows it; more give the status


def map_of(
    memory: ObjectMemory,
    times: Sequence[float],
    world_from_camera: Float[np.ndarray, "poses 4 4"],
    pieces: Int[np.ndarray, " poses"] | None = None,
) -> ObjectMap:
    """Return the map of a memory's things and floor, and of the camera's path: its `times` (s), poses, and pieces."""
    frame, scale_std, memory = map_frame(memory, world_from_camera)
    map_from_world = frame.map_from_world
    things = merged(memory.tracks, memory.poses, map_from_world, memory.confusable)
    tracks = tuple(_track(number, thing, memory.labels) for number, thing in enumerate(_certain(things), 1))
    seen, walls, corner = seen_area(memory.views, memory.poses, map_from_world)
    floor = floor_of(seen, walls, corner, [t for t in tracks if t.status == "seen"])
    poses = frame.of_poses(world_from_camera)
    later = np.diff(np.asarray(times, np.float64), prepend=-np.inf) > 0  # two frames may have one time
    later &= np.isfinite(poses).all((1, 2))
    return ObjectMap(
        tracks=tracks,
        possible=_possible(things, tracks, memory.labels),
        floor=floor,
        path=ObservedPath(
            times=tuple(np.asarray(times, np.float64)[later].tolist()),
            world_from_camera=tuple(tuple(pose) for pose in poses[later, :3].reshape(-1, 12).tolist()),
            half_view=memory.half_view,
            pieces=() if pieces is None else tuple(pieces[later].tolist()),
        ),
        vocabulary=memory.labels,
        scale_std=scale_std,
        drift_std=DRIFT_ERROR,
    )


@dataclass(frozen=True)
class MapFrame:
    """How the map lies in a stream's world. Lengths are `factor` times those of the world. `map_from_world` moves the
    scaled world."""

    factor: float = 1.0
    map_from_world: Float[np.ndarray, "4 4"] = field(default_factory=lambda: np.eye(4))

    def of_points(self, points: Float[np.ndarray, "points 3"]) -> Float[np.ndarray, "points 3"]:
        """Return points of the world in the map, in metres."""
        return self.factor * points @ self.map_from_world[:3, :3].T + self.map_from_world[:3, 3]

    def of_poses(self, world_from_camera: Float[np.ndarray, "poses 4 4"]) -> Float[np.ndarray, "poses 4 4"]:
        """Return camera poses of the world in the map."""
        stretched = world_from_camera.copy()
        stretched[:, :3, 3] *= self.factor
        return self.map_from_world @ stretched


def map_frame(
    memory: ObjectMemory, world_from_camera: Float[np.ndarray, "poses 4 4"]
) -> tuple[MapFrame, float, ObjectMemory]:
    """Return the frame of a memory's map, the standard deviation of its scale (relative), and the memory at this
    scale."""
    factor, scale_std = corrected_scale(memory, world_from_camera)
    memory = memory if factor == 1.0 else memory.scaled(factor)
    return MapFrame(factor, upright_frame(memory)), scale_std, memory


def upright_frame(memory: ObjectMemory) -> Float[np.ndarray, "4 4"]:
    """Return `map_from_world`: z is up and the floor at z = 0, as far as views of the ground show them."""
    map_from_world = np.eye(4)
    map_from_world[:3, :3] = level(vertical(memory.views, memory.poses))
    heights = []
    for view in memory.views:
        pose = map_from_world @ memory.poses[view.frame]
        heights.append((view.floor @ pose[:3, :3].T + pose[:3, 3])[:, 2])
    floor = np.concatenate(heights) if heights else np.zeros(0)
    map_from_world[2, 3] = -float(np.median(floor)) if len(floor) else 0.0
    return map_from_world


def _certain(things: Sequence[Thing]) -> list[Thing]:
    """Return the things of the map. A thing with little evidence beside the best one of its label is mostly false: it
    is left out, unless it was seen clearly. So is a thing that frames of one view show, unless they show it clearly."""
    seen = [t for t in things if t.sightings >= LEAST_SIGHTINGS and float(t.evidence.sum()) >= LEAST_EVIDENCE]
    seen = [t for t in seen if _looks(t) * float(t.evidence.max()) >= LEAST_LOOKS * t.sightings]
    best: dict[int, float] = {}
    for thing in things:
        best[thing.label] = max(best.get(thing.label, 0.0), float(thing.evidence.max()))
    return [t for t in seen if float(t.evidence.max()) >= min(CLEAR, FAINT * best[t.label])]


def _looks(thing: Thing) -> int:
    """Return from how many viewpoints the kept sightings show a thing."""
    return viewpoints(thing.cameras, np.array([s.centre for track in thing.tracks for s in track.kept]))


def _possible(things: Sequence[Thing], tracks: Sequence[Track], labels: Sequence[str]) -> tuple[Track, ...]:
    """Return, for each label without a track, the thing with the most evidence for it, where one has enough."""
    named = {track.label for track in tracks if track.status != "removed"}
    glimpsed = [thing for thing in things if float(thing.evidence.sum()) >= LEAST_GLIMPSE]
    found: list[Track] = []
    for index, label in enumerate(labels):
        may_be = [t for t in glimpsed if t.evidence[index] >= LEAST_POSSIBLE * t.evidence.sum()]
        if label not in named and may_be:
            likeliest = max(may_be, key=lambda thing: float(thing.evidence[index]))
            found.append(_track(len(tracks) + len(found) + 1, likeliest, labels, index))
    return tuple(found)


def _track(number: int, thing: Thing, labels: Sequence[str], label: int | None = None) -> Track:
    """Return a thing as a track of the map. Without `label`, it has its most probable label."""
    label = thing.label if label is None else label
    evidence = float(thing.evidence[label])
    share = evidence / max(float(thing.evidence.sum()), 1e-9)
    missed = sum(track.missed for track in thing.tracks) / thing.sightings
    status: Status = "removed" if missed > REMOVED else "stale" if missed > STALE else "seen"
    x, y, z = (float(v) for v in thing.center)
    long, short, high = (float(v) for v in thing.size)
    return Track(
        id=number,
        label=labels[label],
        box=upright_box((x, y, z), (long, short, high), float(np.degrees(thing.heading))),
        colours=_colours(thing),
        first_seen=min(track.first_seen for track in thing.tracks),
        last_seen=max(track.last_seen for track in thing.tracks),
        views=tuple(TrackView(frame=s.frame, time=s.time, share=s.share) for s in thing.kept),
        position_std=float(np.sqrt(np.trace(thing.covariance) / 3)),
        size_std=float(np.hypot(thing.size_error, SIZE_ERROR * thing.size.max())),
        label_confidence=share,
        evidence=evidence,
        status=status,
    )


def _colours(thing: Thing) -> tuple[str, ...]:
    """Return the words for the colours that a thing's sightings show, the most frequent first."""
    votes: dict[str, float] = {}
    for sighting in thing.kept:
        for name, share in seen_colours((sighting.colour / 255).tolist()).items():
            votes[name] = votes.get(name, 0.0) + share * sighting.quality
    total = sum(votes.values())
    ordered = sorted(votes, key=lambda name: -votes[name])
    return tuple(name for name in ordered if votes[name] >= COLOUR_SHARE * total)
