"""Working memory W: a sliding window of the last L_w representations H."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from .slots import Entry, Slots


@dataclass(frozen=True)
class WorkingMemory(Slots):
    """The last L_w frames, with the keys and values that the working read attends to."""

    keys: Float[Tensor, "slots patches dim"]
    values: Float[Tensor, "slots patches dim"]

    @classmethod
    def empty(cls, patches: int, dim: int, device: torch.device, dtype: torch.dtype) -> WorkingMemory:
        """Return a window without entries."""
        nothing = Slots.empty(patches, dim, device, dtype)
        tokens, frames, times = nothing.tokens, nothing.frames, nothing.times
        return WorkingMemory(tokens, frames, times, keys=tokens, values=tokens)

    def write(self, entry: Entry, window: int) -> WorkingMemory:
        """Add H, in the place of the oldest when the window is full."""
        return self.pushed(
            window,
            tokens=entry.tokens,
            frames=entry.frame,
            times=entry.time,
            keys=entry.keys,
            values=entry.values,
        )
