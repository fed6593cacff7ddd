"""Plain LLaVA-Video on a video file: a few frames, evenly spread, all of them in the prompt. For comparison."""

from __future__ import annotations

import time as clock
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..models.llava_video import FRAMES, LlavaVideo, frame_indices
from ..video import PictureFolder, VideoFile
from .answer import Answer
from .load import LoadedModel
from .session import MOST_TOKENS, with_answer_request
from .stopwatch import Stopwatch


@dataclass
class Baseline:
    """Watches one video and answers as LLaVA-Video does; `frames` is how many it saw. Raises ValueError as `LlavaVideo`
    does."""

    loaded: LoadedModel
    count: int = FRAMES
    frames: int = 0
    stopwatch: Stopwatch = field(default_factory=lambda: Stopwatch("decode"))

    def __post_init__(self) -> None:
        self._llava = LlavaVideo(self.loaded.model, self.loaded.processor)

    @property
    def spent(self) -> dict[str, float]:
        """Seconds by what they were spent on; encoding is part of answering."""
        return dict(self.stopwatch.seconds)

    def watch(self, file: VideoFile | PictureFolder) -> None:
        """Take the video's frames; a video that ends early gives those that it has."""
        with self.stopwatch("decode"):
            indices = frame_indices(file.frames, self.count)
            found = dict(zip(sorted(set(indices)), file.numbered(indices), strict=False))
        shown = [index for index in indices if index in found]
        if not shown:
            raise ValueError(f"None of the frames {indices} of {file.path} could be read.")
        self._images = np.stack([found[index].image for index in shown])
        self._times = [index / file.fps for index in shown]
        self._seconds, self.frames = file.seconds, len(shown)

    def ask(self, questions: Sequence[str], most_tokens: int = MOST_TOKENS) -> list[Answer]:
        """Answer questions about the video; they share the time that they took. There is no evidence."""
        started = clock.perf_counter()
        prompts = [with_answer_request(question) for question in questions]
        words = self._llava.answer(self._images, self._seconds, self._times, prompts, most_tokens)
        seconds = (clock.perf_counter() - started) / len(questions)
        return [Answer(text, (), seconds) for text in words]
