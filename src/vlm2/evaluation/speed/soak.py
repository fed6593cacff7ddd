"""One session that watches for very long: whether its time a frame, its memory and its answers stay as they were.

A machine has faster and slower minutes. So the session is forked early. After all frames the late session and the fork
watch as many more frames as the early span has, and answer, in turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median

import numpy as np
from jaxtyping import UInt8

from ...models.windows import WindowState
from ...streaming import LoadedModel, Session
from .harness import FPS, QUESTION, SECOND_QUESTION, pictures, resident_megabytes, timed

QUESTIONS = 3  # at each of the two moments, and of both sessions in turn


@dataclass(frozen=True)
class SoakSchedule:
    """Frames of a run: the early and the late span, the moment of the early questions, and that of the early reading of
    resident memory. The late ones are after the last frame."""

    early: tuple[int, int]
    late: tuple[int, int]
    early_question: int
    early_memory: int

    @staticmethod
    def of(frames: int) -> SoakSchedule:
        """Return frames 300–800 and the last 500, or fractions of a shorter run."""
        if frames >= 2000:
            return SoakSchedule((300, 800), (frames - 500, frames), 500, 1000)
        quarter = frames // 4
        return SoakSchedule((quarter, 2 * quarter), (frames - quarter, frames), quarter, 2 * quarter)


@dataclass(frozen=True)
class QuestionTiming:
    """Questions at one frame: the median seconds to an answer after the memory has changed, and the seconds to the
    answer of a second question on the unchanged memory.

    `read_first`, `read_again`: tokens that the language model read before the first token of each answer.
    `own_tokens`: the length of the second question.
    """

    frame: int
    seconds: float
    seconds_again: float
    read_first: int
    read_again: int
    own_tokens: int


@dataclass(frozen=True)
class Soak:
    """Figures of a run. Milliseconds a frame are medians over runs of frames that hold one window each. Ratios are late
    to early; megabytes are resident memory. `frame_ratio_in_turn` and `ask_ratio_in_turn` compare the late session with
    its early fork, timed in turn."""

    frames: int
    frames_a_second: float
    early_ms: float
    late_ms: float
    frame_ratio: float
    frame_ratio_in_turn: float
    early_megabytes: float | None
    late_megabytes: float | None
    memory_ratio: float | None
    first_ask: QuestionTiming
    last_ask: QuestionTiming
    ask_ratio: float
    ask_ratio_in_turn: float
    spent: dict[str, float]


def run(
    loaded: LoadedModel, frames: int, video: Path | None = None, progress: Callable[[int], None] | None = None
) -> Soak:
    """Let a session watch so many frames: of a video over and over, or of a drifting pattern. Raises ValueError for too
    few to compare."""
    stride = loaded.model.geometry.window - min(WindowState.overlap, loaded.model.geometry.window - 1)
    if frames < (least := 16 * stride):
        raise ValueError(f"{frames} frames are too few to compare early with late; show at least {least}.")
    plan, session = SoakSchedule.of(frames), loaded.session()
    watcher = fork = _Watcher(session, pictures(video))
    seconds: list[float] = []
    answers: dict[int, list[float]] = {plan.early_question: [], frames: []}
    timings: dict[int, QuestionTiming] = {}
    megabytes: dict[int, float | None] = {}
    for index in range(frames):
        if index == plan.early[0]:
            fork = _Watcher(session.fork(), islice(pictures(video), index, None), index)
        seconds.append(watcher.watch(1))
        frame = index + 1
        for moment, times in answers.items():
            # Several questions, a window apart: as many frames wait at each, and the memory has changed.
            if frame in range(moment - (QUESTIONS - 1) * stride, moment + 1, stride):
                with timed(loaded.model) as timing:
                    times.append(session.ask(QUESTION).seconds)
                if frame == moment:
                    timings[moment] = _ask_again(loaded, session, frame, median(times), timing.prefilled())
        if frame in (plan.early_memory, frames):
            megabytes[frame] = resident_megabytes()
        if progress is not None:
            progress(frame)
    spent = session.spent  # before the turns
    early, late = (_a_frame(seconds[slice(*span)], stride) for span in (plan.early, plan.late))
    frames_in_turn, answers_in_turn = _in_turn(watcher, fork, plan.early[1] - plan.early[0], stride)
    first, last = timings[plan.early_question], timings[frames]
    light, heavy = megabytes[plan.early_memory], megabytes[frames]
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
        first_ask=first,
        last_ask=last,
        ask_ratio=last.seconds / first.seconds,
        ask_ratio_in_turn=answers_in_turn,
        spent=spent,
    )


def _ask_again(loaded: LoadedModel, session: Session, frame: int, seconds: float, read: int) -> QuestionTiming:
    """Ask a second question of an unchanged memory; return it with the figures of the first one."""
    with timed(loaded.model) as timing:
        again = session.ask(SECOND_QUESTION)
    own = len(loaded.processor.question_ids(SECOND_QUESTION))
    return QuestionTiming(frame, seconds, again.seconds, read, timing.prefilled(), own)


def _a_frame(seconds: list[float], stride: int) -> float:
    """Return the median time a frame over runs of `stride` frames."""
    return median(sum(seconds[i : i + stride]) / stride for i in range(0, len(seconds) - stride + 1, stride))


@dataclass
class _Watcher:
    """A session and the pictures that it watches next."""

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
    """Let both sessions watch so many frames, and then answer, in turn. Return the ratios of the old one's seconds to
    the young one's for frames and for answers: medians over the turns. The first turn of questions, with nothing
    cached, is not counted."""

    def ask(one: _Watcher) -> float:
        one.watch(stride)  # the memory changes
        return one.session.ask(QUESTION).seconds

    watched = [_ratio(old, young, turn, lambda one: one.watch(stride)) for turn in range(frames // stride)]
    answered = [_ratio(old, young, turn, ask) for turn in range(2 * QUESTIONS + 1)]
    return median(watched), median(answered[1:])


def _ratio(old: _Watcher, young: _Watcher, turn: int, seconds: Callable[[_Watcher], float]) -> float:
    """Time both, the old one first in even turns; return the ratio of its seconds to the young one's."""
    times = {id(one): seconds(one) for one in ((old, young) if turn % 2 == 0 else (young, old))}
    return times[id(old)] / times[id(young)]
