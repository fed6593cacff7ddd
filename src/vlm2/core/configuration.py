"""The switches of the dual memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

EpisodicWrite = Literal["nearest", "pair", "merge", "successive"]


@dataclass(frozen=True)
class MemoryConfig:
    """The switches of the dual memory. The defaults are ours; `MemoryConfig.paper` is Algorithm 1 as written.

    - `dim`: width of H and M.
    - `heads`: attention heads of both reads.
    - `window`: L_w, frames in the working memory; the paper's best is 8. It is not the window of the geometry encoder.
    - `capacity`: L_e, entries in the episodic memory (the bank); the paper's best is 32.
    - `working`, `episodic`: a memory that is off has no weights and is neither read nor written. With both off, M = H.
    - `episodic_write`: the rule that chooses the entry that a full bank deletes. Of equal similarities (within 1e-6) it
      takes that of the oldest entry or pair [choice].
      "nearest" [paper] deletes the entry that is most similar to the new one.
      "pair" deletes the older entry of the most similar pair; the new entry takes part.
      "merge" replaces that pair by its mean.
      "successive" takes the most similar pair of entries that follow each other in time. Each of the two has one more
      neighbour in time, outside the pair; the entry whose outer neighbour is closer in time is deleted, on a tie the
      older one.
    - `memory_residual`: on, M = H + g ⊙ read, with one g per channel, 0 at the start; off, M = read [paper].
    - `recent`: how many of the last M the language model sees beside the bank: at least L_w; None means L_w. If it is
      at least the number of frames, the language model sees the M of every frame.
    """

    dim: int
    heads: int
    window: int = 8
    capacity: int = 32
    working: bool = True
    episodic: bool = True
    episodic_write: EpisodicWrite = "successive"
    memory_residual: bool = True
    recent: int | None = None

    def __post_init__(self) -> None:
        if self.heads < 1 or self.dim % self.heads:
            raise ValueError(f"The memory's dim {self.dim} does not divide into {self.heads} heads; choose a divisor.")
        if self.window < 1 or self.capacity < 1:
            raise ValueError(
                f"The memory needs a window and a capacity of at least 1, not {self.window} and {self.capacity}. "
                "Turn a memory off with working=False or episodic=False."
            )
        if self.recent is not None and self.recent < self.window:
            raise ValueError(
                f"recent={self.recent} is less than the window of {self.window}; choose {self.window} or more, or None."
            )
        if self.episodic_write not in get_args(EpisodicWrite):
            raise ValueError(
                f"episodic_write={self.episodic_write!r} is not known; choose {', '.join(get_args(EpisodicWrite))}."
            )

    @property
    def shown(self) -> int:
        """How many of the last M the language model sees beside the bank: `recent`, or L_w if that is None."""
        return self.window if self.recent is None else self.recent

    @classmethod
    def paper(cls, dim: int, heads: int) -> MemoryConfig:
        """Return Algorithm 1 as the paper writes it."""
        return cls(dim=dim, heads=heads, episodic_write="nearest", memory_residual=False)
