"""Freed memory goes back to the system."""

from __future__ import annotations

import sys
from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest

from vlm2.evaluation.speed.harness import pictures
from vlm2.evaluation.speed.machine import resident_memory
from vlm2.streaming import heap, stream


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


def test_it_is_given_back_once_in_an_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    given, clock = [], iter([100.0, 100.0 + heap.INTERVAL / 2, 100.0 + heap.INTERVAL, 100.0 + 1.5 * heap.INTERVAL])
    monkeypatch.setattr(heap, "give_back", lambda: given.append(1))
    monkeypatch.setattr(heap, "_last", 0.0)
    monkeypatch.setattr(heap, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    counts = []
    for _ in range(4):
        heap.give_back_at_intervals()
        counts.append(len(given))
    assert counts == [1, 1, 2, 2]


def test_a_session_that_watches_gives_back(make_session, monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    monkeypatch.setattr(stream, "give_back_at_intervals", lambda: given.append(1))
    session = make_session()
    for n, image in enumerate(islice(pictures(), 2 * session.model.geometry.window)):
        session.observe(image, n / 2)
    assert given
