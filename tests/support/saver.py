"""A process that saves and saves, until it is killed."""

from __future__ import annotations

from pathlib import Path

import torch

from vlm2.streaming import container


def save_for_ever(path: Path, ready) -> None:
    """Write two different memories to one file in turn; say once that it begins."""
    saves = [({"a": torch.full((1 << 18,), float(value))}, {"value": value}) for value in (1, 2)]
    ready.send(None)
    while True:
        for tensors, record in saves:
            container.write(path, tensors, record)
