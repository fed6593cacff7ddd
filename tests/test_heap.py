"""One heap for all threads, and freed memory that goes back to the system."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from vlm2 import heap

gnu = pytest.mark.skipif(heap._gnu_library() is None, reason="needs GNU's C library")
# Prints the heaps of a process whose threads each hold memory, as the C library counts them.
THREADS = """
import ctypes, sys, threading
import numpy as np
from vlm2.heap import use_one_heap
if "one" in sys.argv:
    use_one_heap()
def hold():
    kept.append(np.ones(50_000, np.uint8))
    all_here.wait()
kept, all_here = [], threading.Barrier(4)
threads = [threading.Thread(target=hold) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
sys.stdout.flush()
ctypes.CDLL(None).malloc_stats()
"""


def _heaps(*arguments: str, **environment: str) -> int:
    clean = {name: value for name, value in os.environ.items() if name != heap.ARENAS}
    done = subprocess.run(
        [sys.executable, "-c", THREADS, *arguments], env=clean | environment, capture_output=True, text=True, check=True
    )
    return done.stderr.count("Arena")


@gnu
def test_threads_share_one_heap_where_a_program_wants_it() -> None:
    assert _heaps("one") == 1
    assert _heaps() > 1
    assert _heaps("one", MALLOC_ARENA_MAX="3") == 3  # what a user sets stays


@gnu
def test_what_is_freed_among_what_stays_is_given_back() -> None:
    small = 65_536  # bytes: too small for a mapping of its own
    arrays = [np.ones(small, np.uint8) for _ in range(3000)]
    kept = arrays[::100] + arrays[-1:]  # every hundredth one stays, and the last
    del arrays
    before = heap.resident_memory()
    heap.give_back()
    assert before is not None and (after := heap.resident_memory()) is not None
    assert before - after > 100e6, (before, after, len(kept))


def test_another_c_library_has_nothing_to_give_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap, "_gnu_library", lambda: None)
    heap.give_back()
    heap.use_one_heap()


def test_it_is_given_back_where_memory_grew(monkeypatch: pytest.MonkeyPatch) -> None:
    resident = iter([900e6, 700e6, 890e6, 910e6, 750e6, 940e6, 960e6, 740e6])  # also read after giving back
    given = []
    monkeypatch.setattr(heap, "_least", None)
    monkeypatch.setattr(heap, "resident_memory", lambda: next(resident))
    monkeypatch.setattr(heap, "give_back", lambda: given.append(1))
    counts = []
    for _ in range(6):
        heap.give_back_if_grown(200e6)
        counts.append(len(given))
    assert counts == [0, 0, 0, 1, 1, 2] and next(resident, None) is None


def test_nothing_is_given_back_where_the_system_reports_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap, "resident_memory", lambda: None)
    monkeypatch.setattr(heap, "give_back", lambda: pytest.fail("given back"))
    heap.give_back_if_grown(0)
