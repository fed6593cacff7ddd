"""The C library's heap: one for all threads, and freed memory given back to the system.

GNU's C library gives threads heaps of their own, and keeps freed memory for later. Small arrays that stay fragment
these heaps: a process with one session grew by 300 MB in 10,000 frames, while what it used grew by 2 MB.
"""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

ARENAS = "MALLOC_ARENA_MAX"  # an environment variable that GNU's C library reads when a process starts
GROWTH = 200e6  # bytes
_M_ARENA_MAX = -8  # of mallopt, malloc.h
_least: float | None = None  # resident bytes, since freed memory was given back


def use_one_heap() -> None:
    """Let all threads that begin from now on allocate from the heap of the main thread, as the environment variable
    `MALLOC_ARENA_MAX=1` does, unless the environment says otherwise. It holds for the whole process, so only programs
    call it, never a library. Where the C library is not GNU's, nothing happens."""
    if (library := _gnu_library()) is not None and not _chosen():
        library.mallopt(_M_ARENA_MAX, 1)
        os.environ[ARENAS] = "1"  # for processes that this one starts


def _chosen() -> bool:
    """Return whether the user has set the number of heaps."""
    return ARENAS in os.environ or "arena_max" in os.environ.get("GLIBC_TUNABLES", "")


def give_back_if_grown(growth: float = GROWTH) -> None:
    """Give freed memory back where resident memory grew by more than `growth` bytes since the last time."""
    global _least
    if (resident := resident_memory()) is None:
        return
    _least = resident if _least is None else min(_least, resident)
    if resident - _least > growth:
        give_back()
        _least = resident_memory()


def give_back() -> None:
    """Return freed memory to the system. It takes some 10 ms, and page faults afterwards, where the memory is used
    again. Where the C library is not GNU's, nothing happens."""
    if (library := _gnu_library()) is not None:
        library.malloc_trim(0)


def resident_memory() -> float | None:
    """Return the bytes of memory that this process holds; None where the system does not report them."""
    try:
        return float(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None


@cache
def _gnu_library() -> Any:
    """Return the C library if it is GNU's, else None."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None
