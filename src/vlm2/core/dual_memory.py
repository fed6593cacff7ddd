"""The dual memory: equations 5–8 and Algorithm 1 of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from .attention import MemoryAttention
from .configuration import MemoryConfig
from .episodic import Deletion, EpisodicMemory
from .slots import BOOKKEEPING, Entry, Slots, context_slots
from .working import WorkingMemory

Memory = TypeVar("Memory", bound=Slots)


@dataclass(frozen=True)
class DualState:
    """What a stream remembers. `recent` holds the last M (as many as `MemoryConfig.shown`), for `context_slots`; the
    working memory holds H."""

    working: WorkingMemory
    episodic: EpisodicMemory
    recent: Slots

    @property
    def patches(self) -> int:
        """Tokens of a frame."""
        return self.recent.tokens.shape[1]

    def sealed(self) -> DualState:
        """Return the state as a value, which no step writes into any more."""
        return DualState(self.working.sealed(), self.episodic.sealed(), self.recent.sealed())

    def context_slots(
        self,
    ) -> tuple[Float[Tensor, "slots patches dim"], Int[Tensor, " slots"], Float[Tensor, " slots"]]:
        """Return what the language model sees in `context="memory"`: tokens, frame indices, times in seconds; the
        bank's entries merged by time with the last M, each frame once."""
        return context_slots(self.episodic, self.recent)

    def to_tensors(self) -> dict[str, Tensor]:
        """Name a copy of every tensor, for a file."""
        parts = {"working": self.working, "episodic": self.episodic, "recent": self.recent}
        return {
            f"{part}.{name}": tensor.clone()
            for part, slots in parts.items()
            for name, tensor in vars(slots).items()
            if name not in BOOKKEEPING
        }

    @staticmethod
    def from_tensors(tensors: dict[str, Tensor]) -> DualState:
        """Read what `to_tensors` named."""

        def part(kind: type[Memory], prefix: str) -> Memory:
            names = [field.name for field in fields(kind) if field.name not in BOOKKEEPING]
            columns: dict[str, Any] = {name: tensors[f"{prefix}.{name}"] for name in names}
            return kind(**columns)

        return DualState(part(WorkingMemory, "working"), part(EpisodicMemory, "episodic"), part(Slots, "recent"))


@dataclass(frozen=True)
class MemoryEvent:
    """What happened at a frame: γ where both memories were read, the frame that the bank gave up (-1: none), the frame
    to which it was most similar (-1: none), and how similar (a cosine; NaN: none)."""

    memory_gate: Float[Tensor, "patches dim"] | None
    deleted_frame: Int[Tensor, ""]
    similar_frame: Int[Tensor, ""]
    similarity: Float[Tensor, ""]


