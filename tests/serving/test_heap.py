"""Freed memory goes back to the system."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from vlm2.evaluation.speed.machine import resident_memory
from vlm2.serving import heap


@pytest.mark.skipif(sys.platform != "linux" or heap._malloc_trim() is None, reason="needs GNU's C library")
def test_what_is_freed_among_what_stays_is_given_back() -> None:
    small = 65_536  # bytes: too small for a mapping of its own
    arrays = [np.ones(small, np.uint8) for _ in range(3000)]
    kept, arrays[::100] = arrays[::100], [None] * len(arrays[::100])  # every hundredth one stays, up to the last
    del arrays
    before = resident_memory()
    heap.give_back()
    assert before is not None and (after := resident_memory()) is not None
    assert before - after > 100e6, (before, after, len(kept))


def test_another_c_library_has_nothing_to_give_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap, "_malloc_trim", lambda: None)
    heap.give_back()
