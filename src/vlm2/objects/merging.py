"""Merging: join the raw tracks of each thing, in a world whose z axis is up. Each map computes it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from jaxtyping import Bool, Float

from .position import Pose, agreed, placed, separation
from .raw_track import RawTrack, weighted_median
from .sighting import ObjectSighting

ECHO = 0.08  # of the distance: how far an echo may lie beside the ray
BESIDE = 1.3  # times what `ECHO`, `NEAR` and `LOOSE` allow together
UNSHAPED = 0.2  # of the long side: the error of a size without a detector's 3D box
APART = 2  # frames that show two tracks with different labels at once make them two things
INSIDE = -1.0  # the distance of two things of one label that cannot both be there
PIECES = 0.5  # of the frames that show a thing may show it in two pieces of one label
NEAR, LOOSE = 0.08, 0.12  # metres, and share of the long side: slack of a centre
GATE = 2.0  # standard deviations
WIDE, RARELY = 2.0, 0.3  # times `GATE`, for like things: few of the frames that show the one show both

Places = tuple[Float[np.ndarray, "sightings 3"], Float[np.ndarray, "sightings 3 3"]]


@dataclass(frozen=True)
class Thing:
    """One thing: its raw tracks merged. Metres; z up.

    `size` is long side, short side and height; `heading` the direction of the long side about z, radians modulo π.
    `covariance` (m²) and `size_error` (m) say how sure centre and size are. `cameras` are the places from which the
    kept sightings show it, `rays` the directions in which it lies from there.
    """

    tracks: tuple[RawTrack, ...]
    evidence: Float[np.ndarray, " labels"]
    center: Float[np.ndarray, " 3"]
    size: Float[np.ndarray, " 3"]
    heading: float
    covariance: Float[np.ndarray, "3 3"]
    size_error: float
    cameras: Float[np.ndarray, "sightings 3"]
    rays: Float[np.ndarray, "sightings 3"]

    @cached_property
    def label(self) -> int:
        """The index of the label with the most evidence."""
        return int(self.evidence.argmax())

    @cached_property
    def sightings(self) -> int:
        """The number of frames that showed it."""
        return sum(track.sightings for track in self.tracks)

    @property
    def kept(self) -> tuple[ObjectSighting, ...]:
        """The sightings that are kept, by time."""
        return tuple(sorted((s for t in self.tracks for s in t.kept), key=lambda s: (s.time, s.frame)))


def merged(
    tracks: Sequence[RawTrack],
    poses: Mapping[int, Pose],
    map_from_world: Float[np.ndarray, "4 4"],
    confusable: Bool[np.ndarray, "labels labels"],
) -> list[Thing]:
    """Return the things, most evidence first.

    Two tracks are of one thing if their labels agree or are confusable, and one of three conditions holds. Their
    centres lie close, and few frames showed both (`_are_one`). Or their labels agree, and the centre of one lies inside
    the box of the other. Or one is an echo of the other (`_is_echo`).
    """
    poses = {frame: map_from_world @ pose for frame, pose in poses.items()}
    ordered = sorted(tracks, key=lambda track: (-float(track.evidence.sum()), track.id))
    places = _places(ordered, poses)
    things = [_thing([track], poses, places) for track in ordered]
    gaps = _gaps(things, things, confusable)
    np.fill_diagonal(gaps, np.inf)
    refuted, gone = np.zeros(gaps.shape, bool), np.zeros(len(things), bool)
    while (pair := _nearest(things, gaps) or _echo(things, gaps, refuted)) is not None:
        stays, goes = pair
        things[stays] = _thing([*things[stays].tracks, *things[goes].tracks], poses, places)
        gone[goes] = True
        row = _gaps([things[stays]], things, confusable)[0]
        row[gone], row[stays] = np.inf, np.inf
        gaps[goes] = gaps[:, goes] = np.inf
        gaps[stays] = gaps[:, stays] = row
        refuted[stays] = refuted[:, stays] = False
    left = [thing for thing, dropped in zip(things, gone, strict=True) if not dropped]
    return sorted(left, key=lambda thing: -float(thing.evidence.sum()))


def _gaps(
    first: Sequence[Thing], second: Sequence[Thing], confusable: Bool[np.ndarray, "labels labels"]
) -> Float[np.ndarray, "first second"]:
    """Return the distances of things over the gate: below 1 they may be one. Infinite if their labels disagree,
    `INSIDE` if they have one label and the centre of one lies inside the box of the other."""
    if not first or not second:
        return np.zeros((len(first), len(second)))
    labels, others = (np.array([thing.label for thing in things]) for things in (first, second))
    long, longer = (np.array([thing.size[0] for thing in things]) for things in (first, second))
    here, there = (
        (np.array([thing.center for thing in things]), np.array([thing.covariance for thing in things]))
        for things in (first, second)
    )
    gaps = separation(here, there, NEAR + LOOSE * 0.5 * (long[:, None] + longer[None])) / GATE
    same = labels[:, None] == others[None]
    gaps[same & (_holds(first, second) | _holds(second, first).T)] = INSIDE
    gaps[~same & ~confusable[labels][:, others]] = np.inf
    return gaps


def _nearest(things: Sequence[Thing], gaps: Float[np.ndarray, "things things"]) -> tuple[int, int] | None:
    """Return the two nearest things that are one, or None. Gaps of near things seen together become infinite."""
    near = zip(*np.nonzero(np.triu(gaps < WIDE)), strict=True)
    for i, j in sorted(near, key=lambda pair: gaps[pair]):
        if _are_one(things[i], things[j], float(gaps[i, j])):
            return int(i), int(j)
        if gaps[i, j] < 1.0:
            gaps[i, j] = gaps[j, i] = np.inf
    return None


def _are_one(a: Thing, b: Thing, gap: float) -> bool:
    """Return whether two things whose centres lie `gap` gates apart are one.

    Near things are two if frames show them at once more often than a detector shows one thing in two pieces. Like
    things farther apart are one if frames rarely show both: a camera that drifts sees one thing in two places, but two
    neighbours together.
    """
    together = _seen_together(a, b)
    if gap >= 1.0:
        return a.label == b.label and together <= RARELY * min(a.sightings, b.sightings)
    pieces = a.label == b.label and together <= PIECES * max(a.sightings, b.sightings)
    return gap == INSIDE or together < APART or pieces


def _holds(boxes: Sequence[Thing], things: Sequence[Thing]) -> Bool[np.ndarray, "boxes things"]:
    """Return which boxes hold the centres of which things."""
    way = np.array([thing.center for thing in things]) - np.array([box.center for box in boxes])[:, None]
    heading = np.array([box.heading for box in boxes])[:, None]
    cos, sin = np.cos(heading), np.sin(heading)
    local = np.stack([cos * way[..., 0] + sin * way[..., 1], cos * way[..., 1] - sin * way[..., 0], way[..., 2]], -1)
    return np.all(np.abs(local) <= 0.5 * np.array([box.size for box in boxes])[:, None], axis=-1)


def _echo(
    things: Sequence[Thing], gaps: Float[np.ndarray, "things things"], refuted: Bool[np.ndarray, "things things"]
) -> tuple[int, int] | None:
    """Return a thing and its echo, or None. `refuted` marks the pairs that were checked and are no echoes."""
    count = np.array([thing.sightings for thing in things])
    less, more = np.minimum(count[:, None], count[None]), np.maximum(count[:, None], count[None])
    for i, j in zip(*np.nonzero(np.triu(np.isfinite(gaps) & ~refuted & (2 * less <= more))), strict=True):
        strong, weak = (i, j) if count[i] >= count[j] else (j, i)
        if _is_echo(things[weak], things[strong]):
            return int(strong), int(weak)
        refuted[i, j] = refuted[j, i] = True
    return None


def _is_echo(weak: Thing, strong: Thing) -> bool:
    """Return whether a weak thing is an echo: the strong thing at a wrong depth. No frame showed both, and in most of
    the weak one's kept sightings it lies in the direction of the strong one."""
    if _seen_together(weak, strong):
        return False
    local = strong.center - weak.cameras
    along = (local * weak.rays).sum(1)
    if (along < 0.2).any():
        return False
    beside = np.linalg.norm(local - along[:, None] * weak.rays, axis=1)
    return float(np.median(beside / (NEAR + ECHO * along + LOOSE * strong.size[0]))) < BESIDE


