"""Calibration: from the probability that an operator computes to the share of such answers that are right.

The computed probability knows the errors of places, sizes and labels. It does not know how often a thing was never
detected or appears twice, which matters most for counts. So its log-odds are scaled and shifted, by one factor and by
one offset for each operator (Platt scaling).

The values were fitted to 2,283 answers about 16 generated homes for validation, watched with the eyes `homes`; see
docs/experiments/2026-11-29-confidence.md.
"""

from __future__ import annotations

import math

SLOPE = 0.67
OFFSETS = {"area": 0.25, "bearing": 1.08, "count": -0.53, "course": 0.52, "displacement": 0.22, "distance": 0.36,
           "nearest": 0.72, "order": 1.06, "route": 1.19, "side": 1.53, "size": 0.49}  # fmt: skip
"""Log-odds by the name of an operator. The probability of another operator stays as it is computed."""
CLIP = 0.01  # nothing is surer than this


def calibrated(name: str, probability: float, options: int) -> float:
    """Return the calibrated probability that an answer of the operator `name` is right. With several options, a
    wrong measurement still finds the right one by chance."""
    if name not in OFFSETS:
        return probability
    chance = 1.0 / options if options else 0.0
    by_luck = min(max(chance + (1.0 - chance) * probability, CLIP), 1.0 - CLIP)
    return 1.0 / (1.0 + math.exp(-OFFSETS[name] - SLOPE * math.log(by_luck / (1.0 - by_luck))))
