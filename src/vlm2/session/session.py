"""A session: a model that watches, remembers, and answers."""

from __future__ import annotations

import time as clock
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from ..model import VLM2ForConditionalGeneration, VLM2Processor
from ..questions.question import WORD_REQUEST
from ..video import VideoFile
from . import file
from .answer import Answer, Evidence
from .language import Answerer, Prefix
from .stopwatch import Stopwatch
from .stream import Stream, Watcher

FRAMES_PER_SECOND = 2.0  # what mini was trained on
MOST_TOKENS = 16  # of an answer, as VSI-Bench has it


@runtime_checkable
class HasSession(Protocol):
    """What `vlm2.load` returns."""

    def session(self) -> Session:
        """Return a new session."""
        ...


class Session:
    """What one model has seen of one place, and what it answers about it.

    Frames come from `watch` or one by one from `observe`, in the order of time and of one size. A question never
    changes what was seen: later answers are the same whether or not it was asked. `spent` holds the seconds that
    went into "decode", "encode" and "memory".
    """

    def __init__(self, model: VLM2ForConditionalGeneration, processor: VLM2Processor) -> None:
        self.model, self.processor = model, processor
        self._stopwatch = Stopwatch("decode", "encode", "memory")
        self._watcher = Watcher(model, processor, self._stopwatch)
        self._answerer = Answerer(model, processor)
        self._stream = Stream()
        self._prefix: tuple[Prefix, list[float]] | None = None

    @property
    def frames(self) -> int:
        """The number of frames seen."""
        return self._stream.frames

    @property
    def spent(self) -> dict[str, float]:
        """Seconds by what they were spent on."""
        return dict(self._stopwatch.seconds)

    def watch(
        self, video: str | Path | VideoFile, fps: float | None = None, progress: Callable[[float], None] | None = None
    ) -> None:
        """Watch a video file at `fps` frames a second (2 by default); `progress` is told the seconds watched so far.

        Raises VideoError for what is no video, ValueError for an impossible fps and where frames were seen before.
        """
        if self.frames:
            raise ValueError(f"This session has seen {self.frames} frames already; start a new one for another video.")
        source = video if isinstance(video, VideoFile) else VideoFile(video)
        frames = source.sample(FRAMES_PER_SECOND if fps is None else fps)
        while True:
            with self._stopwatch("decode"):
                frame = next(frames, None)
            if frame is None:
                break
            self.observe(frame.image, frame.time)
            if progress is not None:
                progress(frame.time)

    def observe(self, image: UInt8[np.ndarray, "height width 3"], time: float) -> None:
        """Take in one upright RGB frame, seen `time` seconds after the first. Raises ValueError for a step back in time
        or another frame size."""
        self._stream = self._watcher.observe(self._stream, image, time)
        self._prefix = None

    def ask(self, question: str, most_tokens: int = MOST_TOKENS) -> Answer:
        """Answer a question about what was seen.

        A question of one line gets the request that the model was trained with ("… using a single word or phrase");
        one of several lines, such as `Question.prompt()` gives, is asked as it is. Raises ValueError for an empty
        question, and where nothing was seen yet.
        """
        if not question.strip():
            raise ValueError("The question is empty; ask something about the video.")
        if not self.frames:
            raise ValueError("Nothing was seen yet; call watch(path) or observe(frame, time) before ask(question).")
        started = clock.perf_counter()
        prefix, times = self._read()
        prompt = question if "\n" in question.strip() else f"{question.strip()}\n{WORD_REQUEST}"
        reply = self._answerer.reply(prefix, prompt, most_tokens)
        seen = [Evidence(time, weight) for time, weight in zip(times, reply.attention.tolist(), strict=True)]
        evidence = tuple(sorted(seen, key=lambda slot: (-slot.weight, slot.time)))
        return Answer(reply.text, evidence, clock.perf_counter() - started)

    def save(self, path: str | Path) -> None:
        """Keep what was seen in one file of fixed size. Raises ValueError where nothing was seen yet."""
        file.save(self._stream, self.model.config, path)

    @staticmethod
    def open(path: str | Path, model: HasSession) -> Session:
        """Return a session that goes on where a saved one was. Raises ValueError for a file of another model."""
        session = model.session()
        place = next(session.model.parameters()).device
        session._stream = file.load(path, session.model.config, place)
        return session

    def _read(self) -> tuple[Prefix, list[float]]:
        """Return what all questions share until the next frame, and the times of its slots."""
        if self._prefix is None:
            tokens, times = self._watcher.slots(self._stream)
            self._prefix = self._answerer.read(tokens), times
        return self._prefix
