"""What a memory stores: entries in time order, each with the frame and the time it comes from.

A record is a value: writing returns a new record and leaves the old one as it was, so that a stream can be forked,
saved while it runs, or trained through. The copies this costs are no larger than what the next read has to read anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor


class Entry(NamedTuple):
    """What one frame leaves in a memory. Keys and values are projected once, here, and never again."""

    tokens: Float[Tensor, "patches dim"]
    keys: Float[Tensor, "patches dim"]
    values: Float[Tensor, "patches dim"]
    frame: Int[Tensor, ""]
    time: Float[Tensor, ""]  # seconds


@dataclass(frozen=True)
class Slots:
    """Entries of a memory, oldest first."""

    tokens: Float[Tensor, "slots patches dim"]
    frames: Int[Tensor, " slots"]
    times: Float[Tensor, " slots"]  # seconds

    def __len__(self) -> int:
        return self.tokens.shape[0]

    @classmethod
    def empty(cls, patches: int, dim: int, device: torch.device, dtype: torch.dtype) -> Slots:
        """Return a record without entries."""
        return Slots(
            tokens=torch.empty(0, patches, dim, device=device, dtype=dtype),
            frames=torch.empty(0, device=device, dtype=torch.long),
            times=torch.empty(0, device=device, dtype=torch.float32),
        )

    def appended(self, entry: Entry, limit: int) -> Slots:
        """Return these slots with the entry at the end, without the oldest where there would be more than `limit`."""
        return Slots(
            append(self.tokens, entry.tokens)[-limit:],
            append(self.frames, entry.frame)[-limit:],
            append(self.times, entry.time)[-limit:],
        )


def append(stack: Tensor, item: Tensor) -> Tensor:
    """Append along the first axis. An empty stack takes the item's dtype, which autocast may have chosen."""
    return item[None] if stack.shape[0] == 0 else torch.cat([stack, item[None]])


def context_slots(
    bank: Slots, recent: Slots
) -> tuple[Float[Tensor, "slots patches dim"], Int[Tensor, " slots"], Float[Tensor, " slots"]]:
    """Merge the bank's entries with the last M by time, each frame once: tokens, frame indices, times in seconds.

    Asks the device how many there are, so call it when a question comes, not at every frame.
    """
    fresh = ~torch.isin(recent.frames, bank.frames)
    frames = torch.cat([bank.frames, recent.frames[fresh]])
    order = frames.argsort()
    tokens = torch.cat([bank.tokens, recent.tokens[fresh]])[order]
    return tokens, frames[order], torch.cat([bank.times, recent.times[fresh]])[order]
