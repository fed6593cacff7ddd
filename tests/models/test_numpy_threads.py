"""NumPy's threads: limited while anybody needs it, and as before when nobody does."""

from __future__ import annotations

from contextlib import ExitStack

from threadpoolctl import threadpool_info, threadpool_limits

from vlm2.models.numpy_threads import numpy_on_one_thread


def threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_contexts_that_overlap_leave_the_threads_as_they_were() -> None:
    with threadpool_limits(2, user_api="blas"):
        before, first, second = threads(), ExitStack(), ExitStack()
        first.enter_context(numpy_on_one_thread())
        second.enter_context(numpy_on_one_thread())
        first.close()  # before the second, as when two sessions watch at once
        assert threads() <= {1}
        second.close()
        assert threads() == before


def test_a_decorated_function_limits_each_call() -> None:
    with threadpool_limits(2, user_api="blas"):
        before = threads()
        decorated = numpy_on_one_thread()(threads)
        assert decorated() <= {1} and decorated() <= {1}
        assert threads() == before
