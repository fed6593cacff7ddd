"""The state of the dual memory: a value that the caller of `DualMemory` holds."""

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
    """The slots of one video that the language model sees with `context="memory"`: each frame once, by time."""

    tokens: Float[Tensor, "slots patches dim"]  # M
    frames: Int[Tensor, " slots"]
    times: Float[Tensor, " slots"]  # seconds
    coordinates: Float[Tensor, "slots patches 3"]  # C
    world_from_camera: Float[Tensor, "slots 4 4"]


@dataclass(frozen=True)
class DualState:
    """The memory of a batch of streams.

    `working` holds the last H, and `episodic` holds M. `recent` holds the last M, at most `MemoryConfig.shown` of them.
    The language model sees `episodic` and `recent`; frames read `working` and `episodic`.
    """

    working: WorkingMemory
    episodic: EpisodicMemory
    recent: Slots

    @staticmethod
    def empty(tokens_3d: Float[Tensor, "batch ... patches dim"]) -> DualState:
        """Return the state of streams without frames, for frames of this shape, dtype and device."""
        return DualState(WorkingMemory.empty(tokens_3d), EpisodicMemory.empty(tokens_3d), Slots.empty(tokens_3d))

    @property
    def patches(self) -> int:
        """Number of tokens of a frame."""
        return self.recent.tokens.shape[2]

    def next_frame(self, given: int | None = None) -> int:
        """Return the index of the next frame: `given`, by default the one after the last. This waits for the device.
        Raises ValueError if `given` is not after the last one, since the indices order the slots."""
        frames = self.recent.frames
        least = 0 if frames.numel() == 0 or frames.is_meta else int(frames.max()) + 1
        if given is not None and given < least:
            raise ValueError(f"This state goes on at frame {least}, not {given}; first_frame must not be earlier.")
        return least if given is None else given

    def writable(self, config: MemoryConfig) -> DualState:
        """Return a copy in buffers of full size, which steps write in place (`fast`)."""
        working, episodic = fast.writable(self.working, config.window), fast.writable(self.episodic, config.capacity)
        return DualState(working, episodic, fast.writable(self.recent, config.shown))

    def sealed(self) -> DualState:
        """Return the state as a value: no later step writes into it."""
        return DualState(fast.sealed(self.working), fast.sealed(self.episodic), fast.sealed(self.recent))

    def moved(self, new_from_old: Callable[[Int[Tensor, " slots"]], Float[Tensor, "slots 4 4"]]) -> DualState:
        """Return the state of one video (a batch of 1) with the coordinates and poses that a closed loop corrected.
        `new_from_old` is a function from frame indices to the rigid motions of these frames."""
        working = self.working.moved(new_from_old(self.working.frames[0]))
        episodic = self.episodic.moved(new_from_old(self.episodic.frames[0]))
        return DualState(working, episodic, self.recent.moved(new_from_old(self.recent.frames[0])))

    def context_slots(self, video: int = 0) -> ContextSlots:
        """Merge the bank and `recent` in order of time, each frame once, for one video of the batch.

        The number of slots depends on values on the device, so this waits for the device. Call it at a question, not at
        every frame.
        """
        bank, recent = self.episodic, self.recent
        fresh = ~torch.isin(recent.frames[video], bank.frames[video])
        order = torch.cat([bank.frames[video], recent.frames[video][fresh]]).argsort()

        def merged(name: str) -> Tensor:
            return torch.cat([getattr(bank, name)[video], getattr(recent, name)[video][fresh]])[order]

        return ContextSlots(*map(merged, ContextSlots._fields))

    def to_tensors(self) -> dict[str, Tensor]:
        """Return a copy of every tensor by name, for a file."""
        return {
            f"{part}.{name}": getattr(slots, name).clone(memory_format=torch.contiguous_format)
            for part, slots in vars(self).items()
            for name in slots.tensor_names()
        }

    @staticmethod
    def from_tensors(tensors: dict[str, Tensor]) -> DualState:
        """Return the state from the tensors of `to_tensors`. Raises KeyError if a tensor is missing."""
        kinds = {"working": WorkingMemory, "episodic": EpisodicMemory, "recent": Slots}
        return DualState(
            **{part: kind(**{n: tensors[f"{part}.{n}"] for n in kind.tensor_names()}) for part, kind in kinds.items()}
        )
