"""The cost of a session that watches for very long: does it stay the same?

The session is forked early. After all frames, the late session and its early fork take turns: each watches a window of
frames and answers questions. So faster and slower minutes of the machine affect both alike.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median

import numpy as np
from jaxtyping import UInt8

from ...heap import resident_memory
from ...models.windows import WindowState
from ...streaming import Answer, LoadedModel, Session
from .harness import FPS, QUESTION, SECOND_QUESTION, median_ratio, now, pictures, time_in_turn
from .machine import mean_megabytes

EARLY = 500  # frames, or a quarter of a shorter run
SAMPLES = 100  # of the resident memory, which rises and falls with each window
ROUNDS = 20  # each of a window of frames and two questions to both sessions


@dataclass(frozen=True)
class SessionCost:
    """The cost of a session that has seen `frames` frames; times are medians over the rounds.

    `answer_seconds`: to an answer after the memory has changed. `again_seconds`: to the answer of a second question on
    the unchanged memory. `read_first`, `read_again`: tokens that the language model read before the first token of
    each answer. `megabytes`: resident memory of the process, the mean after the last `SAMPLES` frames. `tracks`: raw
    tracks of the object memory, None without one.
    """

    frames: int
    frame_ms: float
    answer_seconds: float
    again_seconds: float
    read_first: int
    read_again: int
    megabytes: float | None
    tracks: int | None


@dataclass(frozen=True)
class Soak:
    """The costs of the early fork and of the late session, and the ratios of late to early: medians over the rounds.

    `frames_a_second` and `spent` (seconds by stage) describe the whole run. `own_tokens` is the length of the second
    question.
    """

    frames: int
    frames_a_second: float
    early: SessionCost
    late: SessionCost
    frame_ratio: float
    ask_ratio: float
    memory_ratio: float | None
    own_tokens: int
    spent: dict[str, float]


def run(
    loaded: LoadedModel,
    frames: int,
    video: Path | None = None,
    progress: Callable[[int], None] = lambda seen: None,
) -> Soak:
    """Let a session watch so many frames: of a video over and over, or of a drifting pattern. Raises ValueError for too
    few to compare."""
    stride = loaded.model.geometry.window - min(WindowState.overlap, loaded.model.geometry.window - 1)
    if frames < (least := 16 * stride):
        raise ValueError(f"{frames} frames are too few to compare early with late; show at least {least}.")
    late = fork = _Watcher(loaded.session(), pictures(video))
    early, watching, megabytes, tracks = min(EARLY, frames // 4), 0.0, {}, {}
    resident = deque[float | None](maxlen=SAMPLES)
    for frame in range(1, frames + 1):
        late.fetch(1)
        started = now()
        late.watch()
        watching += now() - started
        if frame == early:
            fork = _Watcher(late.session.fork(), islice(pictures(video), early, None))
        resident.append(resident_memory())
        if frame in (early, frames):
            megabytes[frame], memory = mean_megabytes(resident), late.session.stream.objects
            tracks[frame] = None if memory is None else len(memory.tracks)
        progress(frame)
    spent = late.session.spent  # before the rounds
    seconds = time_in_turn({**_round("early", fork, stride), **_round("late", late, stride)}, ROUNDS)

    def cost(name: str, watcher: _Watcher, frames: int) -> SessionCost:
        first, second = watcher.answers
        return SessionCost(
            frames=frames,
            frame_ms=1000 * median(seconds[name, "window"]) / stride,
            answer_seconds=median(seconds[name, QUESTION]),
            again_seconds=median(seconds[name, SECOND_QUESTION]),
            read_first=first.prefilled,
            read_again=second.prefilled,
            megabytes=megabytes[frames],
            tracks=tracks[frames],
        )

    light, heavy = megabytes[early], megabytes[frames]
    return Soak(
        frames=frames,
        frames_a_second=frames / watching,
        early=cost("early", fork, early),
        late=cost("late", late, frames),
        frame_ratio=median_ratio(seconds["late", "window"], seconds["early", "window"]),
        ask_ratio=median_ratio(seconds["late", QUESTION], seconds["early", QUESTION]),
        memory_ratio=None if light is None or heavy is None else heavy / light,
        own_tokens=len(loaded.processor.question_ids(SECOND_QUESTION)),
        spent=spent,
    )


@dataclass
class _Watcher:
    """A session, the pictures that it watches next, those that are decoded and wait, and its last answers."""

    session: Session
    images: Iterator[UInt8[np.ndarray, "height width 3"]]
    waiting: tuple[UInt8[np.ndarray, "height width 3"], ...] = ()
    answers: tuple[Answer, ...] = ()

    def fetch(self, frames: int) -> None:
        self.waiting = tuple(islice(self.images, frames))

    def watch(self) -> None:
        for image in self.waiting:
            self.session.observe(image, self.session.frames / FPS)

    def ask(self, question: str) -> None:
        self.answers = (*self.answers[-1:], self.session.ask(question))


def _round(name: str, watcher: _Watcher, stride: int) -> dict[tuple[str, str], Callable[[], object]]:
    """Return the steps of one round, named by watcher and step: decode and watch a window, ask two questions."""
    return {
        (name, "fetch"): partial(watcher.fetch, stride),
        (name, "window"): watcher.watch,
        (name, QUESTION): partial(watcher.ask, QUESTION),
        (name, SECOND_QUESTION): partial(watcher.ask, SECOND_QUESTION),
    }
