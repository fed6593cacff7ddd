"""Seconds spent, by stage."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class _Inner(threading.local):
    """Seconds of the stages that ended inside the present one, in this thread."""

    seconds = 0.0


class Stopwatch:
    """Adds up seconds by the name of what they were spent on; several threads may. The seconds of a stage inside
    another one count for the inner one only."""

    def __init__(self, *names: str) -> None:
        self.seconds = dict.fromkeys(names, 0.0)
        self._lock, self._inner = threading.Lock(), _Inner()

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Count the time inside the `with`."""
        before, self._inner.seconds = self._inner.seconds, 0.0
        started = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - started
            own, self._inner.seconds = spent - self._inner.seconds, before + spent
            with self._lock:
                self.seconds[name] += own
