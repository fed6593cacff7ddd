"""What happens in the memory while frames are written, gathered on the device and fetched from it once."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from ..core import DualMemory, DualState, MemoryEvent
from .memory_log import Read


class Reads:
    """Gathers what happens at the frames of one window: call `before` and `after` around each step of the memory, then
    `fetch`."""

    def __init__(self) -> None:
        self._marks: list[tuple[int, float, int, int]] = []  # frame, time, slots of W, slots of E
        self._values: list[Tensor] = []
        self._frames: list[Tensor] = []

    def before(self, memory: DualMemory, tokens_3d: Float[Tensor, "patches dim"], state: DualState) -> None:
        """Note how the coming reads divide their attention."""
        self._shares = memory.read_shares(tokens_3d, state)
        self._read = tuple(
            slots.frames[: len(share)].clone()
            for slots, share in zip((state.working, state.episodic), self._shares, strict=True)
        )

    def after(
        self,
        memory: DualMemory,
        tokens_3d: Float[Tensor, "patches dim"],
        memory_tokens: Float[Tensor, "patches dim"],
        event: MemoryEvent,
        frame: int,
        time: float,
    ) -> None:
        """Note what became of a frame: H, M, and the event of its step."""
        working, episodic = self._shares
        if event.memory_gate is not None:
            gate = event.memory_gate.float().mean()
        else:
            gate = tokens_3d.new_tensor(1.0 if len(working) else 0.0 if len(episodic) else math.nan)
        share = _read_share(tokens_3d, memory_tokens) if memory.config.memory_residual else torch.ones_like(gate)
        self._marks.append((frame, time, len(working), len(episodic)))
        self._values.append(torch.cat((torch.stack((gate, share, event.similarity)).float(), working, episodic)))
        self._frames.append(torch.cat((torch.stack((event.deleted_frame, event.similar_frame)), *self._read)))

    def fetch(self) -> tuple[Read, ...]:
        """Return what was noted, waiting for the device twice whatever the number of frames."""
        if not self._marks:
            return ()
        values, frames = iter(torch.cat(self._values).tolist()), iter(torch.cat(self._frames).tolist())
        found = []
        for frame, time, working, episodic in self._marks:
            gate, share, similarity = (next(values) for _ in range(3))
            deleted, similar = (next(frames) for _ in range(2))
            found.append(
                Read(
                    frame=frame,
                    time=time,
                    working=tuple((next(frames), next(values)) for _ in range(working)),
                    episodic=tuple((next(frames), next(values)) for _ in range(episodic)),
                    gate=None if math.isnan(gate) else gate,
                    read_share=0.0 if math.isnan(gate) else share,
                    deleted=None if deleted < 0 else deleted,
                    similar=None if similar < 0 else similar,
                    similarity=None if math.isnan(similarity) else similarity,
                )
            )
        return tuple(found)


def _read_share(tokens_3d: Tensor, memory_tokens: Tensor) -> Float[Tensor, ""]:
    """ρ: the length of what was read beside that of H."""
    read = (memory_tokens - tokens_3d).float().norm()
    return read / (read + tokens_3d.float().norm()).clamp(min=1e-12)
