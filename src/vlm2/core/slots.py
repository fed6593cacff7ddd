"""What a memory stores: entries, each with the frame and the time it comes from, and the two ways to write one.

A record is a value: writing returns a new record and leaves the old one as it was, so that a stream can be forked,
saved while it runs, or trained through. A record with `room` is written in place instead: its columns are the used rows
of buffers made once, and each write uses up the record it is given. `DualMemory.writable` makes such records for the
length of a run of frames, `DualState.sealed` ends it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import NamedTuple, TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

BOOKKEEPING = ("room", "writes")  # the fields of a record that hold no rows
Kind = TypeVar("Kind", bound="Slots")


class Entry(NamedTuple):
    """What one frame leaves in a memory. Keys and values are projected once, here, and never again."""

    tokens: Float[Tensor, "patches dim"]
    keys: Float[Tensor, "patches dim"]
    values: Float[Tensor, "patches dim"]
    frame: Int[Tensor, ""]
    time: Float[Tensor, ""]  # seconds


@dataclass
class Buffers:
    """The buffers of a record that is written in place: every column with rows to spare, and how often they changed."""

    columns: dict[str, Tensor]
    writes: int = 0


@dataclass(frozen=True)
class Slots:
    """Entries of a memory, in any order: a new one takes the place of one that was given up. `frames` orders them."""

    tokens: Float[Tensor, "slots patches dim"]
    frames: Int[Tensor, " slots"]
    times: Float[Tensor, " slots"]  # seconds
    room: Buffers | None = field(default=None, kw_only=True, repr=False, compare=False)
    writes: int = field(default=0, kw_only=True, repr=False, compare=False)  # of `room`, when this record was made

    def __len__(self) -> int:
        return self.tokens.shape[0]

    @classmethod
    def empty(cls, patches: int, dim: int, device: torch.device, dtype: torch.dtype) -> Slots:
        """Return a record without entries."""
        return Slots(
            tokens=torch.empty(0, patches, dim, device=device, dtype=dtype),
            frames=torch.empty(0, device=device, dtype=torch.long),
            times=torch.empty(0, device=device, dtype=torch.float32),
        )

    def columns(self) -> dict[str, Tensor]:
        """Return the tensors that have a row a slot."""
        return {column.name: getattr(self, column.name) for column in fields(self) if column.name not in BOOKKEEPING}

    def writable(self: Kind, slots: int) -> Kind:
        """Return a copy that has room for so many slots, to be written in place."""
        buffers = {name: rows.new_empty(slots, *rows.shape[1:]) for name, rows in self.columns().items()}
        for name, rows in self.columns().items():
            buffers[name][: len(self)] = rows
        return replace(self, room=Buffers(buffers), writes=0).first(len(self))

    def sealed(self: Kind) -> Kind:
        """Return the record as a value, which nothing writes into any more."""
        return replace(self, room=None, writes=0)

    def pushed(self: Kind, limit: int, **rows: Tensor) -> Kind:
        """Write an entry: into a new slot, or over the oldest entry where there are `limit` already."""
        if len(self) < limit:
            return self.appended(**rows)
        return self.overwritten(self.frames.argmin(keepdim=True), **rows)

    def appended(self: Kind, **rows: Tensor) -> Kind:
        """Write one row of every column into a new slot, the last."""
        if self.room is None:
            return replace(self, **{name: _appended(getattr(self, name), row) for name, row in rows.items()})
        grown = self._claimed(self.room)
        for name, row in rows.items():
            self.room.columns[name][len(self)] = row
        return grown.first(len(self) + 1)

    def overwritten(self: Kind, slot: Int[Tensor, " 1"], **rows: Tensor) -> Kind:
        """Write over a slot, in the columns given. The slot is known to the device only and is never fetched."""
        columns = {name: getattr(self, name) for name in rows}
        rows = {name: row[None].to(columns[name].dtype) for name, row in rows.items()}
        if self.room is None:
            return replace(self, **{name: columns[name].index_copy(0, slot, row) for name, row in rows.items()})
        changed = self._claimed(self.room)
        for name, row in rows.items():
            columns[name].index_copy_(0, slot, row)
        return changed

    def first(self: Kind, slots: int) -> Kind:
        """Return the first slots only."""
        columns = self.columns() if self.room is None else self.room.columns
        return replace(self, **{name: rows[:slots] for name, rows in columns.items()})

    def _claimed(self: Kind, room: Buffers) -> Kind:
        """Take the right to write into the room. Raises ValueError where a later record has it, or for training."""
        if self.writes != room.writes:
            raise ValueError(
                "This state was used up by a later step, which wrote into its buffers. Go on from what that step "
                "returned, or make a copy with DualMemory.writable before stepping two ways from one state."
            )
        if torch.is_grad_enabled():
            raise ValueError(
                "A writable state carries no gradients. Step under torch.no_grad(), or train through a state from "
                "DualMemory.empty."
            )
        room.writes += 1
        return replace(self, writes=room.writes)


def _appended(column: Tensor, row: Tensor) -> Tensor:
    """Append along the first axis. An empty column takes the row's dtype, which autocast may have chosen."""
    return row[None] if column.shape[0] == 0 else torch.cat([column, row[None]])


def context_slots(
    bank: Slots, recent: Slots
) -> tuple[Float[Tensor, "slots patches dim"], Int[Tensor, " slots"], Float[Tensor, " slots"]]:
    """Merge the bank's entries with the last M by time, each frame once: tokens, frame indices, times in seconds.

    Asks the device how many there are, so call it when a question comes, not at every frame.
    """
    fresh = ~torch.isin(recent.frames, bank.frames)
    frames = torch.cat([bank.frames, recent.frames[fresh]])
    order = frames.argsort()
    tokens = torch.cat([bank.tokens, recent.tokens[fresh]])[order]
    return tokens, frames[order], torch.cat([bank.times, recent.times[fresh]])[order]
