"""The answers of a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..encoders.runtime import Runtime
from ..objects.result import Answered, Status

Source = Literal["objects", "tokens", "vlm"]


@dataclass(frozen=True)
class Evidence:
    """A frame that the answer rested on: its time in seconds, and its weight (all weights of an answer add to 1)."""

    time: float
    weight: float


@dataclass(frozen=True)
class Answer:
    """An answer: its words, the frames it rested on (heaviest first), and the seconds it took.

    The weights of the evidence come from the language model's attention to the memory's slots. They measure how far it
    rises over that of a reference question. This rise is carried back through the memory's reads to the frames that the
    slots were made of (`streaming/evidence.py` has the formula). The weights show where the model looked, not why it
    gave this answer.

    `prefilled` counts the tokens that the language model read before the first word; on an unchanged memory these are
    the question's own.

    `source` is "objects" if a query on the object memory answered, "vlm" if the vision-language model named in `vlm`
    did, else "tokens". `status` is that of the query's result, and "guess" for every answer of a language model.
    `sentence` is for people. `value`, `unit`, `uncertainty` (half of the 90 % interval), `confidence` (0–1), `query`
    and `tracks` (the numbers of the things that it rests on) are the result's. The evidence of an answer from objects
    is the keyframes that show them, weighted by their share of the image; that of an answer from a vision-language
    model is the frames that it was shown, all of one weight.

    `seen_until` is the time in seconds of the last frame that the memory had taken in, and `runtime` the program that
    computed the vision encoder and our detector for it.
    """

    text: str
    evidence: tuple[Evidence, ...]
    seconds: float
    prefilled: int = 0
    source: Source = "tokens"
    status: Status = "guess"
    sentence: str = ""
    value: Answered | None = None
    unit: str | None = None
    uncertainty: float | None = None
    confidence: float | None = None
    query: str | None = None
    tracks: tuple[int, ...] = ()
    vlm: str | None = None
    seen_until: float = 0.0
    runtime: Runtime = "torch"
