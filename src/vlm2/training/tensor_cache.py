"""The file format of both caches (of generated homes, of a user's videos): safetensors with a JSON header.

Frame features are stored as tensors of the same names as the fields of `FrameFeatures`, the encoders' tokens in
bfloat16, all else in float32. Frames come first; patches are row-major on the header's `grid` (rows, columns).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ..cache import whole_file
from ..models import FrameFeatures

BFLOAT16_TENSORS = ("visual_tokens", "geometry_tokens", "view_tokens")


@dataclass(frozen=True)
class CachedTensors:
    """One file of a cache: its header is read, its tensors are read on demand."""

    path: Path
    header: Mapping[str, str]

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        rows, columns = json.loads(self.header["grid"])
        return rows, columns

    def tensor(self, name: str, frames: slice = slice(None)) -> Tensor:
        """Read one tensor, or some frames of it."""
        with safe_open(self.path, framework="pt") as file:
            return file.get_slice(name)[frames.start : frames.stop][:: frames.step]


def write_tensors(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, str]) -> None:
    """Write a file of a cache. It appears under its name only when it is complete."""
    with whole_file(path) as partial:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, partial, metadata=dict(header))


def read_header(path: Path) -> dict[str, str]:
    """Read the header of a file of a cache; empty where the file is not there."""
    if not path.is_file():
        return {}
    with safe_open(path, framework="pt") as file:
        return file.metadata() or {}


def feature_tensors(features: FrameFeatures) -> dict[str, Tensor]:
    """Return the tensors of frame features as a cache stores them."""
    return {
        name: tensor.to("cpu", torch.bfloat16 if name in BFLOAT16_TENSORS else torch.float32)
        for name, tensor in vars(features).items()
        if isinstance(tensor, Tensor)
    }


def read_features(tensors: Mapping[str, Tensor], grid: tuple[int, int], stride: int = 1) -> FrameFeatures:
    """Return every `stride`-th frame's features in single precision, from their stored tensors."""
    return FrameFeatures(**{name: tensor[::stride].float() for name, tensor in tensors.items()}, grid=grid)


def hash_tensors(digest: hashlib._Hash, tensors: Iterable[tuple[str, Tensor]]) -> None:
    """Add the names and bytes of tensors to a hash, in the order given."""
    for name, tensor in tensors:
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)


def weights_hash(module: nn.Module) -> str:
    """Return the sha256 of a module's class and of its weights in bfloat16."""
    digest = hashlib.sha256(type(module).__name__.encode())
    hash_tensors(digest, ((name, tensor.to(torch.bfloat16)) for name, tensor in sorted(module.state_dict().items())))
    return digest.hexdigest()
