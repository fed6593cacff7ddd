"""Association: assign the sightings of a frame to tracks, one to one (Hungarian method)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import linear_sum_assignment

from .position import Pose, placed, separation
from .raw_track import RawTrack
from .sighting import ObjectSighting

NEAR, LOOSE = 0.08, 0.12  # metres, and share of the long side: slack of a centre
CONFUSED = 0.2  # the similarity of two confusable labels
PLACE, LABEL, COLOUR, SIZE = -1.15, 2.49, -5.56, -1.60  # log-odds per unit: logistic regression on validation homes
OFFSET = 0.93  # the log-odds where nothing differs and the labels do not agree
LEAST_SIMILARITY = 0.15  # of labels: less is never one thing, since detectors without doubts were not in the regression


def associate(
    sightings: Sequence[ObjectSighting],
    tracks: Sequence[RawTrack],
    poses: Mapping[int, Pose],
    confusable: Bool[np.ndarray, "labels labels"],
) -> list[tuple[int, int]]:
    """Return pairs (sighting, track) of indices.

    The pairs are those with the largest sum of log-odds that both are one thing (`same_thing`). A pair that is more
    likely two things is left out. `confusable` marks the pairs of labels that a detector mixes up.
    """
    if not sightings or not tracks:
        return []
    gain = np.maximum(same_thing(sightings, tracks, poses, confusable), 0.0)
    rows, columns = linear_sum_assignment(-gain)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if gain[i, j] > 0]


def same_thing(
    sightings: Sequence[ObjectSighting],
    tracks: Sequence[RawTrack],
    poses: Mapping[int, Pose],
    confusable: Bool[np.ndarray, "labels labels"],
) -> Float[np.ndarray, "sightings tracks"]:
    """Return the log-odds that a sighting and a track are one thing.

    They fall with the distance of the centres, the difference of the colours and that of the sizes, and rise with the
    similarity of the labels. The distance is relative to its tolerance, which grows with depth, since most of the error
    lies along the viewing ray, and with the size of the thing. Sizes are taken for equal where a detector estimates
    none. Labels that disagree give minus infinity.
    """
    known = np.array([t.centre for t in tracks]), np.array([t.covariance for t in tracks])
    slack = NEAR + LOOSE * np.array([s.extent for s in sightings])[:, None].clip(max=2.0)
    distance = separation(placed(sightings, poses), known, np.broadcast_to(slack, (len(sightings), len(tracks))))
    labels = _similarity(np.array([s.evidence for s in sightings]), np.array([t.evidence for t in tracks]), confusable)
    colours = _difference([s.colour / 255 for s in sightings], [t.colour for t in tracks])
    sizes = np.nan_to_num(_difference([s.log_size for s in sightings], [t.log_size for t in tracks]))
    odds = OFFSET + PLACE * distance + LABEL * labels + COLOUR * colours + SIZE * sizes
    return np.where(labels >= LEAST_SIMILARITY, odds, -np.inf)


def _difference(
    first: Sequence[Float[np.ndarray, " dim"]], second: Sequence[Float[np.ndarray, " dim"]]
) -> Float[np.ndarray, "first second"]:
    """Return the mean absolute difference of each two vectors."""
    return np.abs(np.array(first)[:, None] - np.array(second)[None]).mean(-1)


def _similarity(
    seen: Float[np.ndarray, "sightings labels"],
    known: Float[np.ndarray, "tracks labels"],
    confusable: Bool[np.ndarray, "labels labels"],
) -> Float[np.ndarray, "sightings tracks"]:
    """Return how well label evidence agrees: the cosine, where confusable labels are similar by `CONFUSED`."""
    kernel = np.eye(len(confusable)) + CONFUSED * confusable
    norms = (np.sqrt(np.maximum(((x @ kernel) * x).sum(1), 1e-12)) for x in (seen, known))
    return (seen @ kernel @ known.T) / np.multiply.outer(*norms)
