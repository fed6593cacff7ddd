"""Once: a value that is computed once, whichever thread needs it first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Once(Generic[Value]):
    """A value that is computed at the first call. Other threads that call meanwhile wait for it. It then drops
    the function that computed it, and so frees what that function holds."""

    def __init__(self, compute: Callable[[], Value]) -> None:
        self._compute: Callable[[], Value] | None = compute
        self._values, self._lock = list[Value](), threading.Lock()

    def __call__(self) -> Value:
        """Return the value. If its computation raises an error, so does this call, and the next one computes again."""
        with self._lock:
            return self._value()

    @property
    def known(self) -> Value | None:
        """The value, or None if it is not there yet."""
        return self._values[0] if self._values else None

    def unless_begun(self) -> None:
        """Compute the value, unless it is there or another thread computes it."""
        if self._lock.acquire(blocking=False):
            try:
                self._value()
            finally:
                self._lock.release()

    def _value(self) -> Value:
        if self._compute is not None:
            self._values.append(self._compute())
            self._compute = None
        return self._values[0]
