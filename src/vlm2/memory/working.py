"""Working memory W: a sliding window of the last L_w representations H."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from .slots import Entry, Slots, append


@dataclass(frozen=True)
class WorkingMemory(Slots):
    """The last L_w frames, oldest first, with the keys and values that the working read attends to."""

    keys: Float[Tensor, "slots patches dim"]
    values: Float[Tensor, "slots patches dim"]

    @classmethod
    def empty(cls, patches: int, dim: int, device: torch.device, dtype: torch.dtype) -> WorkingMemory:
        """Return a window without entries."""
        nothing = Slots.empty(patches, dim, device, dtype)
        return WorkingMemory(**vars(nothing), keys=nothing.tokens, values=nothing.tokens)

    def write(self, entry: Entry, window: int) -> WorkingMemory:
        """Append H; drop the oldest when the window is full."""
        return WorkingMemory(
            **vars(self.appended(entry, window)),
            keys=append(self.keys, entry.keys)[-window:],
            values=append(self.values, entry.values)[-window:],
        )
