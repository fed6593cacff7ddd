"""How a query names things, places relative to things, and where someone stands and looks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ..objects.frozen import FrozenRecord
from .words import THING, the_room

Extreme = Literal[
    "largest", "smallest", "tallest", "shortest", "longest", "widest", "narrowest", "roundest", "highest", "lowest"
]
SUPERLATIVES: tuple[tuple[str, Extreme], ...] = (
    ("largest|biggest", "largest"), ("smallest", "smallest"), ("tallest", "tallest"),
    ("shortest", "shortest"), ("longest", "longest"), ("widest|broadest", "widest"), ("narrowest", "narrowest"),
)  # fmt: skip
"""The words of questions for the one thing of several, as in "which chair is the tallest?"."""
Relative = Literal["on", "under", "above", "beside", "near", "inside", "between", "nearest_to", "farthest_from"]
RELATIVES: tuple[str, ...] = Relative.__args__


class Things(FrozenRecord):
    """A selection of things: each field that is set narrows it.

    `label` is a noun in the singular ("thing": of any kind). `side` is a direction from the query's viewpoint ("left",
    "back", "3 o'clock"). `order` counts by first sight: 1 the first, -1 the last.
    """

    label: str = THING
    colour: str | None = None
    size: Extreme | None = None
    room: str | None = None
    place: Place | None = None
    side: str | None = None
    order: int | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_label(cls, given: Any) -> Any:
        return {"label": given} if isinstance(given, str) else given

    @property
    def phrase(self) -> str:
        """The selection in words, without an article: "red chair in the kitchen"."""
        order = {None: "", 1: "first", 2: "second", 3: "third", -1: "last"}.get(self.order, f"{self.order}th")
        before = [order, self.size or "", self.colour or "", self.label]
        after = [f"in {the_room(self.room)}" if self.room else "", self.place.phrase if self.place else ""]
        side = {None: "", "front": "in front of you", "back": "behind you"}.get(self.side, f"to your {self.side}")
        return " ".join(part for part in (*before, *after, side) if part)


class Place(FrozenRecord):
    """A place relative to other things: on the table, between the bed and the desk."""

    kind: Relative
    to: Annotated[tuple[Things, ...], Field(min_length=1, max_length=2)]

    @property
    def phrase(self) -> str:
        """The place in words: "on the table"."""
        kind = {"beside": "next to", "nearest_to": "closest to", "farthest_from": "farthest from", "inside": "in"}
        return f"{kind.get(self.kind, self.kind)} {' and '.join(f'the {thing.phrase}' for thing in self.to)}"


class Viewpoint(FrozenRecord):
    """Someone's place and the direction they look in.

    Either the camera at a time (`seconds`, or `share` of the video's frames, 1 being the last), or someone `at` a
    thing, `facing` a thing. `cues` are things known to be on a side, which tell apart the places that are possible.
    """

    at: Things | None = None
    facing: Things | None = None
    cues: tuple[tuple[str, Things], ...] = ()
    seconds: Annotated[float, Field(ge=0.0)] | None = None
    share: Annotated[float, Field(ge=0.0, le=1.0)] | None = None

    @model_validator(mode="after")
    def _check(self) -> Viewpoint:
        if (self.at is None and self.facing is None) == (self.seconds is None and self.share is None):
            raise ValueError("a viewpoint is a time of the video, or a place by a thing or facing one")
        return self


Spot = Things | Viewpoint
"""A thing, or where someone is."""

NOW = Viewpoint(share=1.0)
"""The camera at the last frame."""


def things_in(record: FrozenRecord | dict[str, Any]) -> Iterator[Things]:
    """Yield all selections of things in a query, those inside others too."""
    if isinstance(record, Things):
        yield record
    yield from _things_among(record.values() if isinstance(record, dict) else dict(record).values())


def _things_among(values: Any) -> Iterator[Things]:
    for value in values:
        if isinstance(value, tuple):
            yield from _things_among(value)
        elif isinstance(value, FrozenRecord):
            yield from things_in(value)
