"""The object memory: an immutable value; each frame gives a new one. Its size is bounded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from jaxtyping import Bool, Float

from .association import associate
from .ground import GroundView
from .position import Pose
from .raw_track import RawTrack
from .sighting import ObjectSighting

MOST_TRACKS = 256
MOST_VIEWS = 192  # ground views
MARGIN = 0.12  # of the image's width and height: a thing that projects this close to the border is not expected
FEWEST_KNOWN = 16  # cells with a surface, to measure the focal length
LEAST_FOCAL = 0.1  # of the image's width
NEAREST = 0.3  # metres: the depth of what a frame may be expected to show
FARTHEST, RIGID = 1e4, 1e-3  # metres, of a camera from the first one; error of a rotation
SEEN_THROUGH = 0.5  # metres, plus a tenth of the depth: a frame misses a thing if its surface lies this far behind it


@dataclass(frozen=True)
class ObjectFrame:
    """The data that one frame adds: its sightings, its pose, and its surface.

    `points` are the surface in the camera's frame on a grid of the image, 0 where unknown.
    """

    frame: int
    time: float
    world_from_camera: Pose
    points: Float[np.ndarray, "rows columns 3"]
    sightings: Sequence[ObjectSighting]
    view: GroundView | None = None


@dataclass(frozen=True)
class ObjectMemory:
    """Raw tracks of the things that were seen, with the poses of the frames that they refer to.

    World coordinates are those of the poses. `views` are the ground views of every `view_stride`-th frame. `half_view`
    holds the tangents of half the horizontal and half the vertical field of view, None until a surface shows them.
    `given_up` counts the tracks that were dropped to stay within `MOST_TRACKS`.
    """

    labels: tuple[str, ...]
    confusable: Bool[np.ndarray, "labels labels"]
    tracks: tuple[RawTrack, ...] = ()
    poses: Mapping[int, Pose] = field(default_factory=lambda: MappingProxyType({}))
    views: tuple[GroundView, ...] = ()
    view_stride: int = 1
    half_view: tuple[float, float] | None = None
    next_id: int = 1
    given_up: int = 0

    def observe(self, seen: ObjectFrame) -> ObjectMemory:
        """Return the memory with one more frame; a frame whose pose is no rigid motion, or leads far away, is left
        out."""
        pose = np.asarray(seen.world_from_camera, np.float64)
        if not _is_pose(pose):
            return self
        poses = dict(self.poses) | {seen.frame: pose}
        pairs = dict(associate(seen.sightings, self.tracks, poses, self.confusable))
        tracks = list(self.tracks)
        for index, track in pairs.items():
            tracks[track] = tracks[track].then(seen.sightings[index], poses)
        for track in self._expected(seen, poses) - set(pairs.values()):
            tracks[track] = replace(tracks[track], missed=tracks[track].missed + 1)
        begun = [i for i in range(len(seen.sightings)) if i not in pairs]
        here = list(pairs.values()) + list(range(len(tracks), len(tracks) + len(begun)))
        tracks += [RawTrack.begin(self.next_id + n, seen.sightings[i], poses) for n, i in enumerate(begun)]
        tracks = _apart(tracks, here)
        kept = _bounded(tracks, seen.time)
        views, stride = _thinned(self.views, seen.view, self.view_stride)
        needed = {view.frame for view in views} | {sighting.frame for track in kept for sighting in track.kept}
        return replace(
            self,
            tracks=tuple(kept),
            poses=MappingProxyType({frame: pose for frame, pose in poses.items() if frame in needed}),
            views=views,
            view_stride=stride,
            half_view=_half_view(seen.points) if self.half_view is None else self.half_view,
            next_id=self.next_id + len(begun),
            given_up=self.given_up + len(tracks) - len(kept),
        )

    def moved(self, motion: Callable[[np.ndarray], Float[np.ndarray, "frames 4 4"]]) -> ObjectMemory:
        """Return the memory with the poses of its frames corrected by a closed loop. `motion` gives, for frame indices,
        the rigid motions `new_world_from_old_world`."""
        frames = np.array(sorted(self.poses), dtype=int)
        if not len(frames):
            return self
        new = {int(f): m @ self.poses[int(f)] for f, m in zip(frames, motion(frames), strict=True)}
        tracks = tuple(track.located(new) for track in self.tracks)
        return replace(self, tracks=tracks, poses=MappingProxyType(new))

    def scaled(self, factor: float) -> ObjectMemory:
        """Return the memory with all lengths multiplied, but for the sizes that a detector estimates by itself. The
        estimates of centres are multiplied, too, and not made again."""
        poses = {frame: _stretched(pose, factor) for frame, pose in self.poses.items()}
        views = tuple(replace(v, reach=factor * v.reach, floor=factor * v.floor) for v in self.views)
        tracks = tuple(
            replace(
                track,
                kept=tuple(sighting.scaled(factor) for sighting in track.kept),
                centre=factor * track.centre,
                covariance=factor**2 * track.covariance,
            )
            for track in self.tracks
        )
        return replace(self, tracks=tracks, poses=MappingProxyType(poses), views=views)

    def _expected(self, seen: ObjectFrame, poses: Mapping[int, Pose]) -> set[int]:
        """Return the tracks that this frame should show: well inside the image, with the frame's surface far behind.

        The centre alone is not enough: that of a table, for example, is in the air below its top. So the surface must
        also lie behind at least half of the points of the track's best sighting.
        """
        if not self.tracks:
            return set()
        camera_from_world = np.linalg.inv(poses[seen.frame])
        centres = np.array([track.centre for track in self.tracks])
        past = _seen_past(seen.points, _moved(centres, camera_from_world), MARGIN)
        found = set()
        for index in np.flatnonzero(past).tolist():
            best = max(self.tracks[index].kept, key=lambda sighting: sighting.quality)
            local = _moved(best.points, camera_from_world @ poses[best.frame])
            if _seen_past(seen.points, local, 0.0).mean() >= 0.5:
                found.add(index)
        return found


def _stretched(pose: Pose, factor: float) -> Pose:
    return np.concatenate([np.concatenate([pose[:3, :3], factor * pose[:3, 3:]], 1), pose[3:]])


def _is_pose(pose: Pose) -> bool:
    """Return whether a pose is a rigid motion of at most `FARTHEST` metres."""
    turn = pose[:3, :3]
    return bool((np.abs(pose[:3, 3]) <= FARTHEST).all() and (np.abs(turn @ turn.T - np.eye(3)) < RIGID).all())


def _moved(points: Float[np.ndarray, "points 3"], motion: Pose) -> Float[np.ndarray, "points 3"]:
    return points @ motion[:3, :3].T + motion[:3, 3]


def _seen_past(
    surface: Float[np.ndarray, "rows columns 3"], places: Float[np.ndarray, "places 3"], margin: float
) -> Bool[np.ndarray, " places"]:
    """Return which places lie far before a frame's surface, and project into the image at least `margin` (a share of
    its sides) from the border. Metres, camera frame."""
    rows, columns = surface.shape[:2]
    focal, middle = _pinhole(surface)
    if focal is None:
        return np.zeros(len(places), bool)
    depth = np.maximum(places[:, 2], NEAREST)
    column = focal * places[:, 0] / depth + middle[0]
    row = focal * places[:, 1] / depth + middle[1]
    inside = (column > margin * columns) & (column < (1 - margin) * columns) & (places[:, 2] > NEAREST)
    inside &= (row > margin * rows) & (row < (1 - margin) * rows)
    behind = surface[row.clip(0, rows - 1).astype(int), column.clip(0, columns - 1).astype(int), 2]
    return inside & (behind > 1.1 * places[:, 2] + SEEN_THROUGH)


def _pinhole(points: Float[np.ndarray, "rows columns 3"]) -> tuple[float | None, tuple[float, float]]:
    """Return the focal length and the principal point, in cells, of a centred camera that explains the points. The
    focal length is None where too few points are known."""
    rows, columns = points.shape[:2]
    x = np.arange(columns) + 0.5 - columns / 2
    known = (points[..., 2] > 0.05) & (np.abs(points[..., 0]) > 0.05)
    ratio = (x[None] * points[..., 2])[known] / points[..., 0][known]
    focal = float(np.median(ratio)) if len(ratio) >= FEWEST_KNOWN else 0.0
    return focal if focal > LEAST_FOCAL * columns else None, (columns / 2, rows / 2)


def _half_view(points: Float[np.ndarray, "rows columns 3"]) -> tuple[float, float] | None:
    """Return the tangents of half the horizontal and half the vertical field of view; None if too few points are
    known."""
    focal, middle = _pinhole(points)
    return None if focal is None else (middle[0] / focal, middle[1] / focal)


def _apart(tracks: list[RawTrack], here: Sequence[int]) -> list[RawTrack]:
    """Count, in each track of `here`, one more frame that shows it together with the others of `here`."""
    if len(here) < 2:
        return tracks
    out = list(tracks)
    for index in here:
        apart = dict(out[index].apart)
        for other in here:
            if other != index:
                apart[tracks[other].id] = apart.get(tracks[other].id, 0) + 1
        out[index] = replace(out[index], apart=MappingProxyType(apart))
    return out


def _bounded(tracks: list[RawTrack], now: float) -> list[RawTrack]:
    """Return at most `MOST_TRACKS` tracks: first those that the current frame shows, then those with the most
    evidence."""
    if len(tracks) <= MOST_TRACKS:
        return tracks
    worth = sorted(tracks, key=lambda t: (t.last_seen >= now, float(t.evidence.sum())), reverse=True)
    kept = {track.id for track in worth[:MOST_TRACKS]}
    return [
        replace(t, apart=MappingProxyType({i: n for i, n in t.apart.items() if i in kept}))
        for t in tracks
        if t.id in kept
    ]


def _thinned(views: tuple[GroundView, ...], new: GroundView | None, stride: int) -> tuple[tuple[GroundView, ...], int]:
    """Return the views of every `stride`-th frame; the stride doubles where they are too many."""
    views = views if new is None else (*views, new)
    while sum(view.frame % stride == 0 for view in views) > MOST_VIEWS:
        stride *= 2
    return tuple(view for view in views if view.frame % stride == 0), stride
