"""The dual memory: equations 5–8 and Algorithm 1 of the paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from .attention import MemoryAttention
from .configuration import MemoryConfig
from .episodic import Deletion, EpisodicMemory
from .slots import Entry, FramePlacement
from .state import DualState
from .working import WorkingMemory


@dataclass(frozen=True)
class MemoryEvent:
    """The events of one step."""

    memory_gate: Float[Tensor, "batch patches dim"] | None  # γ, where both memories were read
    deleted_frame: Int[Tensor, " batch"]  # the frame that the bank deleted; -1: none
    similar_frame: Int[Tensor, " batch"]  # the frame that the deleted one was most similar to; -1: none
    similarity: Float[Tensor, " batch"]  # the cosine of these two; NaN: none


@runtime_checkable
class MemoryObserver(Protocol):
    """An object that observes each step in order to explain the memory. It changes nothing."""

    def before(
        self,
        memory: DualMemory,
        tokens_3d: Float[Tensor, "batch patches dim"],
        state: DualState,
        placement: FramePlacement,
    ) -> None:
        """Look at a frame's H and at the state before the frame is read and written."""
        ...

    def after(self, memory: DualMemory, memory_tokens: Float[Tensor, "batch patches dim"], event: MemoryEvent) -> None:
        """Look at the frame's M, and at what happened."""
        ...


class DualMemory(nn.Module):
    """The weights of both memories. The caller holds the state of its stream, a `DualState`, and passes it on."""

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

    def step(
        self, tokens_3d: Float[Tensor, "batch patches dim"], state: DualState, placement: FramePlacement
    ) -> tuple[Float[Tensor, "batch patches dim"], DualState, MemoryEvent]:
        """Take in one frame's H: read both memories, then write both. Return M, the new state, and what happened.

        The frame indices of `placement` rise from step to step. Never waits for the device.
        """
        if tokens_3d.shape[1] != state.patches:
            raise ValueError(
                f"This memory holds frames of {state.patches} patches and was given one of {tokens_3d.shape[1]}. "
                "A stream keeps one frame size; start an empty state for another."
            )
        working_read = self._read(self.working_attention, tokens_3d, state.working)
        episodic_read = self._read(self.episodic_attention, tokens_3d, state.episodic)
        memory_tokens, memory_gate = self._combine(tokens_3d, working_read, episodic_read)
        new_state, deletion = self._write(tokens_3d, memory_tokens, state, placement)
        return memory_tokens, new_state, MemoryEvent(memory_gate, *deletion)

    def forward(
        self,
        tokens_3d: Float[Tensor, "batch frames patches dim"],
        times: Float[Tensor, "batch frames"] | None = None,
        coordinates: Float[Tensor, "batch frames patches 3"] | None = None,
        world_from_camera: Float[Tensor, "batch frames 4 4"] | None = None,
        state: DualState | None = None,
        first_frame: int = 0,
        observer: MemoryObserver | None = None,
    ) -> tuple[Float[Tensor, "batch frames patches dim"], DualState, list[MemoryEvent]]:
        """Step through all frames, and leave the given state as it is. Generation, training and sessions all use it.

        `times` are seconds (without them, frames count); coordinates and poses are NaN in the slots where they are not
        given. Gradients flow through what is stored; where none are wanted, frames are written in place, and the state
        is copied once however many they are.
        """
        state = DualState.empty(tokens_3d) if state is None else state
        state = state if torch.is_grad_enabled() else state.writable(self.config)
        memory_tokens, events = [], []
        for index, frame_tokens in enumerate(tokens_3d.unbind(1)):
            frame = first_frame + index
            placement = FramePlacement.of(
                frame_tokens,
                frame,
                float(frame) if times is None else times[:, index],
                None if coordinates is None else coordinates[:, index],
                None if world_from_camera is None else world_from_camera[:, index],
            )
            if observer is not None:
                observer.before(self, frame_tokens, state, placement)
            tokens, state, event = self.step(frame_tokens, state, placement)
            if observer is not None:
                observer.after(self, tokens, event)
            memory_tokens.append(tokens)
            events.append(event)
        return torch.stack(memory_tokens, dim=1), state.sealed(), events

    def read_shares(
        self, tokens_3d: Float[Tensor, "batch patches dim"], state: DualState
    ) -> tuple[Float[Tensor, "batch working"], Float[Tensor, "batch episodic"]]:
        """Return how a frame's two reads divide their attention among the slots of W and of E.

        Each adds to 1, or is empty where that memory is off or empty. `step` does not need it; it explains the memory.
        """

        def shares(attention: MemoryAttention | None, memory: WorkingMemory | EpisodicMemory) -> Tensor:
            if attention is None or len(memory) == 0:
                return memory.times[:, :0]
            return attention.shares(tokens_3d, memory.keys)

        return shares(self.working_attention, state.working), shares(self.episodic_attention, state.episodic)

    @staticmethod
    def _read(
        attention: MemoryAttention | None, tokens_3d: Tensor, memory: WorkingMemory | EpisodicMemory
    ) -> Float[Tensor, "batch patches dim"] | None:
        """M^w or M^e; none from a memory that is off or empty."""
        if attention is None or len(memory) == 0:
            return None
        return attention(tokens_3d, memory.keys, memory.values)

    def _combine(
        self, tokens_3d: Tensor, working_read: Tensor | None, episodic_read: Tensor | None
    ) -> tuple[Float[Tensor, "batch patches dim"], Float[Tensor, "batch patches dim"] | None]:
        """Return M = γ⊙M^w + (1−γ)⊙M^e, and γ. Where one read is missing, M is the other; where both are, M is H."""
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
        self, tokens_3d: Tensor, memory_tokens: Tensor, state: DualState, placement: FramePlacement
    ) -> tuple[DualState, Deletion]:
        """Write H into the working memory and M into the episodic one."""
        config, working, episodic = self.config, state.working, state.episodic
        deletion = Deletion.none(placement.frames)
        if self.working_attention is not None:
            entry = Entry(tokens_3d, *self.working_attention.project(tokens_3d), placement)
            working = working.write(entry, config.window)
        if self.episodic_attention is not None:
            entry = Entry(memory_tokens, *self.episodic_attention.project(memory_tokens), placement)
            episodic, deletion = episodic.write(entry, config.capacity, config.episodic_write)
        recent = state.recent.pushed(config.shown, tokens=memory_tokens, **placement._asdict())
        return DualState(working, episodic, recent), deletion
