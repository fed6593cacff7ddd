"""The position of a thing from its sightings, whose errors lie along their rays: robust Gaussian fusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from .sighting import ObjectSighting

ALONG, ACROSS = (0.12, 0.15), (0.05, 0.05)  # standard deviation of a centre: metres, and metres per metre of depth
CUT_OFF = 0.25  # of the long side: added if the frame's border cuts the thing off
ROUNDS, HUBER = 3, 1.5
LEAST_SCORE = 1e-3  # the weight of a sighting that its detector gives no score

Pose = Float[np.ndarray, "4 4"]


def placed(
    sightings: Sequence[ObjectSighting], poses: Mapping[int, Pose]
) -> tuple[Float[np.ndarray, "sightings 3"], Float[np.ndarray, "sightings 3 3"]]:
    """Return the centres of the sightings' boxes in the world and the covariances of their errors (m²).

    A depth from a single camera errs along the viewing ray much more than across it.
    """
    pose = np.array([poses[s.frame] for s in sightings])
    local = np.array([s.centre for s in sightings], np.float64)
    cut_off = CUT_OFF * np.array([0.0 if s.whole else s.extent for s in sightings])
    depth = np.array([s.depth for s in sightings])
    centres = (pose[:, :3, :3] @ local[..., None])[..., 0]
    rays = centres / np.maximum(np.linalg.norm(centres, axis=1), 1e-6)[:, None]
    along, across = ((base + slope * depth) ** 2 + cut_off**2 for base, slope in (ALONG, ACROSS))
    spread = (along - across)[:, None, None] * rays[:, :, None] * rays[:, None]
    return centres + pose[:, :3, 3], across[:, None, None] * np.eye(3) + spread


def fused(
    sightings: Sequence[ObjectSighting], poses: Mapping[int, Pose]
) -> tuple[Float[np.ndarray, " 3"], Float[np.ndarray, "3 3"]]:
    """Return the centre that the sightings of one thing agree on, in the world, and its covariance."""
    return agreed(*placed(sightings, poses), np.array([s.score for s in sightings]))


def agreed(
    centres: Float[np.ndarray, "sightings 3"],
    covariances: Float[np.ndarray, "sightings 3 3"],
    scores: Float[np.ndarray, " sightings"],
) -> tuple[Float[np.ndarray, " 3"], Float[np.ndarray, "3 3"]]:
    """Return the centre that the placed sightings of one thing agree on, and its covariance.

    Sightings far from the centre get less weight (Huber). Errors of sightings are not independent, since neighbouring
    frames share their geometry: the standard deviation shrinks only with the fourth root of their number.
    """
    information = np.linalg.inv(covariances)
    weights = scores = np.maximum(scores, LEAST_SCORE)
    centre = centres[0]
    for _ in range(ROUNDS if len(centres) > 2 else 1):
        weighted = weights[:, None, None] * information
        centre = np.linalg.solve(weighted.sum(0), (weighted @ centres[..., None]).sum(0)[:, 0])
        off = centres - centre
        distance = np.sqrt((off[:, None] @ information @ off[..., None])[:, 0, 0])
        weights = scores * np.minimum(1.0, HUBER / np.maximum(distance, 1e-9))
    return centre, np.linalg.inv(information.mean(0)) / len(centres) ** 0.5


def separation(
    first: tuple[Float[np.ndarray, "n 3"], Float[np.ndarray, "n 3 3"]],
    second: tuple[Float[np.ndarray, "m 3"], Float[np.ndarray, "m 3 3"]],
    slack: Float[np.ndarray, "n m"],
) -> Float[np.ndarray, "n m"]:
    """Return the Mahalanobis distances between two sets of (centres, covariances). `slack` is a further standard
    deviation of each pair, in metres."""
    x, y, z = np.moveaxis(first[0][:, None] - second[0][None], -1, 0)
    sums = first[1][:, None] + second[1][None]
    xx, yy, zz = (sums[..., i, i] + slack**2 for i in range(3))
    xy, xz, yz = sums[..., 0, 1], sums[..., 0, 2], sums[..., 1, 2]
    # the inverse of a symmetric matrix is its adjugate over its determinant
    a, b, c = yy * zz - yz**2, xz * yz - xy * zz, xy * yz - xz * yy
    d, e, f = xx * zz - xz**2, xy * xz - xx * yz, xx * yy - xy**2
    determinant = xx * a + xy * b + xz * c
    squared = (a * x**2 + d * y**2 + f * z**2 + 2 * (b * x * y + c * x * z + e * y * z)) / determinant
    return np.sqrt(np.maximum(squared, 0.0))
