"""Source frames of what the memory holds: which frames of the video an entry M was made of, as a short list of weights.

An entry mixes its own frame with what it read, which was a mixture too. Let `a` be the shares of attention that a
read gave to the slots, γ the mean gate, and S the sources of an entry. Both `a` and S add to 1. Then

    S(H_t) = {t: 1}
    S(M_t) = (1 − ρ) S(H_t) + ρ [γ Σ_i a_i S(H_i in W) + (1 − γ) Σ_j a_j S(M_j in E)]
    ρ      = ‖M_t − H_t‖ / (‖H_t‖ + ‖M_t − H_t‖)      where M = H + g ⊙ read, so that M − H is what was read
    ρ      = 1                                          where M is the read alone (no residual)

and S(M_t) = S(H_t) where nothing was read. The sources of an entry merged from two are the mean of theirs, weighted by
the frames that each stands for. The sources follow attention only, as "attention rollout" does (Abnar and Zuidema
2020): they show that a slot was looked at, not what of it was used. Lists are cut to the `MOST` heaviest frames and
made to add to 1 again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

MOST = 16


class SourceFrame(NamedTuple):
    """A frame of the video, its time in seconds, and its weight."""

    frame: int
    time: float
    weight: float


Sources = tuple[SourceFrame, ...]


def mix(parts: Iterable[tuple[float, Sources]], most: int | None = MOST) -> Sources:
    """Add up sources, each part with its weight; keep the `most` heaviest, in the order of frames, adding to 1.

    Empty where no part has weight.
    """
    weights: dict[int, float] = {}
    times: dict[int, float] = {}
    for share, sources in parts:
        for frame, time, weight in sources:
            weights[frame] = weights.get(frame, 0.0) + share * weight
            times[frame] = time
    heaviest = sorted((frame for frame in weights if weights[frame] > 0), key=lambda f: (-weights[f], f))[:most]
    total = sum(weights[frame] for frame in heaviest)
    return tuple(SourceFrame(frame, times[frame], weights[frame] / total) for frame in sorted(heaviest))
