"""A raw track: the sightings that association has put together, before merging."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float

from .position import Pose, fused
from .sighting import ObjectSighting

KEYFRAMES = 10  # sightings that a track keeps
LEAST_WEIGHT = 1e-6  # of a sighting in a mean


@dataclass(frozen=True)
class RawTrack:
    """Sightings of one thing. `evidence` is a sum over all sightings; `kept` holds the best of them.

    `centre` (metres) and `covariance` (m²) are the estimate of the middle of its box, in the world. `apart` maps the
    ids of other tracks to the number of frames that showed both. `missed` counts the frames that should have shown it
    and did not.
    """

    id: int
    evidence: Float[np.ndarray, " labels"]
    sightings: int
    first_seen: float
    last_seen: float
    kept: tuple[ObjectSighting, ...]
    apart: Mapping[int, int]
    centre: Float[np.ndarray, " 3"]
    covariance: Float[np.ndarray, "3 3"]
    missed: int = 0

    @classmethod
    def begin(cls, id: int, sighting: ObjectSighting, poses: Mapping[int, Pose]) -> RawTrack:
        """Return the track of a thing that is seen for the first time."""
        evidence, time = sighting.score * sighting.evidence.astype(np.float64), sighting.time
        return cls.of(id, evidence, 1, time, time, (sighting,), {}, 0, poses)

    @classmethod
    def of(
        cls,
        id: int,
        evidence: Float[np.ndarray, " labels"],
        sightings: int,
        first_seen: float,
        last_seen: float,
        kept: tuple[ObjectSighting, ...],
        apart: Mapping[int, int],
        missed: int,
        poses: Mapping[int, Pose],
    ) -> RawTrack:
        """Return a track; its centre and covariance are computed from its kept sightings."""
        return cls(id, evidence, sightings, first_seen, last_seen, kept, apart, *fused(kept, poses), missed)

    def then(self, sighting: ObjectSighting, poses: Mapping[int, Pose]) -> RawTrack:
        """Return the track with one more sighting; beyond `KEYFRAMES`, drop the earlier one of the lowest quality."""
        kept = (*self.kept, sighting)
        if len(kept) > KEYFRAMES:
            worst = min(range(len(kept) - 1), key=lambda i: (kept[i].quality, i))
            kept = kept[:worst] + kept[worst + 1 :]
        centre, covariance = fused(kept, poses)
        return replace(
            self,
            evidence=self.evidence + sighting.score * sighting.evidence,
            sightings=self.sightings + 1,
            last_seen=max(self.last_seen, sighting.time),
            kept=kept,
            centre=centre,
            covariance=covariance,
        )

    def located(self, poses: Mapping[int, Pose]) -> RawTrack:
        """Return the track with its centre and covariance for other poses of its frames."""
        centre, covariance = fused(self.kept, poses)
        return replace(self, centre=centre, covariance=covariance)

    @cached_property
    def colour(self) -> Float[np.ndarray, " 3"]:
        """The mean colour of the kept sightings: sRGB, 0 to 1."""
        weights = np.array([s.quality + LEAST_WEIGHT for s in self.kept])
        return weights @ np.array([s.colour for s in self.kept]) / (255 * weights.sum())

    @cached_property
    def log_size(self) -> Float[np.ndarray, " 3"]:
        """The mean of the logarithms of long side, short side and height in metres; NaN where no sighting has a 3D box.
        Near sightings count more."""
        shaped = [s for s in self.kept if s.shape is not None]
        if not shaped:
            return np.full(3, np.nan)
        weights = np.array([s.quality / (0.5 + s.depth) + LEAST_WEIGHT for s in shaped])
        return weights @ np.array([s.log_size for s in shaped]) / weights.sum()

    @property
    def label(self) -> int:
        """The index of the label with the most evidence."""
        return int(self.evidence.argmax())


def weighted_median(values: Float[np.ndarray, "n dim"], weights: Float[np.ndarray, " n"]) -> Float[np.ndarray, " dim"]:
    """Return the weighted median of each column."""
    order = np.argsort(values, axis=0)
    total = np.cumsum(weights[order], axis=0)
    index = (total >= 0.5 * total[-1]).argmax(0)
    return np.take_along_axis(values, np.take_along_axis(order, index[None], 0), 0)[0]
