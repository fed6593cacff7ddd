"""What a session replies."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Evidence:
    """A frame that the answer looked at: its time in seconds, and its share of the attention (all shares add to 1)."""

    time: float
    weight: float


@dataclass(frozen=True)
class Answer:
    """An answer: its words, the frames it looked at (heaviest first), and the seconds it took.

    A frame's weight is the language model's attention, as it begins to answer, to the tokens of that frame's memory
    slot: the mean over layers and heads, without what goes to the words of the prompt. It tells where the model looked,
    not why it answered so.
    """

    text: str
    evidence: tuple[Evidence, ...]
    seconds: float
