"""Compute the items of an iterator ahead of their use, in a thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T], most: int) -> Generator[T]:
    """Yield what `items` yields, in its order; a thread of its own computes up to `most` items before they are asked
    for. An error of `items` is raised where its item would have come."""

    def following() -> tuple[T, ...]:
        return tuple(islice(items, 1))

    pool = ThreadPoolExecutor(1)
    try:
        waiting = deque(pool.submit(following) for _ in range(most))
        while found := waiting.popleft().result():
            waiting.append(pool.submit(following))
            yield found[0]
    finally:
        pool.shutdown(cancel_futures=True)
