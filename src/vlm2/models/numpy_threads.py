"""How many threads NumPy's products use."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

_lock, _users, _limits = threading.Lock(), list[None](), list[threadpool_limits]()


@contextmanager
def numpy_on_one_thread() -> Iterator[None]:
    """Give NumPy's products one thread in the context, since idle ones slow PyTorch's down. Usable as a decorator.

    The limit is the whole process's: the first context that is entered sets it, the last one that is left undoes it.
    """
    with _lock:
        if not _limits:
            _limits.append(threadpool_limits(1, user_api="blas"))
        _users.append(None)
    try:
        yield
    finally:
        with _lock:
            _users.pop()
            if not _users:
                _limits.pop().restore_original_limits()
