"""An object memory as named arrays and a JSON record, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from .ground import GroundView
from .memory import MOST_TRACKS, MOST_VIEWS, ObjectMemory
from .position import Pose
from .raw_track import KEYFRAMES, RawTrack
from .sighting import POINTS, Shape, Sighting

Arrays = dict[str, np.ndarray]


def to_arrays(memory: ObjectMemory) -> tuple[Arrays, dict[str, Any]]:
    """Divide a memory into arrays and a record."""
    kept = [(place, sighting) for place, track in enumerate(memory.tracks) for sighting in track.kept]
    shaped = [s.shape or Shape(np.full(3, np.nan), np.full(3, np.nan), float("nan")) for _, s in kept]
    tracks, views = memory.tracks, memory.views
    apart = [(t.id, other, count) for t in tracks for other, count in sorted(t.apart.items())]
    arrays = {
        "poses_frames": np.array(list(memory.poses), np.int64),
        "poses": _stack(list(memory.poses.values()), (4, 4)),
        "track_numbers": np.array([(t.id, t.sightings, t.missed) for t in tracks], np.int64).reshape(-1, 3),
        "track_times": _stack([(t.first_seen, t.last_seen) for t in tracks], (2,)),
        "track_evidence": _stack([t.evidence for t in tracks], (len(memory.labels),)),
        "track_apart": np.array(apart, np.int64).reshape(-1, 3),
        "seen_track": np.array([place for place, _ in kept], np.int64),
        "seen_frame": np.array([s.frame for _, s in kept], np.int64),
        "seen_numbers": _stack([(s.time, s.score, s.share) for _, s in kept], (3,)),
        "seen_evidence": _stack([s.evidence for _, s in kept], (len(memory.labels),), np.float32),
        "seen_points": np.concatenate([np.zeros((0, 3), np.float32), *(s.points for _, s in kept)]),
        "seen_counts": np.array([len(s.points) for _, s in kept], np.int64),
        "seen_shape": _stack([(*x.centre, *x.size, x.heading) for x in shaped], (7,)),
        "seen_colour": _stack([s.colour for _, s in kept], (3,), np.uint8),
        "seen_whole": np.array([s.whole for _, s in kept], bool),
        "view_frame": np.array([v.frame for v in views], np.int64),
        "view_reach": np.concatenate([np.zeros((0, 3), np.float32), *(v.reach for v in views)]),
        "view_reach_counts": np.array([len(v.reach) for v in views], np.int64),
        "view_floor": np.concatenate([np.zeros((0, 3), np.float32), *(v.floor for v in views)]),
        "view_floor_counts": np.array([len(v.floor) for v in views], np.int64),
        "view_up": _stack([v.up for v in views], (3,), np.float32),
    }
    record = {
        "labels": list(memory.labels),
        "confusable": np.argwhere(memory.confusable).tolist(),
        "half_view": memory.half_view,
        "view_stride": memory.view_stride,
        "next_id": memory.next_id,
        "given_up": memory.given_up,
    }
    return arrays, record


def from_arrays(arrays: Mapping[str, np.ndarray], record: Mapping[str, Any]) -> ObjectMemory:
    """Join what `to_arrays` divided. Raises ValueError for arrays that do not belong together or exceed the bounds."""
    labels = tuple(str(label) for label in record["labels"])
    confusable = np.zeros((len(labels), len(labels)), bool)
    for row, column in record["confusable"]:
        confusable[row, column] = True
    poses = dict(zip(arrays["poses_frames"].tolist(), arrays["poses"], strict=True))
    views = _views(arrays)
    tracks = _tracks(arrays, _sightings(arrays), poses)
    _check(arrays, labels, tracks, views, poses)
    half_view = record["half_view"]
    return ObjectMemory(
        labels=labels,
        confusable=confusable,
        tracks=tracks,
        poses=MappingProxyType(poses),
        views=views,
        view_stride=int(record["view_stride"]),
        half_view=None if half_view is None else (float(half_view[0]), float(half_view[1])),
        next_id=int(record["next_id"]),
        given_up=int(record["given_up"]),
    )


def _stack(rows: Sequence[Any], shape: tuple[int, ...], dtype: type = np.float64) -> np.ndarray:
    return np.array(rows, dtype).reshape(-1, *shape)


def _parts(values: np.ndarray, counts: np.ndarray) -> list[np.ndarray]:
    """Divide rows into parts of so many. Raises ValueError where the numbers do not add up."""
    if (counts < 0).any() or counts.sum() != len(values):
        raise ValueError("the lengths of parts do not add up")
    return np.split(values, np.cumsum(counts)[:-1]) if len(counts) else []


def _sightings(arrays: Mapping[str, np.ndarray]) -> list[Sighting]:
    rows = zip(
        arrays["seen_frame"].tolist(),
        arrays["seen_numbers"].tolist(),
        arrays["seen_evidence"],
        _parts(arrays["seen_points"], arrays["seen_counts"]),
        arrays["seen_shape"],
        arrays["seen_colour"],
        arrays["seen_whole"].tolist(),
        strict=True,
    )
    found = []
    for frame, (time, score, share), evidence, points, shape, colour, whole in rows:
        known = None if np.isnan(shape).any() else Shape(shape[:3], shape[3:6], float(shape[6]))
        found.append(Sighting(frame, time, evidence, score, points, known, share, colour, whole))
    return found


def _tracks(
    arrays: Mapping[str, np.ndarray], sightings: Sequence[Sighting], poses: Mapping[int, Pose]
) -> tuple[RawTrack, ...]:
    numbers = arrays["track_numbers"].tolist()
    kept: list[list[Sighting]] = [[] for _ in numbers]
    for place, sighting in zip(arrays["seen_track"].tolist(), sightings, strict=True):
        kept[place].append(sighting)
    apart: dict[int, dict[int, int]] = {id: {} for id, _, _ in numbers}
    for id, other, count in arrays["track_apart"].tolist():
        apart[id][other] = count
    rows = zip(numbers, arrays["track_times"].tolist(), arrays["track_evidence"], kept, strict=True)
    return tuple(
        RawTrack.of(id, evidence, count, first, last, tuple(seen), MappingProxyType(apart[id]), missed, poses)
        for (id, count, missed), (first, last), evidence, seen in rows
    )


def _views(arrays: Mapping[str, np.ndarray]) -> tuple[GroundView, ...]:
    return tuple(
        GroundView(frame, reach, floor, up)
        for frame, reach, floor, up in zip(
            arrays["view_frame"].tolist(),
            _parts(arrays["view_reach"], arrays["view_reach_counts"]),
            _parts(arrays["view_floor"], arrays["view_floor_counts"]),
            arrays["view_up"],
            strict=True,
        )
    )


def _check(
    arrays: Mapping[str, np.ndarray],
    labels: Sequence[str],
    tracks: Sequence[RawTrack],
    views: Sequence[GroundView],
    poses: Mapping[int, Pose],
) -> None:
    """Raise ValueError for a memory that `observe` could not have made."""
    frames = {view.frame for view in views}.union(*(track.frames() for track in tracks))
    finite = ("poses", "track_times", "track_evidence", "seen_numbers", "seen_evidence", "seen_points", "view_floor")
    problems = {
        "a frame has no pose": not frames <= set(poses),
        "two tracks have one id": len({track.id for track in tracks}) < len(tracks),
        "there are too many tracks or views": len(tracks) > MOST_TRACKS or len(views) > MOST_VIEWS,
        "a track keeps too many sightings, or none": any(not 0 < len(t.kept) <= KEYFRAMES for t in tracks),
        "a sighting has too many points, or none": any(not 0 < len(s.points) <= POINTS for t in tracks for s in t.kept),
        "the evidence is not on the labels": arrays["track_evidence"].shape[1:] != (len(labels),)
        or arrays["seen_evidence"].shape[1:] != (len(labels),),
        "a number is not finite": any(not np.isfinite(arrays[name]).all() for name in finite),
    }
    for problem, found in problems.items():
        if found:
            raise ValueError(f"object memory: {problem}")
