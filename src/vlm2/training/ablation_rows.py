"""The rows of the ablation: which parts the model has, and which frames it is shown.

In all rows the language model attends to at most as many slots as row (e) has in its memory: L_e + L_w, the tokens of
40 frames. No row uses tools: the object memory would add its own gain to that of the representation and the memory.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Int
from torch import Tensor

from ..models import FrameFeatures, VLM2Config, VLM2ForConditionalGeneration
from ..models.configuration import Tokens
from ..video.decode import spread_indices
from .home_cache import CachedHome
from .model_switches import MemorySwitches, ModelSwitches

FrameRule = Literal["spread", "stream", "kept"]
"""Frames spread evenly over the video; a stream of two a second; or, of that stream, those that row (e) kept."""


@dataclass(frozen=True)
class AblationRow:
    """The changes of one row."""

    title: str
    frames: FrameRule
    representation: Tokens = "3d"
    memory: MemorySwitches = field(default_factory=MemorySwitches)

    def switches(self, config: VLM2Config) -> ModelSwitches:
        """Return the switches of the row's model.

        Except for the stream, the M of every frame is shown: there are no more frames than slots.
        """
        recent = None if self.frames == "stream" else slots(config)
        memory = replace(self.memory, recent=recent)
        return ModelSwitches(representation=self.representation, memory=memory, context="memory")


NO_MEMORY = MemorySwitches(working=False, episodic=False)
ROWS: Mapping[str, AblationRow] = {
    "a": AblationRow("video only", "spread", "visual", NO_MEMORY),
    "b": AblationRow("+ 3D-aware representation", "spread", memory=NO_MEMORY),
    "c": AblationRow("+ working memory", "spread", memory=MemorySwitches(episodic=False)),
    "d": AblationRow("+ episodic memory", "spread"),
    "e": AblationRow("all, as a stream", "stream"),
    "f": AblationRow("the frames that (e) kept, no memory", "kept", memory=NO_MEMORY),
}
STREAM, KEPT = "e", "f"


def slots(config: VLM2Config) -> int:
    """Return the greatest number of frames whose tokens the language model sees: L_e + L_w."""
    memory = config.memory
    return memory.window + memory.capacity


def spread_frames(home: CachedHome, features: FrameFeatures, count: int) -> Int[Tensor, " frames"]:
    """Choose `count` frames evenly spread, as an evaluation with `--frames COUNT` does."""
    return torch.tensor(spread_indices(len(features), count))


def stream_frames(home: CachedHome, features: FrameFeatures, most: int) -> Int[Tensor, " frames"]:
    """Choose all frames, which are two a second; of a home with more than `most`, every second, third, …"""
    return torch.arange(0, len(features), math.ceil(len(features) / most))


class KeptFrames:
    """Choose the frames that the memory of a trained model still holds at the end of the stream."""

    def __init__(self, checkpoint: Path) -> None:
        self.model = VLM2ForConditionalGeneration.from_pretrained(checkpoint)
        self.known: dict[Path, Int[Tensor, " frames"]] = {}

    @torch.no_grad()
    def __call__(self, home: CachedHome, features: FrameFeatures) -> Int[Tensor, " frames"]:
        if home.path not in self.known:
            _, state, _ = self.model.memory(self.model.represent(features)[None], features.times[None])
            self.known[home.path] = state.context_slots().frames.cpu()
        return self.known[home.path]