def _seen_together(a: Thing, b: Thing) -> int:
    """Return how many frames showed two things at once."""
    return sum(track.apart.get(other.id, 0) for track in a.tracks for other in b.tracks)


def _places(tracks: Sequence[RawTrack], poses: Mapping[int, Pose]) -> dict[int, Places]:
    """Return, by the id of the track, the centres of its kept sightings in the map and their covariances."""
    if not tracks:
        return {}
    centres, covariances = placed([s for track in tracks for s in track.kept], poses)
    ends = np.cumsum([len(track.kept) for track in tracks])[:-1]
    parts = zip(np.split(centres, ends), np.split(covariances, ends), strict=True)
    return {track.id: part for track, part in zip(tracks, parts, strict=True)}


def _thing(tracks: Sequence[RawTrack], poses: Mapping[int, Pose], places: Mapping[int, Places]) -> Thing:
    """Estimate the box of a thing from the sightings of its tracks."""
    kept = [s for track in tracks for s in track.kept]
    centres, covariances = (np.concatenate(parts) for parts in zip(*(places[t.id] for t in tracks), strict=True))
    center, covariance = agreed(centres, covariances, np.array([s.score for s in kept]))
    cameras = np.array([poses[s.frame][:3, 3] for s in kept])
    rays = centres - cameras
    rays /= np.maximum(np.linalg.norm(rays, axis=1), 1e-6)[:, None]
    shaped = [(s, s.shape, s.quality / (0.5 + s.depth)) for s in kept if s.shape is not None]
    if shaped:
        sizes = np.log(np.array([shape.size for _, shape, _ in shaped], np.float64))
        size = np.exp(weighted_median(sizes, np.array([weight for *_, weight in shaped])))
        heading = _mean_heading([(_heading(shape.heading, poses[s.frame]), weight) for s, shape, weight in shaped])
        size_error = float(np.median(np.abs(np.exp(sizes) - size).max(1))) / len(shaped) ** 0.25
    else:
        center, size, heading = _rectangle(np.concatenate([_in_map(s, poses) for s in kept]))
        size_error = UNSHAPED * float(size.max())
    evidence = np.sum([track.evidence for track in tracks], axis=0)
    return Thing(tuple(tracks), evidence, center, size, heading, covariance, size_error, cameras, rays)


