"""Medians of few values, without the cost of `np.median`."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def column_medians(values: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, " columns"]:
    """Return the median of each column of at least one row: that of `np.median`, but several times as fast for up to
    some hundred rows. NaN counts as larger than all numbers."""
    ordered, middle = np.sort(values, axis=0), len(values) // 2
    return ordered[middle] if len(values) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
