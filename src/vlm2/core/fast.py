"""Faster equivalents of the plain code. They have the same interface, and tests compare the results.

`writable` gives a record buffers of full size, which steps write in place. On a CPU, `attend_by_heads` and
`dot_products` replace one call of torch by smaller ones, whose operands stay in the processor's cache.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .slots import Columns, CopyOnWrite, Slots, Storage, at

CACHED = 2**19  # attention scores that stay in a processor's cache, in single precision
AT_ONCE = 4  # slots of a lower precision that are compared together, in one copy in single precision
Record = TypeVar("Record", bound=Slots)


@dataclass
class Buffers:
    """The columns, with room for the largest number of slots, and the number of writes so far."""

    columns: Columns
    writes: int = 0


@dataclass(frozen=True)
class InPlace:
    """Storage in buffers that are made once. The columns of a record are the used rows of the buffers.

    A write returns a new record over the same buffers, so the record before it must not be used any more. `writes` is
    the number of writes when the record was made; a record is out of date if the buffers have counted more.
    """

    buffers: Buffers
    writes: int = 0

    def append(self, columns: Columns, rows: Columns) -> tuple[Storage, Columns]:
        """Write into the next free row of every buffer."""
        storage, used = self._claimed(), columns["tokens"].shape[1]
        for name, row in rows.items():
            self.buffers.columns[name][:, used] = row
        return storage, _first(self.buffers.columns, used + 1)

    def overwrite(self, columns: Columns, slot: Int[Tensor, " batch"], rows: Columns) -> tuple[Storage, Columns]:
        """Write over the rows of a slot."""
        storage = self._claimed()
        for name, row in rows.items():
            columns[name].index_put_(at(slot), row.to(columns[name].dtype))
        return storage, {name: columns[name] for name in rows}

    def _claimed(self) -> InPlace:
        """Count one more write. Raises ValueError if the record is out of date, or if gradients are on."""
        if self.writes != self.buffers.writes:
            raise ValueError(
                "This state was used up by a later step, which wrote into its buffers. Go on from what that step "
                "returned, or make a copy with DualState.writable before stepping two ways from one state."
            )
        if torch.is_grad_enabled():
            raise ValueError(
                "A writable state carries no gradients. Step under torch.no_grad(), or train through a state from "
                "DualState.empty."
            )
        self.buffers.writes += 1
        return replace(self, writes=self.buffers.writes)


def writable(slots: Record, count: int) -> Record:
    """Return a copy in buffers for `count` slots, which are written in place."""
    buffers = {name: rows.new_empty(len(rows), count, *rows.shape[2:]) for name, rows in slots.columns().items()}
    for name, rows in slots.columns().items():
        buffers[name][:, : len(slots)] = rows
    return replace(slots, storage=InPlace(Buffers(buffers)), **_first(buffers, len(slots)))


def sealed(slots: Record) -> Record:
    """Return the record as a value: no later write changes it."""
    return replace(slots, storage=CopyOnWrite())


def _first(columns: Columns, slots: int) -> Columns:
    return {name: rows[:, :slots] for name, rows in columns.items()}


def attend_by_heads(
    queries: Float[Tensor, "batch heads patches head_dim"],
    keys: Float[Tensor, "batch heads tokens head_dim"],
    values: Float[Tensor, "batch heads tokens head_dim"],
) -> Float[Tensor, "batch heads patches head_dim"]:
    """Return scaled dot-product attention, computed for a few heads at a time, so that their scores stay in the cache.

    On a CPU this takes six sevenths of the time of torch's fused attention in single precision, and half of it in
    bfloat16 (`vlm2 bench memory` measures this). It carries no gradients.
    """
    batch, heads, patches, head_dim = queries.shape
    queries, keys, values = (x.to(queries.dtype).flatten(0, 1) for x in (queries * head_dim**-0.5, keys, values))
    together = 1  # in bfloat16 all cores share a head, which only `mm` does well
    if queries.dtype == torch.float32:  # a head a core, or as many as the cache holds
        fit = CACHED // (patches * keys.shape[1])
        together = min(max(torch.get_num_threads(), fit), len(queries))
    scores = queries.new_empty(together, patches, keys.shape[1])
    read = queries.new_empty(len(queries), patches, head_dim)
    for first in range(0, len(queries), together):
        some = first if together == 1 else slice(first, first + together)
        weights = scores[0] if together == 1 else scores[: min(together, len(queries) - first)]
        torch.matmul(queries[some], keys[some].mT, out=weights)
        torch.softmax(weights, dim=-1, out=weights)
        torch.matmul(weights, values[some], out=read[some])
    return read.unflatten(0, (batch, heads))


def dot_products(slots: Float[Tensor, "slots n"], entry: Float[Tensor, " n"]) -> Float[Tensor, " slots"]:
    """Return the dot product of every slot with an entry in single precision, computed in single precision."""
    if slots.dtype == torch.float32:
        return slots @ entry
    products, single = entry.new_empty(len(slots)), entry.new_empty(AT_ONCE, len(entry))
    for some, found in zip(slots.split(AT_ONCE), products.split(AT_ONCE), strict=True):
        torch.mv(single[: len(some)].copy_(some), entry, out=found)
    return products