def _in_map(sighting: ObjectSighting, poses: Mapping[int, Pose]) -> Float[np.ndarray, "points 3"]:
    """Return a sighting's visible points in the map."""
    pose = poses[sighting.frame]
    return sighting.points @ pose[:3, :3].T + pose[:3, 3]


def _rectangle(
    points: Float[np.ndarray, "points 3"],
) -> tuple[Float[np.ndarray, " 3"], Float[np.ndarray, " 3"], float]:
    """Return centre, size and heading of the smallest upright box around most of the points."""
    low, high = np.quantile(points, [0.03, 0.97], axis=0)
    inside = points[((points >= low) & (points <= high)).all(1)]
    inside = inside if len(inside) >= 3 else points
    (x, y), (a, b), angle = cv2.minAreaRect(inside[:, :2].astype(np.float32))
    turn = np.radians(angle) + (0.0 if a >= b else np.pi / 2)
    center = np.array([x, y, 0.5 * (low[2] + high[2])])
    return center, np.maximum([max(a, b), min(a, b), high[2] - low[2]], 0.02), float(turn % np.pi)


def _heading(heading: float, map_from_camera: Pose) -> float:
    """Return the direction of a long side about z in the map, in radians, from that in the camera's frame."""
    forward = map_from_camera[:2, 2]
    return float(np.arctan2(forward[1], forward[0]) - np.pi / 2 + heading)


def _mean_heading(headings: Sequence[tuple[float, float]]) -> float:
    """Return the weighted mean of directions modulo π."""
    double = sum(w * np.exp(2j * angle) for angle, w in headings)
    return float(np.angle(double) / 2 % np.pi)
