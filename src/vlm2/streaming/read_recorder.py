"""An observer of the memory: what happens while frames are written, gathered on the device and fetched from it once."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from ..core import DualMemory, DualState, FramePlacement, MemoryEvent
from .memory_log import ReadRecord


class ReadRecorder:
    """A `MemoryObserver` of the frames of one video (a batch of 1)."""

    def __init__(self) -> None:
        self._lengths: list[tuple[int, int]] = []  # slots of W, slots of E
        self._values: list[Tensor] = []
        self._frames: list[Tensor] = []

    def before(
        self, memory: DualMemory, tokens_3d: Float[Tensor, "1 patches dim"], state: DualState, placement: FramePlacement
    ) -> None:
        """Note how the coming reads divide their attention."""
        self._tokens_3d = tokens_3d
        self._shares = [share[0] for share in memory.read_shares(tokens_3d, state)]
        self._read = [
            slots.frames[0, : len(share)].clone()
            for slots, share in zip((state.working, state.episodic), self._shares, strict=True)
        ]

    def after(self, memory: DualMemory, memory_tokens: Float[Tensor, "1 patches dim"], event: MemoryEvent) -> None:
        """Note M, and what happened."""
        (working, episodic), tokens_3d = self._shares, self._tokens_3d
        if event.memory_gate is not None:
            gate = event.memory_gate.float().mean()
        else:
            gate = tokens_3d.new_tensor(1.0 if len(working) else 0.0 if len(episodic) else math.nan)
        share = _read_share(tokens_3d, memory_tokens) if memory.config.memory_residual else torch.ones_like(gate)
        self._lengths.append((len(working), len(episodic)))
        marks = torch.stack((gate, share, event.similarity[0])).float()
        self._values.append(torch.cat((marks, working, episodic)))
        marks = torch.stack((event.deleted_frame[0], event.similar_frame[0]))
        self._frames.append(torch.cat((marks, *self._read)))

    def fetch(self, first_frame: int, times: Sequence[float]) -> tuple[ReadRecord, ...]:
        """Return the records of the frames from `first_frame` on, whose `times` are in seconds.

        Waits for the device twice, however many frames there are.
        """
        if not self._lengths:
            return ()
        values, frames = iter(torch.cat(self._values).tolist()), iter(torch.cat(self._frames).tolist())
        found = []
        for frame, (time, (working, episodic)) in enumerate(zip(times, self._lengths, strict=True), first_frame):
            gate, share, similarity = (next(values) for _ in range(3))
            deleted, similar = (next(frames) for _ in range(2))
            found.append(
                ReadRecord(
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
