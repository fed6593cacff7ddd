"""Look at the next portion of frames in a second thread, while the portion before is added to the stream."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import torch
from threadpoolctl import threadpool_limits

from ..models.numpy_threads import numpy_on_one_thread
from ..models.windows import FrameInputs
from ..video import Frame
from .look import Look
from .stream import Stream, StreamEncoder

Looked = tuple[Frame, Look | None]


def looked_at(
    encoder: StreamEncoder, stream: Stream, frames: Iterable[Frame], ahead: bool = True
) -> Generator[Looked, None, None]:
    """Yield the next frames of a stream in order; the one that fills a window comes with a look at its portion.

    A second thread computes the looks. Until all frames are yielded, both threads have half of PyTorch's threads each,
    and NumPy's products one. There are no looks if not `ahead`, if PyTorch has only one thread, and if the model is not
    on the CPU. An error of `frames` is raised when all frames before it are yielded.
    """
    threads, of_opencv = torch.get_num_threads(), cv2.getNumThreads()
    if not ahead or threads < 2 or encoder.device.type != "cpu":
        yield from ((frame, None) for frame in frames)
        return
    half = threads // 2
    executor = ThreadPoolExecutor(1, "look", _limit_threads, (half,))
    try:
        with threadpool_limits(half, user_api="openmp"), numpy_on_one_thread():
            yield from _looked_at(encoder, stream, frames, executor)
    finally:
        executor.shutdown(cancel_futures=True)
        cv2.setNumThreads(of_opencv)  # tracking sets as many as PyTorch has


def _limit_threads(threads: int) -> None:
    """Let PyTorch use so many threads in this thread; `torch.set_num_threads` would change those of later ones, too."""
    torch.get_num_threads()  # at the first call in a thread, PyTorch sets its usual number
    threadpool_limits(threads, user_api="openmp")


def _looked_at(
    encoder: StreamEncoder, stream: Stream, frames: Iterable[Frame], executor: ThreadPoolExecutor
) -> Generator[Looked, None, None]:
    """Yield each portion when the look at the next one has been given to the other thread."""
    windows, size = stream.windows or encoder.start, stream.size if stream.frames else None
    pictures, times, missing = list(stream.pictures), list(stream.times), windows.missing - len(stream.pictures)
    portion, ready = list[Frame](), list[Looked]()

    def placed() -> FrameInputs:
        return windows.inputs

    shared: Callable[[], FrameInputs] | None = placed
    try:
        for frame in frames:
            kept = _kept(encoder, frame, size)
            size = size or kept.image.shape[:2]
            portion.append(kept)
            pictures.append(kept.image)
            times.append(kept.time)
            if len(portion) < missing:
                continue
            look, before, shared = None, shared, None
            if all(picture.shape[:2] == size for picture in pictures):
                look = encoder.look(np.stack(pictures), times, before)
                shared = before and partial(look.shared_after, windows.overlap)
                for part in look.parts:
                    executor.submit(part.unless_begun)
            yield from ready
            ready = [*((early, None) for early in portion[:-1]), (kept, look)]
            missing, portion, pictures, times = windows.window - windows.overlap, [], [], []
    except Exception:
        yield from (*ready, *((frame, None) for frame in portion))
        raise
    yield from (*ready, *((frame, None) for frame in portion))


def _kept(encoder: StreamEncoder, frame: Frame, size: tuple[int, int] | None) -> Frame:
    """Return a frame with its picture as the stream keeps it, or as it is if the stream will refuse it."""
    try:
        return replace(frame, image=encoder.kept(frame.image, size))
    except ValueError:
        return frame
