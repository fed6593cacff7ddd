"""The result of a query: a value with its unit, certainty and keyframes; or the reason why there is none."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .frozen import FrozenRecord
from .track import Share, TrackView

Status = Literal["ok", "not_seen", "unknown_label", "ambiguous", "unsupported", "unsure", "guess"]
Answered = bool | int | float | str | tuple[str, ...]

DECIMALS = {"m": 2, "feet": 1, "yards": 1, "m²": 1, "s": 1}  # of a number in this unit; others are whole


class Result(FrozenRecord):
    """The result of a query on a map.

    `value` may be set without status "ok": 0 for things that were not seen, the likeliest value if ambiguous. With
    "unsure", something was seen that may be what was asked for, but not for sure; a "guess" rests on such a thing
    (`ObjectMap.possible`).
    `uncertainty` is the half-width of the 90 % interval, in the unit. `tracks` are ids, `frames` the keyframes that
    show them best. `sentence` is the answer or the reason in words. `option` is the letter of the option that the
    value stands for. `query` is the compact call.
    """

    status: Status
    value: Answered | None = None
    unit: str | None = None
    uncertainty: Annotated[float, Field(ge=0.0)] | None = None
    confidence: Share = 0.0
    tracks: tuple[int, ...] = ()
    frames: tuple[TrackView, ...] = ()
    sentence: str = ""
    option: str | None = None
    query: str | None = None

    @property
    def text(self) -> str:
        """The answer as a benchmark scores it: a letter where there are options, a number, words, or nothing."""
        return self.option or words(self.value, self.unit)


def words(value: Answered | None, unit: str | None = None) -> str:
    """Return a value as text: "yes", "3", "1.42", "chair, table"."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.{DECIMALS.get(unit or '', 0)}f}"
    return ", ".join(value) if isinstance(value, tuple) else str(value)
