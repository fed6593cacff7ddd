"""Items that a thread computes ahead of their use."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from threading import Event, get_ident

import pytest

from vlm2.video.ahead import ahead


def test_the_items_come_in_their_order():
    assert list(ahead(iter(range(20)), 3)) == list(range(20))
    assert list(ahead(iter(()), 3)) == []


def test_a_thread_computes_some_items_ahead_and_no_more():
    reached, computed = Event(), list[int]()

    def items() -> Iterator[int]:
        for number in count():
            computed.append(number)
            if number == 3:
                reached.set()
            yield number

    frames = ahead(items(), 3)
    assert next(frames) == 0
    assert reached.wait(10)  # 1, 2 and 3 are computed without being asked for
    frames.close()
    assert computed == [0, 1, 2, 3]


def test_all_items_are_computed_in_one_other_thread():
    threads = set(islice(ahead(iter(get_ident, None), 2), 10))
    assert len(threads) == 1 and get_ident() not in threads


def test_an_error_comes_where_its_item_would_have_come():
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    frames = ahead(items(), 4)
    assert next(frames) == 1
    with pytest.raises(ValueError, match="broken"):
        next(frames)


def test_items_that_nobody_wants_any_more_are_closed():
    threads = list[int]()

    def items() -> Iterator[int]:
        try:
            yield from count()
        finally:
            threads.append(get_ident())

    frames = ahead(items(), 2)
    next(frames)
    frames.close()
    assert len(threads) == 1 and threads[0] != get_ident()


def test_the_last_reference_may_go_in_the_thread_that_computes():
    kept, released, closed = list[Iterator[int]](), Event(), Event()

    def items() -> Iterator[int]:
        try:
            yield 0
            released.wait(10)
            kept.clear()
            yield 1
        finally:
            closed.set()

    kept.append(ahead(items(), 2))
    assert next(kept[0]) == 0
    released.set()
    assert closed.wait(10)
