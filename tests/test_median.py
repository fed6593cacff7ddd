"""Medians of columns are those of NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from vlm2.median import column_medians


@pytest.mark.parametrize("rows", [1, 2, 7, 64])
def test_medians_are_those_of_numpy(rows: int) -> None:
    values = np.random.default_rng(rows).normal(size=(rows, 3)).astype(np.float32)
    found = column_medians(values)
    assert found.dtype == np.float32 and np.array_equal(found, np.median(values, axis=0))


def test_nan_counts_as_the_largest_number() -> None:
    assert column_medians(np.array([[np.nan], [2.0], [1.0]])) == [2.0]
