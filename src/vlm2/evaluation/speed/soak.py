"""One session that watches for very long: whether its time a frame, memory and questions stay what they were.

A machine has faster and slower minutes, and early and late are far apart. So the session is forked early, and when it
has seen all frames it goes on for as many as the early span has, a window of its own and one of the fork's in turn.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from statistics import median

import numpy as np
from jaxtyping import UInt8

from ...models.windows import WindowState
from ...questions.question import WORD_REQUEST
from ...streaming import Answer, LoadedModel, Session
from ...video import VideoFile

FPS = 2.0  # of the frames' times
QUESTION, AGAIN = (f"{asked}\n{WORD_REQUEST}" for asked in ("How many chairs are there?", "What stands on the table?"))
ASKED = 3  # times at each of the two moments, and of both sessions in turn


@dataclass(frozen=True)
class SoakSchedule:
    """At which frames to look: two spans of frames, two moments to ask, two to weigh the process."""

    early: tuple[int, int]
    late: tuple[int, int]
    first_ask: int
    first_weight: int

    @staticmethod
    def of(frames: int) -> SoakSchedule:
        """Return frames 300–800 and the last 500, or shares of a shorter run."""
        if frames >= 2000:
            return SoakSchedule((300, 800), (frames - 500, frames), 500, 1000)
        quarter = frames // 4
        return SoakSchedule((quarter, 2 * quarter), (frames - quarter, frames), quarter, 2 * quarter)


@dataclass(frozen=True)
class Asked:
    """A question: at which frame, the median seconds until its answer on a memory that has changed, and then the
    seconds of another question on the unchanged memory.

    `read_first` and `read_again`: positions that the language model read before the first word of each answer;
    `own_tokens`: those of the second question itself.
    """

    frame: int
    seconds: float
    seconds_again: float
    read_first: int
    read_again: int
    own_tokens: int


@dataclass(frozen=True)
class Soak:
    """Figures of a run. Milliseconds a frame are medians over runs of frames that hold one window each, so that what a
    window costs is spread over its frames. The ratios are late beside early; megabytes are resident memory.
    `frame_ratio_in_turn`, `ask_ratio_in_turn`: the session after all frames beside the fork of it, timed in turn."""

    frames: int
    frames_a_second: float
    early_ms: float
    late_ms: float
    frame_ratio: float
    frame_ratio_in_turn: float
    early_megabytes: float | None
    late_megabytes: float | None
    memory_ratio: float | None
    first_ask: Asked
    last_ask: Asked
    ask_ratio: float
    ask_ratio_in_turn: float
    spent: dict[str, float]


def run(
    loaded: LoadedModel, frames: int, video: Path | None = None, progress: Callable[[int], None] | None = None
) -> Soak:
    """Show a session so many frames: those of a video over and over, or a drifting pattern. Raises ValueError for too
    few to compare."""
    stride = loaded.model.geometry.window - min(WindowState.overlap, loaded.model.geometry.window - 1)
    least = 16 * stride
    if frames < least:
        raise ValueError(f"{frames} frames are too few to compare early with late; show at least {least}.")
    plan, session = SoakSchedule.of(frames), loaded.session()
    watcher = young = _Watcher(session, pictures(video))
    asker = _Asker(loaded, session, stride)
    seconds: list[float] = []
    asked: dict[int, Asked] = {}
    weights: dict[int, float | None] = {}
    for index in range(frames):
        if index == plan.early[0]:
            young = _Watcher(session.fork(), islice(pictures(video), index, None), index)
        seconds.append(watcher.watch(1))
        for moment in (plan.first_ask, frames):
            if (figures := asker.at(index + 1, moment)) is not None:
                asked[moment] = figures
        if index + 1 in (plan.first_weight, frames):
            weights[index + 1] = resident_megabytes()
        if progress is not None:
            progress(index + 1)
    spent = session.spent  # a copy, of the frames so far
    early, late = (_a_frame(seconds[slice(*span)], stride) for span in (plan.early, plan.late))
    frames_in_turn, asking_in_turn = _in_turn(watcher, young, plan.early[1] - plan.early[0], stride)
    light, heavy = weights[plan.first_weight], weights[frames]
    return Soak(
        frames=frames,
        frames_a_second=frames / sum(seconds),
        early_ms=1000 * early,
        late_ms=1000 * late,
        frame_ratio=late / early,
        frame_ratio_in_turn=frames_in_turn,
        early_megabytes=light,
        late_megabytes=heavy,
        memory_ratio=None if light is None or heavy is None else heavy / light,
        first_ask=asked[plan.first_ask],
        last_ask=asked[frames],
        ask_ratio=asked[frames].seconds / asked[plan.first_ask].seconds,
        ask_ratio_in_turn=asking_in_turn,
        spent=spent,
    )


def pictures(video: Path | None) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """Give frames without end: a video over and over, or a view that drifts to and fro over a random picture."""
    if video is not None:
        while True:
            yield from (frame.image for frame in VideoFile(video).sample(FPS))
    coarse = np.random.default_rng(0).integers(0, 256, (30, 160, 3), dtype=np.uint8)
    picture = coarse.repeat(16, axis=0).repeat(16, axis=1)
    room = picture.shape[1] - 640
    for index in count():
        left = abs((8 * index) % (2 * room) - room)
        yield np.ascontiguousarray(picture[:, left : left + 640])


def resident_megabytes() -> float | None:
    """Return the memory that this process holds; None where the system does not say."""
    file = Path("/proc/self/statm")
    if not file.is_file():
        return None
    return int(file.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _a_frame(seconds: list[float], stride: int) -> float:
    """Return the median time a frame over runs of `stride` frames."""
    return median(sum(seconds[i : i + stride]) / stride for i in range(0, len(seconds) - stride + 1, stride))


@dataclass
class _Watcher:
    """Shows a session the pictures that come next."""

    session: Session
    images: Iterator[UInt8[np.ndarray, "height width 3"]]
    index: int = 0

    def watch(self, frames: int) -> float:
        """Observe so many frames, and return the seconds that the session took."""
        seconds = 0.0
        for image in islice(self.images, frames):
            started = time.perf_counter()
            self.session.observe(image, self.index / FPS)
            seconds += time.perf_counter() - started
            self.index += 1
        return seconds


def _in_turn(old: _Watcher, young: _Watcher, frames: int, stride: int) -> tuple[float, float]:
    """Let both sessions go on for so many frames, then ask them, in turn, each first every other time; return how many
    times longer the old one took for frames and for questions, each the median over the turns. The first turn of
    asking, with nothing cached, is left out."""

    def ask(one: _Watcher) -> float:
        one.watch(stride)  # so that the memory has changed
        return one.session.ask(QUESTION).seconds

    watched = [_both(old, young, turn, lambda one: one.watch(stride)) for turn in range(frames // stride)]
    asked = [_both(old, young, turn, ask) for turn in range(2 * ASKED + 1)]
    return median(watched), median(asked[1:])


def _both(old: _Watcher, young: _Watcher, turn: int, seconds: Callable[[_Watcher], float]) -> float:
    """Time both, the old one first in even turns; return its seconds over the young one's."""
    if turn % 2 == 0:
        long = seconds(old)
        return long / seconds(young)
    short = seconds(young)
    return seconds(old) / short


