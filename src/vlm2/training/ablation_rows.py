"""The rows of the ablation: what of the model is there, and which frames it is shown.

All rows show the language model at most as many slots as (e) has in its memory: L_e + L_w, 40 frames' tokens. No row
has tools: a recall answers from the geometry of recognised tokens, so it would add its own gain to that of the
representation and the memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import torch
from jaxtyping import Int
from torch import Tensor

from ..models import FrameFeatures, VLM2Config, VLM2ForConditionalGeneration
from ..questions.question import Question
from ..video.decode import spread_indices
from .examples import Example, HomeExamples
from .home_cache import CachedHome

Frames = Literal["spread", "stream", "kept"]
Choose = Callable[[CachedHome, FrameFeatures], Int[Tensor, " frames"]]
"""Says which of a home's cached frames are shown."""


@dataclass(frozen=True)
class AblationRow:
    """`representation` and `memory` are switches of the model's configuration. Frames are "spread" evenly over the
    video; a "stream" of two a second; or, of that stream, those that (e) "kept" at its end."""

    title: str
    frames: Frames
    representation: str = "3d"
    memory: Mapping[str, bool] = field(default_factory=dict)


NEITHER = {"working": False, "episodic": False}
ROWS: Mapping[str, AblationRow] = {
    "a": AblationRow("video only", "spread", representation="visual", memory=NEITHER),
    "b": AblationRow("+ 3D-aware representation", "spread", memory=NEITHER),
    "c": AblationRow("+ working memory", "spread", memory={"episodic": False}),
    "d": AblationRow("+ episodic memory", "spread"),
    "e": AblationRow("all, as a stream", "stream"),
    "f": AblationRow("the frames that (e) kept, no memory", "kept", memory=NEITHER),
}
STREAM, KEPT = "e", "f"


def slots(config: VLM2Config) -> int:
    """Return how many frames' tokens the language model sees at most: L_e + L_w."""
    memory = config.memory_config()
    return memory.window + memory.capacity


def changes(row: AblationRow, config: VLM2Config) -> dict[str, Any]:
    """Return the changes to a whole model's configuration that make it a row's. But for the stream, the M of every
    frame is shown, since there are no more frames than slots."""
    shown = {} if row.frames == "stream" else {"recent": slots(config)}
    return {
        "representation": row.representation,
        "memory": {**config.memory, **row.memory, **shown},
        "context": "memory",
        "recall": False,
    }


class RowExamples(HomeExamples):
    """Examples of cached homes at the frames of a row; the questions are the same for all rows."""

    def __init__(self, choose: Choose, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.choose = choose

    def example(self, home: CachedHome, stride: int, questions: tuple[Question, ...]) -> Example:
        """Read the row's frames of a home; without questions, every `stride`-th, for what looks at single frames."""
        if not questions:
            return super().example(home, stride, questions)
        whole = super().example(home, 1, questions)
        frames = self.choose(home, whole.features)
        return replace(
            whole,
            features=whole.features[frames],
            categories=whole.categories[frames],
            coordinates=whole.coordinates[frames],
        )


@dataclass(frozen=True)
class Spread:
    """Choose `count` frames evenly spread, as an evaluation with `--frames COUNT` does."""

    count: int

    def __call__(self, home: CachedHome, features: FrameFeatures) -> Int[Tensor, " frames"]:
        return torch.tensor(spread_indices(len(features), self.count))


@dataclass(frozen=True)
class EveryFrame:
    """Choose all frames, which are two a second; of a home with more than `most`, every second, third, …"""

    most: int

    def __call__(self, home: CachedHome, features: FrameFeatures) -> Int[Tensor, " frames"]:
        return torch.arange(0, len(features), max(1, -(-len(features) // self.most)))


class KeptFrames:
    """Choose the frames that a trained model's memory still holds at the end of the stream."""

    def __init__(self, checkpoint: Path) -> None:
        self.model = VLM2ForConditionalGeneration.from_pretrained(checkpoint)
        self.known: dict[Path, Int[Tensor, " frames"]] = {}

    @torch.no_grad()
    def __call__(self, home: CachedHome, features: FrameFeatures) -> Int[Tensor, " frames"]:
        if home.path not in self.known:
            _, state, _ = self.model.memory(self.model.represent(features)[None], features.times[None])
            self.known[home.path] = state.context_slots().frames.cpu()
        return self.known[home.path]
