"""A value that several threads need, and one computes."""

from __future__ import annotations

import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from vlm2.models.once import Once


def test_many_threads_make_a_value_once() -> None:
    begun, made = threading.Barrier(4), []

    def make() -> object:
        made.append(object())
        return made[-1]

    value = Once(make)

    def get(_: int) -> object:
        begun.wait()
        return value()

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(get, range(4)))
    assert len(made) == 1 and all(one is made[0] for one in found)


def test_what_computed_a_value_is_forgotten() -> None:
    class Source:
        def give(self) -> int:
            return 7

    source = Source()
    value, held = Once(source.give), weakref.ref(source)
    del source
    assert held() is not None and value() == 7
    assert held() is None and value() == 7


def test_a_value_that_failed_is_made_again() -> None:
    tries = []

    def make() -> int:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("not yet")
        return 7

    value = Once(make)
    with pytest.raises(ValueError, match="not yet"):
        value()
    assert (value(), value(), len(tries)) == (7, 7, 2)


def test_nobody_waits_for_what_another_thread_has_begun() -> None:
    begun, go_on, made = threading.Event(), threading.Event(), []

    def make() -> int:
        begun.set()
        go_on.wait()
        made.append(1)
        return 7

    value = Once(make)
    with ThreadPoolExecutor(1) as executor:
        other = executor.submit(value)
        begun.wait()
        value.unless_begun()
        assert not made
        go_on.set()
    value.unless_begun()
    assert (other.result(), value(), made) == (7, 7, [1])
