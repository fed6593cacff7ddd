"""What a session replies."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Evidence:
    """A frame that the answer rested on: its time in seconds, and its weight (all weights of an answer add to 1)."""

    time: float
    weight: float


@dataclass(frozen=True)
class Answer:
    """An answer: its words, the frames it rested on (heaviest first), and the seconds it took.

    The weights are the language model's attention to the memory's slots, as far as this question draws more of it than
    a neutral one, carried back through the memory's reads to the frames that the slots were made of (`docs/memory.md`
    has the formula). They tell where the model looked, not why it answered so. `prefilled` is how many tokens the
    language model had to read before the first word: on an unchanged memory those of the question alone. `recalled` is
    what followed for the question from where and when its things were seen, and was told to the language model, which
    mostly repeats it; None where nothing followed (`vlm2.models.recall`).
    """

    text: str
    evidence: tuple[Evidence, ...]
    seconds: float
    prefilled: int = 0
    recalled: str | None = None
