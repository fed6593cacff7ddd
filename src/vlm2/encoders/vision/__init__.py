"""Frozen vision encoders, one a file. The registered name is the file's name with hyphens.

A file defines `load(option)`. An encoder whose weights vlm2 fetches also binds PART, the record of the frozen part, and
defines `prepare(source, folder)` (`vlm2.encoders.frozen_part`).
"""

from __future__ import annotations

import torch

from ... import registry
from .encoder import VisionEncoder

__all__ = ["VisionEncoder", "build_vision_encoder", "load_vision_encoder"]


def load_vision_encoder(name: str, dtype: torch.dtype = torch.float32) -> VisionEncoder:
    """Load a frozen vision encoder with its pretrained weights.

    `name` is a registered name. An option may follow after `:` (for SigLIP, a folder or hub name). Raises ValueError
    for an unknown name and for missing weights.
    """
    return _call(name, "load").to(dtype=dtype)


def build_vision_encoder(name: str) -> VisionEncoder:
    """Build a vision encoder with untrained weights, on torch's default device. `name` as `load_vision_encoder` has it;
    SigLIP's option is the folder that holds its sizes. Raises ValueError for an unknown name."""
    return _call(name, "build")


def _call(name: str, function: str) -> VisionEncoder:
    """Call a function of an encoder's file with the option that stands in its name behind the colon."""
    module = registry.load(__name__, name.partition(":")[0], "load", "vision encoder")
    if not hasattr(module, function):
        raise ValueError(
            f"The vision encoder {name} cannot be built without its weights: its file has no {function}()."
        )
    return registry.call(name, getattr(module, function))
