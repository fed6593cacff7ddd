"""The harness of all measurements of speed: frames to show, timers that wait for the device, and memory in use."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import wraps
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any, TypeVar
from unittest import mock

import numpy as np
import torch
from jaxtyping import UInt8

from ...models import VLM2ForConditionalGeneration, windows
from ...questions.question import WORD_REQUEST
from ...streaming import Session
from ...video import VideoFile

FPS = 2.0  # of the frames' times
QUESTION = f"How many chairs are there?\n{WORD_REQUEST}"
SECOND_QUESTION = f"What stands on the table?\n{WORD_REQUEST}"
Key = TypeVar("Key", bound=Hashable)

Call = tuple[Any, str, str]
"""The owner of a function, the function's name there, and the stage that it is."""


@dataclass
class Timing:
    """Seconds by component, and (tokens, seconds) of every call of the language model: `prefills` read several tokens,
    `steps` decode one."""

    seconds: dict[str, float]
    prefills: list[tuple[int, float]] = field(default_factory=list)
    steps: list[tuple[int, float]] = field(default_factory=list)


def now() -> float:
    """Return a time in seconds, when the device has done all work given to it."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


@dataclass
class StageTimes:
    """Seconds by stage, without those of the stages that run inside it."""

    seconds: dict[str, float] = field(default_factory=dict)
    _inner: list[float] = field(default_factory=lambda: [0.0])  # seconds of inner stages, for each stage that runs

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Count the time inside the `with`."""
        self._inner.append(0.0)
        started = now()
        try:
            yield
        finally:
            spent = now() - started
            self.seconds[stage] = self.seconds.get(stage, 0.0) + spent - self._inner.pop()
            self._inner[-1] += spent


@contextmanager
def timed_calls(times: StageTimes, calls: Sequence[Call]) -> Iterator[None]:
    """Time calls while the context lasts."""
    with ExitStack() as stack:
        for owner, name, stage in calls:
            stack.enter_context(mock.patch.object(owner, name, times(stage)(getattr(owner, name))))
        yield


@contextmanager
def timed(model: VLM2ForConditionalGeneration, session: Session | None = None) -> Iterator[Timing]:
    """Time the components of a model while the context lasts, and decoding and the memory of a session of it. Waiting
    for the device makes the model a little slower."""
    times, backbone = StageTimes(), model.language_backbone
    timing, forward = Timing(times.seconds), backbone.forward
    before = {} if session is None else session.spent
    calls: list[Call] = [
        (model.vision, "forward", "vision encoder"),
        (model.geometry, "encode", "geometry encoder"),
        (model.representation, "forward", "representation"),
        (model.projector, "forward", "projector"),
        (windows, "track_window", "camera tracking"),
    ]

    @wraps(forward)
    def noted(*args: Any, **options: Any) -> Any:
        started = now()
        result = forward(*args, **options)
        seconds = now() - started
        inputs = (options.get("input_ids"), options.get("inputs_embeds"), *args)
        tokens = next(tensor.shape[1] for tensor in inputs if tensor is not None)
        (timing.steps if tokens == 1 else timing.prefills).append((tokens, seconds))
        return result

    with timed_calls(times, calls), mock.patch.object(backbone, "forward", noted):
        yield timing
    if session is not None:
        spent = {"video decoding": "decode", "memory": "memory"}
        timing.seconds |= {name: session.spent[stage] - before[stage] for name, stage in spent.items()}


def time_in_turn(runs: Mapping[Key, Callable[[], object]], rounds: int, steps: int = 1) -> dict[Key, list[float]]:
    """Time all runs in every round, so that a slow minute of the machine meets all alike. Return the seconds a step of
    each round; the first round is not counted."""
    seconds: dict[Key, list[float]] = {key: [] for key in runs}
    for _ in range(rounds + 1):
        for key, run in runs.items():
            started = now()
            for _ in range(steps):
                run()
            seconds[key].append((now() - started) / steps)
    return {key: times[1:] for key, times in seconds.items()}


def median_ratio(longer: list[float], shorter: list[float]) -> float:
    """Return the median of the ratios of two lists of seconds."""
    return median(a / b for a, b in zip(longer, shorter, strict=True))


def pictures(video: Path | None = None) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """Yield frames without end: a video over and over, or a view that drifts to and fro over a random picture."""
    while video is not None:
        yield from (frame.image for frame in VideoFile(video).sample(FPS))
    coarse = np.random.default_rng(0).integers(0, 256, (30, 160, 3), dtype=np.uint8)
    picture = coarse.repeat(16, axis=0).repeat(16, axis=1)
    room = picture.shape[1] - 640
    for index in count():
        left = abs((8 * index) % (2 * room) - room)
        yield np.ascontiguousarray(picture[:, left : left + 640])


def reset_peak() -> None:
    """Start a new measurement of `peak_gigabytes`, on a GPU."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def peak_gigabytes() -> float:
    """Return the GPU's peak memory since `reset_peak`; without a GPU, the peak of this process since it started."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
