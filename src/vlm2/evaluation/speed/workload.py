"""The workload of a model: the video, the question, and the model's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from ...models.capacity import BYTES
from ...models.loading import Quantize


@dataclass(frozen=True)
class Workload:
    """A video, a question, and the settings with which a model answers it.

    A session watches `frames` frames of `height` × `width` pixels, `fps` a second, of a video with `source_fps`.
    `dtype` and `quantize` are the language model's. `window` (frames), `pixels` (of a frame, for the geometry encoder)
    and `pooling` (patches a side of a token) replace the model's own values. Raises ValueError for impossible values.
    """

    frames: int = 120
    height: int = 720
    width: int = 1280
    fps: float = 2.0
    source_fps: float = 30.0
    dtype: str = "bfloat16"
    quantize: str | None = None
    window: int | None = None
    pixels: int | None = None
    pooling: int | None = None
    question_tokens: int = 64
    answer_tokens: int = 8

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, int | float) and not value > 0:
                raise ValueError(f"{name} must be above 0, not {value}.")
        if self.dtype not in BYTES:
            raise ValueError(f"There is no dtype {self.dtype!r}; choose one of {', '.join(BYTES)}.")
        if self.quantize not in (None, *get_args(Quantize)):
            raise ValueError(f"quantize={self.quantize!r} is not known; choose {' or '.join(get_args(Quantize))}.")
