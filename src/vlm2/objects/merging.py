"""Things: raw tracks of one thing merged, in a world whose vertical is known. Computed anew from the raw tracks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from .position import Pose, fused, separation
from .raw_track import RawTrack, weighted_median
from .sighting import Sighting

ECHO = 0.08  # of the distance: how far an echo may lie beside the ray
APART = 2  # frames that show two tracks at once make them two things
NEAR, LOOSE, GATE = 0.08, 0.12, 2.0  # metres, share of the long side, standard deviations


@dataclass(frozen=True)
class Thing:
    """One thing: its raw tracks merged. Metres; z up.

    `size` is long side, short side and height; `heading` the direction of the long side about z, radians modulo π.
    `covariance` (m²) and `size_error` (m) say how sure centre and size are.
    """

    tracks: tuple[RawTrack, ...]
    evidence: Float[np.ndarray, " labels"]
    center: Float[np.ndarray, " 3"]
    size: Float[np.ndarray, " 3"]
    heading: float
    covariance: Float[np.ndarray, "3 3"]
    size_error: float

    @property
    def label(self) -> int:
        """The index of the label with the most evidence."""
        return int(self.evidence.argmax())

    @property
    def sightings(self) -> int:
        """The number of frames that showed it."""
        return sum(track.sightings for track in self.tracks)

    @property
    def kept(self) -> tuple[Sighting, ...]:
        """The sightings that are kept, by time."""
        return tuple(sorted((s for t in self.tracks for s in t.kept), key=lambda s: (s.time, s.frame)))


def merged(
    tracks: Sequence[RawTrack],
    poses: Mapping[int, Pose],
    map_from_world: Float[np.ndarray, "4 4"],
    confusable: Bool[np.ndarray, "labels labels"],
) -> list[Thing]:
    """Return the things, most evidence first.

    Two tracks are one thing where their labels agree or are confusable, their boxes share much of their volume or
    their centres lie close, and no two frames showed them as two.
    """
    placed = {frame: map_from_world @ pose for frame, pose in poses.items()}
    groups = [[track] for track in sorted(tracks, key=lambda t: (-float(t.evidence.sum()), t.id))]
    things = [_thing(group, placed) for group in groups]
    while (pair := _closest_pair(things, placed, confusable)) is not None:
        i, j = pair
        things[i] = _thing([*things[i].tracks, *things[j].tracks], placed)
        things.pop(j)
    return sorted(things, key=lambda thing: -float(thing.evidence.sum()))


def _closest_pair(things: list[Thing], poses: Mapping[int, Pose], confusable: np.ndarray) -> tuple[int, int] | None:
    """Return the two things that most surely are one, or None."""
    count = len(things)
    if count < 2:
        return None
    labels = np.array([thing.label for thing in things])
    alike = (labels[:, None] == labels[None]) | confusable[labels][:, labels]
    centers, sizes = np.array([t.center for t in things]), np.array([t.size for t in things])
    placed = centers, np.array([thing.covariance for thing in things])
    slack = NEAR + LOOSE * 0.5 * (sizes[:, None, 0] + sizes[None, :, 0])
    near = separation(placed, placed, slack) / GATE
    near[~alike] = np.inf
    near[np.tril_indices(count)] = np.inf
    for i, j in sorted(zip(*np.nonzero(near < 1.0), strict=True), key=lambda ij: near[ij]):
        if _seen_together(things[i], things[j]) < APART:
            return int(i), int(j)
    for i, j in zip(*np.nonzero(np.isfinite(near)), strict=True):
        strong, weak = (i, j) if things[i].sightings >= things[j].sightings else (j, i)
        if _is_echo(things[weak], things[strong], poses):
            return int(strong), int(weak)
    return None


def _is_echo(weak: Thing, strong: Thing, poses: Mapping[int, Pose]) -> bool:
    """Tell whether a weak thing is a strong one at a wrong depth: seen less often, never beside it, and in each of its
    frames in the direction of the strong one."""
    if 2 * weak.sightings > strong.sightings or _seen_together(weak, strong):
        return False
    off = []
    for sighting in weak.kept:
        pose = poses[sighting.frame]
        ray = sighting.centre / max(float(np.linalg.norm(sighting.centre)), 1e-6)
        local = pose[:3, :3].T @ (strong.center - pose[:3, 3])
        along = float(local @ ray)
        if along < 0.2:
            return False
        off.append(np.linalg.norm(local - along * ray) / (NEAR + ECHO * along + LOOSE * strong.size[0]))
    return float(np.median(off)) < 1.3


def _seen_together(a: Thing, b: Thing) -> int:
    """Return how many frames showed two things at once."""
    return sum(track.apart.get(other.id, 0) for track in a.tracks for other in b.tracks)


def _thing(tracks: Sequence[RawTrack], poses: Mapping[int, Pose]) -> Thing:
    """Estimate the box of a thing from the sightings of its tracks."""
    kept = [s for track in tracks for s in track.kept]
    weights = np.array([s.quality / (0.5 + s.depth) for s in kept])
    evidence = np.sum([track.evidence for track in tracks], axis=0)
    shaped = [(s, w) for s, w in zip(kept, weights, strict=True) if s.shape is not None]
    center, covariance = fused(kept, poses)
    if not shaped:
        return _boxed(tuple(tracks), evidence, kept, poses, covariance)
    weights = np.array([w for _, w in shaped])
    sizes = np.log(np.array([s.shape.size for s, _ in shaped if s.shape is not None]))
    size = np.exp(weighted_median(sizes, weights))
    heading = _mean_heading([(_heading(s, poses), w) for s, w in shaped])
    size_error = float(np.median(np.abs(np.exp(sizes) - size).max(1))) / len(shaped) ** 0.25
    return Thing(tuple(tracks), evidence, center, size, heading, covariance, size_error)


def _boxed(
    tracks: tuple[RawTrack, ...],
    evidence: np.ndarray,
    kept: list[Sighting],
    poses: Mapping[int, Pose],
    covariance: np.ndarray,
) -> Thing:
    """Estimate a box from visible points alone: the smallest upright rectangle around most of them."""
    import cv2

    points = np.concatenate([s.points @ poses[s.frame][:3, :3].T + poses[s.frame][:3, 3] for s in kept])
    low, high = np.quantile(points, [0.03, 0.97], axis=0)
    inside = points[((points >= low) & (points <= high)).all(1)]
    inside = inside if len(inside) >= 3 else points
    (x, y), (a, b), angle = cv2.minAreaRect(inside[:, :2].astype(np.float32))
    turn = np.radians(angle) + (0.0 if a >= b else np.pi / 2)
    center = np.array([x, y, 0.5 * (low[2] + high[2])])
    size = np.maximum([max(a, b), min(a, b), high[2] - low[2]], 0.02)
    return Thing(tracks, evidence, center, size, float(turn % np.pi), covariance, 0.2 * float(size.max()))


def _heading(sighting: Sighting, poses: Mapping[int, Pose]) -> float:
    """Return the direction of a sighting's long side about z in the map, in radians."""
    assert sighting.shape is not None
    forward = poses[sighting.frame][:2, 2]
    ahead = np.arctan2(forward[1], forward[0])
    return float(ahead - np.pi / 2 + sighting.shape.heading)


def _mean_heading(headings: Sequence[tuple[float, float]]) -> float:
    """Return the weighted mean of directions modulo π."""
    double = sum(w * np.exp(2j * angle) for angle, w in headings)
    return float(np.angle(double) / 2 % np.pi)
