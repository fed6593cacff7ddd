"""Association: assign the sightings of a frame to tracks, one to one (Hungarian method)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import linear_sum_assignment

from .position import Pose, placed, separation
from .raw_track import RawTrack
from .sighting import ObjectSighting

LEAST_AFFINITY = 0.15
GATE = 2.5  # standard deviations
NEAR, LOOSE = 0.08, 0.12  # metres, and share of the long side: slack of a centre
NEVER = 1e3


def associate(
    sightings: Sequence[ObjectSighting],
    tracks: Sequence[RawTrack],
    poses: Mapping[int, Pose],
    confusable: Bool[np.ndarray, "labels labels"],
) -> list[tuple[int, int]]:
    """Return pairs (sighting, track) of indices.

    A sighting can continue a track if their centres lie close and their label evidence agrees. The tolerance of the
    centres grows with depth, since most of the error lies along the viewing ray, and with the size of the thing.
    `confusable` marks the pairs of labels that a detector mixes up.
    """
    if not sightings or not tracks:
        return []
    known = np.array([t.centre for t in tracks]), np.array([t.covariance for t in tracks])
    slack = NEAR + LOOSE * np.array([s.extent for s in sightings])[:, None].clip(max=2.0)
    distance = separation(placed(sightings, poses), known, np.broadcast_to(slack, (len(sightings), len(tracks))))
    affinity = _affinity(np.array([s.evidence for s in sightings]), np.array([t.evidence for t in tracks]), confusable)
    cost = distance / GATE + 0.7 * (1.0 - affinity)
    cost[(distance > GATE) | (affinity < LEAST_AFFINITY)] = NEVER
    rows, columns = linear_sum_assignment(cost)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if cost[i, j] < NEVER]


def _affinity(
    seen: Float[np.ndarray, "sightings labels"], known: Float[np.ndarray, "tracks labels"], confusable: np.ndarray
) -> Float[np.ndarray, "sightings tracks"]:
    """Return how well labels agree (0–1): the cosine of the evidence, spread over the confusable labels."""
    spread = np.eye(len(confusable)) + 0.5 * confusable
    a, b = seen @ spread, known @ spread
    a, b = (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9) for x in (a, b))
    return a @ b.T
