"""Compute the items of an iterator ahead of their use, in a thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from threading import get_ident
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T], most: int) -> Generator[T]:
    """Yield what `items` yields, in its order; a thread of its own computes up to `most` items before they are asked
    for. An error of `items` is raised where its item would have come.

    At the end this thread closes `items`, if they are a generator. The end is awaited, unless it comes in this thread
    itself: the last reference may go there.
    """
    pool, worker, waiting = ThreadPoolExecutor(1), set[int](), deque[Future[tuple[T, ...]]]()

    def following() -> tuple[T, ...]:
        worker.add(get_ident())
        return tuple(islice(items, 1))

    try:
        waiting.extend(pool.submit(following) for _ in range(most))
        while found := waiting.popleft().result():
            waiting.append(pool.submit(following))
            yield found[0]
    finally:
        for future in waiting:
            future.cancel()
        if isinstance(items, Generator):
            with suppress(RuntimeError):  # while the interpreter ends
                pool.submit(items.close)
        pool.shutdown(wait=get_ident() not in worker)
