"""Look at the next portion of frames in a second thread, while the portion before is added to the stream."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from ..video import Frame
from .look import Look
from .stream import Stream, StreamEncoder, bounded

Looked = tuple[Frame, Look | None]


def looked_at(
    encoder: StreamEncoder, stream: Stream, frames: Iterable[Frame], ahead: bool = True
) -> Generator[Looked, None, None]:
    """Yield the next frames of a stream in order; the one that fills a window comes with a look at its portion.

    A second thread computes the looks. Until all frames are yielded, both threads have half of PyTorch's threads each.
    If not `ahead`, or where PyTorch has only one thread, there are no looks. An error of `frames` is raised when all
    frames before it are yielded.
    """
    threads = torch.get_num_threads()
    if not ahead or threads < 2:
        yield from ((frame, None) for frame in frames)
        return
    half = threads // 2
    with (
        threadpool_limits(half, user_api="openmp"),
        ThreadPoolExecutor(1, "look", _limit_threads, (half,)) as executor,
    ):
        yield from _looked_at(encoder, stream, frames, executor)


def _limit_threads(threads: int) -> None:
    """Let PyTorch use so many threads in this thread; `torch.set_num_threads` would change those of later ones, too."""
    torch.get_num_threads()  # at the first call in a thread, PyTorch sets its usual number
    threadpool_limits(threads, user_api="openmp")


def _looked_at(
    encoder: StreamEncoder, stream: Stream, frames: Iterable[Frame], executor: ThreadPoolExecutor
) -> Generator[Looked, None, None]:
    """Yield each portion when the look at the next one has been given to the other thread."""
    windows = stream.windows or encoder.start
    missing, look = windows.missing - len(stream.pictures), None
    pictures, times = list(stream.pictures), list(stream.times)
    portion, ready = list[Frame](), list[Looked]()
    try:
        for frame in frames:
            portion.append(frame)
            pictures.append(bounded(frame.image))
            times.append(frame.time)
            if len(portion) < missing:
                continue
            if all(picture.shape == pictures[0].shape for picture in pictures):
                look = encoder.look(np.stack(pictures), times)
                for part in look.parts:
                    executor.submit(part.unless_begun)
            else:
                look = None
            yield from ready
            ready = [*((early, None) for early in portion[:-1]), (frame, look)]
            missing, portion, pictures, times = windows.window - windows.overlap, [], [], []
    except Exception:
        yield from (*ready, *((frame, None) for frame in portion))
        raise
    yield from (*ready, *((frame, None) for frame in portion))
