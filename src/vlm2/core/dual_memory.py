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
    """The record of one step: the gate of the reads, and the deletion from the bank."""

    memory_gate: Float[Tensor, "batch patches dim"] | None  # γ, where both memories were read
    deleted_frame: Int[Tensor, " batch"]  # the frame that the bank deleted; -1: none
    similar_frame: Int[Tensor, " batch"]  # the other frame of the pair that the rule found (`Deletion`); -1: none
    similarity: Float[Tensor, " batch"]  # the cosine of these two; NaN: none


@runtime_checkable
class MemoryObserver(Protocol):
    """An object that observes each step, in order to explain the memory. It must not change anything."""

    def before(
        self,
        memory: DualMemory,
        tokens_3d: Float[Tensor, "batch patches dim"],
        state: DualState,
        placement: FramePlacement,
    ) -> None:
        """Observe a frame's H, and the state before its reads and writes. With gradients off, later steps write into
        the tensors of `state`: clone what you keep."""
        ...

    def after(self, memory: DualMemory, memory_tokens: Float[Tensor, "batch patches dim"], event: MemoryEvent) -> None:
        """Observe the frame's M and the event of its step."""
        ...


class DualMemory(nn.Module):
    """The weights of both memories. The caller holds the state of its stream, a `DualState`.

    There are two gates: `gate` gives γ, which mixes the two reads, and `residual_gate` is g of `memory_residual`.
    """

    def __init__(self, config: MemoryConfig) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        self.working_attention = MemoryAttention(dim, config.heads) if config.working else None
        self.episodic_attention = MemoryAttention(dim, config.heads) if config.episodic else None
        both = config.working and config.episodic
        self.gate = nn.Sequential(nn.Linear(2 * dim, dim), nn.GELU(), nn.Linear(dim, dim)) if both else None
        reads = config.working or config.episodic
        self.residual_gate = nn.Parameter(torch.zeros(dim)) if config.memory_residual and reads else None

    def step(
        self, tokens_3d: Float[Tensor, "batch patches dim"], state: DualState, placement: FramePlacement
    ) -> tuple[Float[Tensor, "batch patches dim"], DualState, MemoryEvent]:
        """Read both memories for one frame's H, then write both. Return M, the new state, and the event.

        The reads come before the writes, so a frame never reads itself. The frame indices in `placement` must rise from
        step to step. A step does not wait for the device. Raises ValueError for another number of patches than
        the state has.
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
        first_frame: int | None = None,
        observer: MemoryObserver | None = None,
    ) -> tuple[Float[Tensor, "batch frames patches dim"], DualState, list[MemoryEvent]]:
        """Step through all frames. Return the M of every frame, the new state and the events; `state` does not change.

        `first_frame` is the index of the first frame, by default the one after the last frame of `state`, or 0. `times`
        are seconds; without them the frame index is the time. Coordinates and poses that are not given are NaN in the
        slots. Gradients flow through the stored entries. With gradients off, the state is copied once, and all frames
        are written in place into the copy. Raises ValueError as `step` does, and for a `first_frame` that is not after
        the last frame of `state`.
        """
        state = DualState.empty(tokens_3d) if state is None else state
        first_frame = state.next_frame(first_frame)
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
        """Return the attention shares of a frame's two reads: one share per slot of W, and one per slot of E.

        The shares of a read add to 1. They are empty if that memory is off or empty. `step` does not need them.
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
        """Return M^w or M^e, or None if the memory is off or empty."""
        if attention is None or len(memory) == 0:
            return None
        return attention(tokens_3d, memory.keys, memory.values)

    def _combine(
        self, tokens_3d: Tensor, working_read: Tensor | None, episodic_read: Tensor | None
    ) -> tuple[Float[Tensor, "batch patches dim"], Float[Tensor, "batch patches dim"] | None]:
        """Return M, and γ (None if it was not computed).

        The read is γ⊙M^w + (1−γ)⊙M^e, or the one of the two that exists. M = H + g⊙read with `memory_residual`, and
        M = read without it. If there is no read, M = H.
        """
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
        """Write H into the working memory, M into the episodic memory, and M into `recent`."""
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
