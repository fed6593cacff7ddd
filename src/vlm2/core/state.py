"""The state of the memory, a value that the caller of `DualMemory` holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from . import fast
from .configuration import MemoryConfig
from .episodic import EpisodicMemory
from .slots import Slots
from .working import WorkingMemory


class ContextSlots(NamedTuple):
    """The slots of one video that the language model sees in `context="memory"`: each frame once, in order of time."""

    tokens: Float[Tensor, "slots patches dim"]  # M
    frames: Int[Tensor, " slots"]
    times: Float[Tensor, " slots"]  # seconds
    coordinates: Float[Tensor, "slots patches 3"]  # C
    world_from_camera: Float[Tensor, "slots 4 4"]


@dataclass(frozen=True)
class DualState:
    """The memory of a batch of streams. The working memory holds H, the episodic memory holds M, and `recent` holds the
    last M (as many as `MemoryConfig.shown`), which the language model sees beside the bank."""

    working: WorkingMemory
    episodic: EpisodicMemory
    recent: Slots

    @staticmethod
    def empty(tokens_3d: Float[Tensor, "batch ... patches dim"]) -> DualState:
        """Return the state of streams that have seen nothing, for frames like these."""
        return DualState(WorkingMemory.empty(tokens_3d), EpisodicMemory.empty(tokens_3d), Slots.empty(tokens_3d))

    @property
    def patches(self) -> int:
        """Tokens of a frame."""
        return self.recent.tokens.shape[2]

    def writable(self, config: MemoryConfig) -> DualState:
        """Return a copy in buffers for all that the state will ever hold, which steps write in place (`fast`)."""
        return DualState(
            fast.writable(self.working, config.window),
            fast.writable(self.episodic, config.capacity),
            fast.writable(self.recent, config.shown),
        )

    def sealed(self) -> DualState:
        """Return the state as a value, which no step writes into any more."""
        return DualState(fast.sealed(self.working), fast.sealed(self.episodic), fast.sealed(self.recent))

    def moved(self, new_from_old: Callable[[Int[Tensor, " slots"]], Float[Tensor, "slots 4 4"]]) -> DualState:
        """Return the state of one video (a batch of 1) with coordinates and poses where a closed loop puts them.
        `new_from_old` gives the rigid motions of frames by their indices."""
        working, episodic, recent = self.working, self.episodic, self.recent
        return DualState(
            working.moved(new_from_old(working.frames[0])),
            episodic.moved(new_from_old(episodic.frames[0])),
            recent.moved(new_from_old(recent.frames[0])),
        )

    def context_slots(self, row: int = 0) -> ContextSlots:
        """Merge the bank's entries with the last M by time, each frame once, for one video of the batch.

        The number of slots depends on the device's values, so call it when a question comes, not at every frame.
        """
        bank, recent = self.episodic, self.recent
        fresh = ~torch.isin(recent.frames[row], bank.frames[row])
        order = torch.cat([bank.frames[row], recent.frames[row][fresh]]).argsort()

        def merged(name: str) -> Tensor:
            return torch.cat([getattr(bank, name)[row], getattr(recent, name)[row][fresh]])[order]

        return ContextSlots(*map(merged, ContextSlots._fields))

    def to_tensors(self) -> dict[str, Tensor]:
        """Name a copy of every tensor, for a file."""
        return {
            f"{part}.{name}": getattr(slots, name).clone(memory_format=torch.contiguous_format)
            for part, slots in vars(self).items()
            for name in slots.tensor_names()
        }

    @staticmethod
    def from_tensors(tensors: dict[str, Tensor]) -> DualState:
        """Restore what `to_tensors` named. Raises KeyError where a tensor is missing."""
        kinds = {"working": WorkingMemory, "episodic": EpisodicMemory, "recent": Slots}
        return DualState(
            **{part: kind(**{n: tensors[f"{part}.{n}"] for n in kind.tensor_names()}) for part, kind in kinds.items()}
        )
