"""An object memory as named arrays and a JSON record, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from .ground import GroundView
from .lifting import GRID
from .memory import MOST_TRACKS, MOST_VIEWS, ObjectMemory
from .position import Pose
from .raw_track import KEYFRAMES, RawTrack
from .sighting import POINTS, ObjectSighting, SightedBox

Arrays = dict[str, np.ndarray]

# The type of each array and the shape of its rows; None is the number of labels.
FORMS: dict[str, tuple[type, tuple[int | None, ...]]] = {
    "poses_frames": (np.int64, ()),
    "poses": (np.float64, (4, 4)),
    "track_numbers": (np.int64, (3,)),
    "track_times": (np.float64, (2,)),
    "track_evidence": (np.float64, (None,)),
    "track_apart": (np.int64, (3,)),
    "seen_track": (np.int64, ()),
    "seen_frame": (np.int64, ()),
    "seen_numbers": (np.float64, (3,)),
    "seen_evidence": (np.float32, (None,)),
    "seen_points": (np.float32, (3,)),
    "seen_counts": (np.int64, ()),
    "seen_shape": (np.float64, (7,)),
    "seen_colour": (np.uint8, (3,)),
    "seen_whole": (np.bool_, ()),
    "view_frame": (np.int64, ()),
    "view_reach": (np.float32, (3,)),
    "view_reach_counts": (np.int64, ()),
    "view_floor": (np.float32, (3,)),
    "view_floor_counts": (np.int64, ()),
    "view_up": (np.float32, (3,)),
}
UNKNOWN = ("seen_shape", "view_reach")  # where NaN stands for what is not known
METRES = ("poses", "seen_points", "seen_shape", "view_reach", "view_floor")
MOST_METRES, MOST_VALUE = 1e5, 1e8  # else seconds, or a sum of evidence
MOST_NUMBER = 2**53
MOST_VIEW_POINTS = 4 * GRID
LEAST_SIZE, WIDEST = 1e-6, 1e3  # metres; a tangent


def to_arrays(memory: ObjectMemory) -> tuple[Arrays, dict[str, Any]]:
    """Divide a memory into arrays, whose `FORMS` are fixed, and a record for JSON."""
    kept = [(place, sighting) for place, track in enumerate(memory.tracks) for sighting in track.kept]
    shaped = [s.shape or SightedBox(np.full(3, np.nan), np.full(3, np.nan), float("nan")) for _, s in kept]
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
        "seen_points": _rows([s.points for _, s in kept]),
        "seen_counts": np.array([len(s.points) for _, s in kept], np.int64),
        "seen_shape": _stack([(*x.centre, *x.size, x.heading) for x in shaped], (7,)),
        "seen_colour": _stack([s.colour for _, s in kept], (3,), np.uint8),
        "seen_whole": np.array([s.whole for _, s in kept], bool),
        "view_frame": np.array([v.frame for v in views], np.int64),
        "view_reach": _rows([v.reach for v in views]),
        "view_reach_counts": np.array([len(v.reach) for v in views], np.int64),
        "view_floor": _rows([v.floor for v in views]),
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
    """Join what `to_arrays` divided. Raises ValueError for input that `to_arrays` cannot have written: arrays of
    other names, shapes or types, impossible numbers, parts that do not fit together, or more than the bounds allow."""
    try:
        memory = _joined(arrays, record)
    except (KeyError, IndexError, TypeError, AttributeError, OverflowError, np.linalg.LinAlgError) as error:
        raise ValueError(f"object memory: something is missing or of another form ({error!r})") from None
    return memory


def _joined(arrays: Mapping[str, np.ndarray], record: Mapping[str, Any]) -> ObjectMemory:
    labels = _labels(record["labels"])
    _check_forms(arrays, len(labels))
    _check_numbers(arrays)
    poses = dict(zip(arrays["poses_frames"].tolist(), arrays["poses"], strict=True))
    views, sightings = _views(arrays), _sightings(arrays)
    _check_parts(arrays, sightings, views, poses)
    tracks = _tracks(arrays, sightings, poses)
    highest = max((track.id for track in tracks), default=0)
    return ObjectMemory(
        labels=labels,
        confusable=_confusable(record["confusable"], len(labels)),
        tracks=tracks,
        poses=MappingProxyType(poses),
        views=views,
        view_stride=_whole(record["view_stride"], 1),
        half_view=_half_view(record["half_view"]),
        next_id=_whole(record["next_id"], highest + 1),
        given_up=_whole(record["given_up"], 0),
    )


def _stack(rows: Sequence[Any], shape: tuple[int, ...], dtype: type = np.float64) -> np.ndarray:
    return np.array(rows, dtype).reshape(-1, *shape)


def _rows(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros((0, 3), np.float32), *parts]).astype(np.float32)


def _parts(values: np.ndarray, counts: np.ndarray) -> list[np.ndarray]:
    """Divide rows into parts of the given lengths. Raises ValueError if the lengths do not add up."""
    if (counts < 0).any() or (counts > len(values)).any() or counts.sum() != len(values):
        raise ValueError("object memory: the lengths of parts do not add up")
    return np.split(values, np.cumsum(counts)[:-1]) if len(counts) else []


def _labels(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list | tuple) or not all(isinstance(label, str) and label for label in given):
        raise ValueError("object memory: the labels are no words")
    if not given or len(set(given)) < len(given):
        raise ValueError("object memory: there are no labels, or two are the same")
    return tuple(given)


def _whole(given: Any, least: int) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or not least <= given <= MOST_NUMBER:
        raise ValueError(f"object memory: {given!r} is no whole number from {least} on")
    return given


def _half_view(given: Any) -> tuple[float, float] | None:
    if given is None:
        return None
    width, height = (float(value) for value in given)
    if not (0 < width < WIDEST and 0 < height < WIDEST):
        raise ValueError(f"object memory: the field of view {given!r} cannot be")
    return width, height


def _confusable(pairs: Any, labels: int) -> np.ndarray:
    confusable = np.zeros((labels, labels), bool)
    for row, column in pairs:
        confusable[_index(row, labels), _index(column, labels)] = True
    return confusable


def _index(given: Any, count: int) -> int:
    if _whole(given, 0) >= count:
        raise ValueError(f"object memory: there is no label {given}")
    return given


def _sightings(arrays: Mapping[str, np.ndarray]) -> list[ObjectSighting]:
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
        known = None if np.isnan(shape).all() else SightedBox(shape[:3], shape[3:6], float(shape[6]))
        found.append(ObjectSighting(frame, time, evidence, score, points, known, share, colour, whole))
    return found


def _tracks(
    arrays: Mapping[str, np.ndarray], sightings: Sequence[ObjectSighting], poses: Mapping[int, Pose]
) -> tuple[RawTrack, ...]:
    numbers = arrays["track_numbers"].tolist()
    kept: list[list[ObjectSighting]] = [[] for _ in numbers]
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


def _check_forms(arrays: Mapping[str, np.ndarray], labels: int) -> None:
    """Raise ValueError for arrays of other names, types or shapes than `to_arrays` gives them."""
    if set(arrays) != set(FORMS):
        raise ValueError(f"object memory: not the right arrays ({', '.join(sorted(set(arrays) ^ set(FORMS)))})")
    for name, (kind, row) in FORMS.items():
        rows = tuple(labels if size is None else size for size in row)
        if arrays[name].dtype != kind or arrays[name].ndim != 1 + len(row) or arrays[name].shape[1:] != rows:
            raise ValueError(f"object memory: {name} is {arrays[name].dtype} of shape {arrays[name].shape}")


def _check_numbers(arrays: Mapping[str, np.ndarray]) -> None:
    """Raise ValueError for impossible numbers. NaN is allowed for shapes that a detector did not give, and for ground
    that was not seen."""
    shapes = arrays["seen_shape"]
    for name, array in arrays.items():
        known = np.nan_to_num(array, posinf=np.inf, neginf=-np.inf) if name in UNKNOWN else array
        if array.dtype.kind == "f" and not (np.abs(known) <= (MOST_METRES if name in METRES else MOST_VALUE)).all():
            raise ValueError(f"object memory: {name} holds a number that is not finite or far too large")
    rotations = arrays["poses"][:, :3, :3]
    square = rotations @ np.swapaxes(rotations, 1, 2)
    time, score, share = arrays["seen_numbers"].T
    problems = {
        "a count or a number of a frame is negative or far too large": any(
            (array < 0).any() or (array > MOST_NUMBER).any() for array in arrays.values() if array.dtype == np.int64
        ),
        "a pose is no rigid motion": (np.abs(square - np.eye(3)) > 1e-3).any()
        or (np.abs(arrays["poses"][:, 3] - np.array([0, 0, 0, 1])) > 1e-9).any(),
        "a track was not seen, or last seen before it was first": (arrays["track_numbers"][:, 1] < 1).any()
        or (np.diff(arrays["track_times"], axis=1) < 0).any()
        or (arrays["track_times"] < 0).any(),
        "a point lies behind its camera": (arrays["seen_points"][:, 2] <= 0).any(),
        "evidence is negative": (arrays["track_evidence"] < 0).any() or (arrays["seen_evidence"] < 0).any(),
        "a time, a score or a share cannot be": (time < 0).any()
        or (np.abs(score - 0.5) > 0.5).any()
        or (np.abs(share - 0.5) > 0.5).any(),
        "a size is not positive": (shapes[:, 3:6] < LEAST_SIZE).any(),
        "a shape is known in part": (np.isnan(shapes).any(1) != np.isnan(shapes).all(1)).any(),
        "a vertical has no direction": (np.abs(np.linalg.norm(arrays["view_up"], axis=1) - 1) > 1e-3).any(),
    }
    _refuse(problems)


def _check_parts(
    arrays: Mapping[str, np.ndarray],
    sightings: Sequence[ObjectSighting],
    views: Sequence[GroundView],
    poses: Mapping[int, Pose],
) -> None:
    """Raise ValueError for parts that do not fit together or exceed the bounds."""
    ids, frames = arrays["track_numbers"][:, 0], {view.frame for view in views} | {s.frame for s in sightings}
    place, apart = arrays["seen_track"], arrays["track_apart"]
    kept = np.bincount(place[place < len(ids)], minlength=len(ids))
    problems = {
        "a frame has no pose, or several": not frames <= set(poses) or len(poses) < len(arrays["poses_frames"]),
        "there are poses of frames that nothing refers to": len(poses) > len(frames),
        "two tracks have one id": len(np.unique(ids)) < len(ids),
        "there are too many tracks or views": len(ids) > MOST_TRACKS or len(views) > MOST_VIEWS,
        "a sighting is of no track": (place >= len(ids)).any(),
        "a track keeps too many sightings, or none": (kept < 1).any() or (kept > KEYFRAMES).any(),
        "a sighting has too many points, or none": any(not 0 < len(s.points) <= POINTS for s in sightings),
        "a track is apart from one that is not there": not np.isin(apart[:, :2], ids).all(),
        "a view has too many points": any(max(len(v.reach), len(v.floor)) > MOST_VIEW_POINTS for v in views),
    }
    _refuse(problems)


def _refuse(problems: Mapping[str, Any]) -> None:
    for problem, found in problems.items():
        if found:
            raise ValueError(f"object memory: {problem}")