class DualMemory(nn.Module):
    """The weights of both memories. What a stream remembers is a `DualState`, held by the caller and passed through."""

    def __init__(self, config: MemoryConfig) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        self.working_attention = MemoryAttention(dim, config.heads) if config.working else None
        self.episodic_attention = MemoryAttention(dim, config.heads) if config.episodic else None
        self.gate = (
            nn.Sequential(nn.Linear(2 * dim, dim), nn.GELU(), nn.Linear(dim, dim))
            if config.working and config.episodic
            else None
        )
        reads = config.working or config.episodic
        self.residual_gate = nn.Parameter(torch.zeros(dim)) if config.memory_residual and reads else None

    def empty(self, tokens_3d: Float[Tensor, "... patches dim"]) -> DualState:
        """Return the state of a stream that has seen nothing, for frames like these."""
        patches, dim = tokens_3d.shape[-2:]
        made = (patches, dim, tokens_3d.device, tokens_3d.dtype)
        return DualState(WorkingMemory.empty(*made), EpisodicMemory.empty(*made), Slots.empty(*made))

    def writable(self, state: DualState) -> DualState:
        """Return a copy of a state in buffers for all that it will ever hold, which steps write in place.

        For inference: no step allocates an entry, and each uses up the state it is given. Seal the last one
        (`DualState.sealed`) before it is handed on.
        """
        window, capacity = self.config.window, self.config.capacity
        return DualState(
            state.working.writable(window),
            state.episodic.writable(capacity),
            state.recent.writable(self.config.shown),
        )

    def step(
        self, tokens_3d: Float[Tensor, "patches dim"], state: DualState, frame: int, time: float
    ) -> tuple[Float[Tensor, "patches dim"], DualState, MemoryEvent]:
        """Take in one frame's H: read both memories, then write both. Return M, the new state, and what happened.

        `frame` is the index that slots carry, rising; `time` its seconds. Never waits for the device.
        """
        if tokens_3d.shape[0] != state.patches:
            raise ValueError(
                f"This memory holds frames of {state.patches} patches and was given one of {tokens_3d.shape[0]}. "
                "A stream keeps one frame size; start an empty state for another."
            )
        working_read = self._read(self.working_attention, tokens_3d, state.working)
        episodic_read = self._read(self.episodic_attention, tokens_3d, state.episodic)
        memory_tokens, memory_gate = self._combine(tokens_3d, working_read, episodic_read)
        new_state, deletion = self._write(tokens_3d, memory_tokens, state, frame, time)
        return memory_tokens, new_state, MemoryEvent(memory_gate, *deletion)

    def read_shares(
        self, tokens_3d: Float[Tensor, "patches dim"], state: DualState
    ) -> tuple[Float[Tensor, " working"], Float[Tensor, " episodic"]]:
        """Return how a frame's two reads divide their attention among the slots of W and of E; each adds to 1, or is
        empty where that memory is off or empty. An explanation beside `step`, which does not need it."""

        def shares(attention: MemoryAttention | None, memory: WorkingMemory | EpisodicMemory) -> Tensor:
            if attention is None or len(memory) == 0:
                return memory.times[:0]
            return attention.shares(tokens_3d, memory.keys)

        return shares(self.working_attention, state.working), shares(self.episodic_attention, state.episodic)

    def forward(
        self,
        tokens_3d: Float[Tensor, "frames patches dim"],
        times: Sequence[float] | None = None,
        state: DualState | None = None,
        first_frame: int = 0,
    ) -> tuple[Float[Tensor, "frames patches dim"], DualState, list[MemoryEvent]]:
        """Step through all frames, and leave the given state as it is. `times` in seconds; without, frames count.

        Gradients flow through what is stored; where none are wanted, frames are written in place, and the state is
        copied once however many they are.
        """
        state = self.empty(tokens_3d) if state is None else state
        state = state if torch.is_grad_enabled() else self.writable(state)
        memory_tokens, events = [], []
        for index, frame_tokens in enumerate(tokens_3d):
            frame = first_frame + index
            time = float(frame if times is None else times[index])
            tokens, state, event = self.step(frame_tokens, state, frame, time)
            memory_tokens.append(tokens)
            events.append(event)
        return torch.stack(memory_tokens), state.sealed(), events

    @staticmethod
    def _read(
        attention: MemoryAttention | None, tokens_3d: Tensor, memory: WorkingMemory | EpisodicMemory
    ) -> Float[Tensor, "patches dim"] | None:
        """M^w or M^e; none from a memory that is off or empty."""
        if attention is None or len(memory) == 0:
            return None
        return attention(tokens_3d, memory.keys, memory.values)

    def _combine(
        self, tokens_3d: Tensor, working_read: Tensor | None, episodic_read: Tensor | None
    ) -> tuple[Float[Tensor, "patches dim"], Float[Tensor, "patches dim"] | None]:
        """Return M and γ: M = γ⊙M^w + (1−γ)⊙M^e; the other where one is missing; H where both are."""
        memory_gate = None
        if self.gate is not None and working_read is not None and episodic_read is not None:
            memory_gate = self.gate(torch.cat([working_read, episodic_read], dim=-1)).sigmoid()
            read = memory_gate * working_read + (1 - memory_gate) * episodic_read
        else:
            read = working_read if working_read is not None else episodic_read
        if read is None:
            return tokens_3d, None
        if self.residual_gate is not None:
            read = tokens_3d + self.residual_gate * read
        return read, memory_gate

    def _write(
        self, tokens_3d: Tensor, memory_tokens: Tensor, state: DualState, frame: int, time: float
    ) -> tuple[DualState, Deletion]:
        """Write H into the working memory and M into the episodic one."""
        config, device = self.config, tokens_3d.device
        mark = torch.full((), frame, device=device), torch.full((), time, device=device, dtype=torch.float32)
        working, episodic, deletion = state.working, state.episodic, Deletion.none(mark[0])
        if self.working_attention is not None:
            working = working.write(Entry(tokens_3d, *self.working_attention.project(tokens_3d), *mark), config.window)
        if self.episodic_attention is not None:
            entry = Entry(memory_tokens, *self.episodic_attention.project(memory_tokens), *mark)
            episodic, deletion = episodic.write(entry, config.capacity, config.episodic_write)
        recent = state.recent.pushed(config.shown, tokens=memory_tokens, frames=mark[0], times=mark[1])
        return DualState(working, episodic, recent), deletion
