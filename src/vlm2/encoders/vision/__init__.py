"""Frozen vision encoders, one a file. The registered name is the file's name with hyphens.

A file defines `load(option)`. An encoder whose weights vlm2 fetches also binds PART, the record of the frozen part, and
defines `prepare(source, folder)` (`vlm2.encoders.frozen_part`).
"""

from __future__ import annotations

import torch

from ... import registry
from .encoder import VisionEncoder

__all__ = ["VisionEncoder", "load_vision_encoder", "vision_encoders"]


def vision_encoders() -> list[str]:
    """Return the registered names."""
    return [name.replace("_", "-") for name in registry.entries(__name__, "load")]


def load_vision_encoder(
    name: str = "efficientnet-lite0", dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu"
) -> VisionEncoder:
    """Load a frozen vision encoder with its pretrained weights.

    `name` is a registered name. An option may follow after `:` (for SigLIP, a folder or hub name). Raises ValueError
    for an unknown name and for missing weights.
    """
    registered, _, option = name.partition(":")
    if registered not in vision_encoders():
        raise ValueError(f"No vision encoder is called {name!r}; there are {', '.join(vision_encoders())}.")
    module = registry.load(__name__, registered.replace("-", "_"), "load", "vision encoder")
    encoder = module.load(option) if option else module.load()
    return encoder.to(device=device, dtype=dtype)
