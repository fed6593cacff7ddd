"""Hashes of tensors: of what data a training saw, and of which encoder made a cache."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import torch
from torch import Tensor, nn


def feed(digest: hashlib._Hash, tensors: Iterable[tuple[str, Tensor]]) -> None:
    """Add named tensors to a hash: their names and their bytes, in the order given."""
    for name, tensor in tensors:
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)


def weights_hash(module: nn.Module) -> str:
    """Return the sha256 of a module's kind and of its weights in 16 bits."""
    digest = hashlib.sha256(type(module).__name__.encode())
    feed(digest, ((name, tensor.to(torch.bfloat16)) for name, tensor in sorted(module.state_dict().items())))
    return digest.hexdigest()
