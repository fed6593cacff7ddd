"""Working memory W: a sliding window of the last L_w representations H."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from .slots import Entry, Slots


@dataclass(frozen=True)
class WorkingMemory(Slots):
    """The last L_w frames, with the keys and values that the working read attends to."""

    keys: Float[Tensor, "batch slots patches dim"]
    values: Float[Tensor, "batch slots patches dim"]

    def write(self, entry: Entry, window: int) -> WorkingMemory:
        """Write H into a new slot, or over the oldest entry when the window is full."""
        return self.pushed(window, **entry.rows())
