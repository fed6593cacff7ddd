"""Object detectors, one a file; the file's name, with hyphens, is the detector's registered name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, UInt8

from ... import registry


@dataclass(frozen=True)
class Detections:
    """The detections of one frame.

    `boxes` are in pixels of the frame (x and y of the top left corner, then of the bottom right one); `scores` are
    0–1; `labels` are words. `masks` and `embeddings` are None where the detector has none.
    """

    boxes: Float[np.ndarray, "boxes 4"]
    scores: Float[np.ndarray, " boxes"]
    labels: tuple[str, ...]
    masks: Bool[np.ndarray, "boxes height width"] | None = None
    embeddings: Float[np.ndarray, "boxes dim"] | None = None

    def __post_init__(self) -> None:
        parts = (self.scores, self.labels, self.masks, self.embeddings)
        if any(part is not None and len(part) != len(self.boxes) for part in parts):
            raise ValueError(f"Detections of {len(self.boxes)} boxes have another number of scores, labels or masks.")

    def __len__(self) -> int:
        return len(self.boxes)


@runtime_checkable
class Detector(Protocol):
    """Find objects in frames.

    `labels` are the words that it knows, None for an open vocabulary; `detect` takes RGB frames.
    """

    @property
    def labels(self) -> tuple[str, ...] | None: ...

    def detect(self, frames: UInt8[np.ndarray, "frames height width 3"]) -> Sequence[Detections]: ...


def detectors() -> list[str]:
    """Return the registered names: every module of this folder with a function `load` is a detector."""
    return [name.replace("_", "-") for name in registry.entries(__name__, "load")]


def load_detector(name: str) -> Detector:
    """Load a detector by its registered name, alone or followed by `:` and the option that its file takes.

    Raises ValueError for an unknown name.
    """
    registered, _, option = name.partition(":")
    module = registry.load(__name__, registered.replace("-", "_"), "load", "detector")
    return module.load(option) if option else module.load()
