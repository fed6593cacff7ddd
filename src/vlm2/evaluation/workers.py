"""Work in several processes. Results arrive one by one, and no worker outlives the process that started it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from multiprocessing.queues import Queue
from queue import Empty
from threading import Thread
from typing import Any, TypeVar

Result = TypeVar("Result")
Work = Callable[..., Iterable[Result]]

WAIT = 0.2  # seconds between two looks at whether a process failed
ONE_THREAD: dict[str, str] = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LP_NUM_THREADS"), "1"
)

_results: Queue | None = None  # of this process, where it is a worker


def stream(work: Work[Result], jobs: Sequence[tuple], workers: int) -> Iterator[Result]:
    """Yield the results of `work(*job)` for every job: in order from this process, or as they come from `workers`.

    Each worker computes with one thread. An error in one worker ends all of them and is raised here.
    """
    if workers == 1:
        for job in jobs:
            yield from work(*job)
        return
    context = get_context("spawn")
    results: Queue = context.Queue()
    with ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(results,)) as pool:
        try:
            yield from _received(results, [pool.submit(_run, work, job) for job in jobs])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _received(results: Queue, futures: Iterable[Future[int]]) -> Iterator[Any]:
    """Yield what the workers send until all that they announced has come."""
    running, announced, received = set(futures), 0, 0
    while running or received < announced:
        try:
            yield results.get(timeout=WAIT)
            received += 1
        except Empty:
            pass
        for future in [future for future in running if future.done()]:
            announced += future.result()
            running.remove(future)


def _begin(results: Queue) -> None:
    global _results
    os.environ.update(ONE_THREAD)
    results.cancel_join_thread()  # all was received when the pool ends; after an error nobody reads
    _results = results
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _run(work: Work, job: tuple) -> int:
    assert _results is not None
    sent = 0
    for result in work(*job):
        _results.put(result)
        sent += 1
    return sent
