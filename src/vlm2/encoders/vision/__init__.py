"""Frozen vision encoders, one a file; the file's name, with hyphens, is the encoder's registered name."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import torch

from .encoder import VisionEncoder

__all__ = ["VisionEncoder", "load_vision_encoder", "vision_encoders"]


def vision_encoders() -> list[str]:
    """Return the registered names."""
    files = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(file.replace("_", "-") for file in files if file != "encoder")


def load_vision_encoder(
    name: str = "efficientnet-lite0", dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu"
) -> VisionEncoder:
    """Load a frozen vision encoder with its pretrained weights.

    `name` is a registered name, alone or followed by `:` and what that encoder's file takes (a folder or hub name for
    SigLIP, a layer for DINOv2). Raises ValueError for an unknown name or when the weights are missing.
    """
    registered, _, option = name.partition(":")
    if registered not in vision_encoders():
        raise ValueError(f"No vision encoder is called {name!r}; there are {', '.join(vision_encoders())}.")
    module = import_module(f".{registered.replace('-', '_')}", __name__)
    encoder = module.load(option) if option else module.load()
    return encoder.to(device=device, dtype=dtype)
