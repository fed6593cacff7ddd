"""The memory and the time that a model needs, by component."""

from __future__ import annotations

from dataclasses import dataclass

from .machine import Machine


@dataclass(frozen=True)
class Component:
    """One row of an estimate. `answering` marks a component that runs for a question, not for frames.

    `weights` are bytes of weights, `kept` bytes kept between calls, and `working` bytes of working memory. `operations`
    and `seconds` are totals. `seconds` is None where the machine's speed is unknown.
    """

    name: str
    weights: float = 0.0
    kept: float = 0.0
    working: float = 0.0
    operations: float = 0.0
    seconds: float | None = None
    answering: bool = False


@dataclass(frozen=True)
class Estimate:
    """All components in one mode. `tokens` is the longest sequence of the language model, `most_tokens` its limit."""

    mode: str
    components: tuple[Component, ...]
    tokens: int
    most_tokens: int | None
    machine: Machine
    frames: int

    @property
    def weights(self) -> float:
        """Bytes of all weights."""
        return sum(part.weights for part in self.components)

    @property
    def peak(self) -> float:
        """Bytes at most: weights and kept memory are always there; components run one after another."""
        kept = sum(part.kept for part in self.components)
        return self.machine.reserved + self.weights + kept + max(part.working for part in self.components)

    @property
    def too_long(self) -> bool:
        """Whether the sequence is longer than the language model's limit."""
        return self.most_tokens is not None and self.tokens > self.most_tokens

    @property
    def fits(self) -> bool:
        """Whether the sequence is short enough, and the memory of the machine large enough (or unknown)."""
        return not self.too_long and (self.machine.memory is None or self.peak <= self.machine.memory)

    @property
    def watching(self) -> float | None:
        """Seconds to watch all frames; None where the machine's speed is unknown."""
        return self._seconds(answering=False)

    @property
    def answering(self) -> float | None:
        """Seconds from the first question about the video to the end of its answer; None where unknown."""
        return self._seconds(answering=True)

    def _seconds(self, answering: bool) -> float | None:
        found = [part.seconds for part in self.components if part.answering == answering]
        return None if None in found else sum(value or 0.0 for value in found)