class _Asker:
    """Asks at the moments of a plan, each time at several frames a window apart: as many frames wait at all of them,
    and at each of them the memory is another."""

    def __init__(self, loaded: LoadedModel, session: Session, stride: int) -> None:
        self.loaded, self.session, self.stride = loaded, session, stride
        self.taken: list[Answer] = []

    def at(self, frame: int, last: int) -> Asked | None:
        """Ask at this frame if it is one of those up to `last`; at the last one return the figures."""
        if frame not in range(last - (ASKED - 1) * self.stride, last + 1, self.stride):
            return None
        with _counted(self.loaded) as first:
            self.taken.append(self.session.ask(QUESTION))
        if frame < last:
            return None
        with _counted(self.loaded) as second:
            again = self.session.ask(AGAIN)
        own = len(self.loaded.processor.question_ids(AGAIN))
        seconds, self.taken = median(answer.seconds for answer in self.taken), []
        return Asked(frame, seconds, again.seconds, _prefilled(first), _prefilled(second), own)


@contextmanager
def _counted(loaded: LoadedModel) -> Iterator[list[int]]:
    """Note how many positions the language model reads, call by call."""
    read: list[int] = []

    def note(_: object, args: tuple, options: dict) -> None:
        given = [options.get("input_ids"), options.get("inputs_embeds"), *args]
        read.append(next(tensor.shape[1] for tensor in given if tensor is not None))

    hook = loaded.model.language_backbone.register_forward_pre_hook(note, with_kwargs=True)
    try:
        yield read
    finally:
        hook.remove()


def _prefilled(read: list[int]) -> int:
    """Add up what was read before the first word: all but the words, which come one by one at the end."""
    words = 0
    while words < len(read) and read[-words - 1] == 1:
        words += 1
    return sum(read) - words
