"""Where a thing is, from sightings that each slip along their ray: Gaussian fusion with robust weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from .sighting import Sighting

ALONG, ACROSS = (0.12, 0.15), (0.05, 0.05)  # standard deviation of a centre: metres, and metres per metre of depth
CUT_OFF = 0.25  # of the long side: what a border that cuts a thing off adds
ROUNDS, HUBER = 3, 1.5

Pose = Float[np.ndarray, "4 4"]


def centre_and_covariance(
    sighting: Sighting, poses: Mapping[int, Pose]
) -> tuple[Float[np.ndarray, " 3"], Float[np.ndarray, "3 3"]]:
    """Return the centre of a sighting's box in the world and the covariance of its error (m²).

    A depth from a single camera errs along the viewing ray much more than across it.
    """
    pose = poses[sighting.frame]
    centre = pose[:3, :3] @ sighting.centre
    ray = centre / max(float(np.linalg.norm(centre)), 1e-6)
    extra = 0.0 if sighting.whole else CUT_OFF * sighting.extent
    along, across = ((base + slope * sighting.depth) ** 2 + extra**2 for base, slope in (ALONG, ACROSS))
    return centre + pose[:3, 3], across * np.eye(3) + (along - across) * np.outer(ray, ray)


def fused(
    sightings: Sequence[Sighting], poses: Mapping[int, Pose]
) -> tuple[Float[np.ndarray, " 3"], Float[np.ndarray, "3 3"]]:
    """Return the centre that the sightings of one thing agree on, in the world, and its covariance.

    Sightings that lie far off lose weight (Huber). Errors of sightings are not independent, since neighbouring frames
    share their geometry: the covariance shrinks with the fourth root of their number only.
    """
    pairs = [centre_and_covariance(s, poses) for s in sightings]
    centres, covariances = np.array([c for c, _ in pairs]), np.array([v for _, v in pairs])
    information = np.linalg.inv(covariances)
    weights = np.array([s.score for s in sightings])
    for _ in range(ROUNDS if len(pairs) > 2 else 1):
        total = np.einsum("n,nij->ij", weights, information)
        centre = np.linalg.solve(total, np.einsum("n,nij,nj->i", weights, information, centres))
        off = centres - centre
        distance = np.sqrt(np.einsum("ni,nij,nj->n", off, information, off))
        weights = np.array([s.score for s in sightings]) * np.minimum(1.0, HUBER / np.maximum(distance, 1e-9))
    mean = np.linalg.inv(np.einsum("n,nij->ij", np.full(len(pairs), 1 / len(pairs)), information))
    return centre, mean / len(pairs) ** 0.5


def separation(
    first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray], slack: Float[np.ndarray, "n m"]
) -> Float[np.ndarray, "n m"]:
    """Return the Mahalanobis distances between two sets of (centres, covariances). `slack` is a further standard
    deviation of each pair, in metres."""
    off = first[0][:, None] - second[0][None]
    covariance = first[1][:, None] + second[1][None] + slack[..., None, None] ** 2 * np.eye(3)
    return np.sqrt(np.einsum("nmi,nmi->nm", off, np.linalg.solve(covariance, off[..., None])[..., 0]))
