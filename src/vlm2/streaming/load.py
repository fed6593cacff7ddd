"""Load a model that is ready to watch: `vlm2.load("mini")`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers.utils import logging

from ..models import VLM2ForConditionalGeneration, VLM2Processor
from ..models.checkpoint import find_checkpoint
from ..models.language import SPREAD, Quantize
from ..models.precision import multiplies_bfloat16
from .session import Session

DTYPES = {
    "float32": torch.float32,
    "fp32": torch.float32,
    "bfloat16": torch.bfloat16,
    "bf16": torch.bfloat16,
    "float16": torch.float16,
    "fp16": torch.float16,
}


@dataclass(frozen=True)
class LoadedModel:
    """A model with its processor, on its device. `name` is what was asked for, `folder` where it was found."""

    name: str
    folder: Path
    model: VLM2ForConditionalGeneration
    processor: VLM2Processor

    def session(self, thumbnails: bool = True) -> Session:
        """Return a new session, which has seen nothing; `thumbnails` as `Session` has them."""
        return Session(self.model, self.processor, thumbnails)


def load(
    name_or_path: str | Path,
    device: str | None = None,
    dtype: str | torch.dtype | None = None,
    quantize: Quantize | None = None,
) -> LoadedModel:
    """Load a packaged checkpoint by its name ("mini"), a checkpoint's folder, or one from the hub ("owner/model").

    `device` is "cpu", "cuda", "cuda:1", "mps", ...; by default a GPU where there is one. `dtype` is the language
    model's: "float32", "bfloat16" or "float16"; by default what its weights are kept in, but "float32" on a CPU without
    instructions for bfloat16. `device` "auto" spreads the language model over all GPUs, and `quantize` keeps it in
    "8bit" or "4bit"; both need the extra `large`. Raises ValueError for a name, device or dtype that cannot be had, and
    for a checkpoint that does not fit its configuration.
    """
    place, kind = SPREAD if device == SPREAD else find_device(device), find_dtype(dtype)
    if kind is None and quantize is None:
        kind = usual_dtype(find_device(None) if place == SPREAD else place)
    folder = find_checkpoint(name_or_path)
    with _without_bars():
        model = VLM2ForConditionalGeneration.from_pretrained(folder, dtype=kind, device=place, quantize=quantize)
        processor = VLM2Processor.from_pretrained(folder)
    return LoadedModel(str(name_or_path), folder, model, processor)


@contextmanager
def _without_bars() -> Iterator[None]:
    """Keep transformers from drawing a bar for every part that it reads from disk."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def find_device(name: str | None) -> torch.device:
    """Return the device of this name, or the best one here. Raises ValueError for one that this machine lacks."""
    usable = ["cpu"]
    usable += [f"cuda:{i}" for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    usable += ["mps"] if torch.backends.mps.is_available() else []
    if name is None:
        return torch.device("cuda" if "cuda:0" in usable else usable[-1])
    if name not in usable and not (name == "cuda" and "cuda:0" in usable):
        raise ValueError(f"There is no device {name!r} here; choose one of {', '.join(usable)}.")
    return torch.device(name)


def usual_dtype(device: torch.device) -> torch.dtype | None:
    """Return the dtype that a language model is best read in there: single precision where the device is slow in
    bfloat16, otherwise that of its weights (None)."""
    return None if multiplies_bfloat16(device) else torch.float32


def find_dtype(name: str | torch.dtype | None) -> torch.dtype | None:
    """Return the dtype of this name. Raises ValueError for another than the usual ones."""
    if name is None or isinstance(name, torch.dtype):
        return name
    if name not in DTYPES:
        raise ValueError(f"There is no dtype {name!r}; choose one of {', '.join(DTYPES)}.")
    return DTYPES[name]
