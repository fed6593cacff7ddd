"""The slots of a memory: one for each stored frame, with everything that belongs to the frame.

A record of slots is a value: a write returns a new record and does not change the old one. So a stream can be forked,
saved while it runs, and trained through. If no gradients are needed, `fast` keeps the same columns in buffers and
writes them in place. The rules of the memories do not depend on this.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

Columns = dict[str, Tensor]
Record = TypeVar("Record", bound="Slots")


class FramePlacement(NamedTuple):
    """When and where one frame of each video of a batch was seen.

    The stream's world is the camera frame of its first frame, in metres if the geometry is metric. Coordinates and
    poses are in this world. Unknown ones are NaN.
    """

    frames: Int[Tensor, " batch"]  # index in the stream
    times: Float[Tensor, " batch"]  # seconds
    coordinates: Float[Tensor, "batch patches 3"]  # C
    world_from_camera: Float[Tensor, "batch 4 4"]

    @staticmethod
    def of(
        tokens_3d: Float[Tensor, "batch patches dim"],
        frame: int,
        time: float | Float[Tensor, " batch"],
        coordinates: Float[Tensor, "batch patches 3"] | None = None,
        world_from_camera: Float[Tensor, "batch 4 4"] | None = None,
    ) -> FramePlacement:
        """Return the placement of a frame with these tokens, on their device."""
        batch, patches, _ = tokens_3d.shape
        placed = {"device": tokens_3d.device, "dtype": torch.float32}
        return FramePlacement(
            torch.full((batch,), frame, device=tokens_3d.device),
            time if isinstance(time, Tensor) else torch.full((batch,), time, **placed),
            torch.full((batch, patches, 3), torch.nan, **placed) if coordinates is None else coordinates,
            torch.full((batch, 4, 4), torch.nan, **placed) if world_from_camera is None else world_from_camera,
        )


class Entry(NamedTuple):
    """One frame that is written to a memory. Its keys and values are computed here once, not at each read."""

    tokens: Float[Tensor, "batch patches dim"]
    keys: Float[Tensor, "batch patches dim"]
    values: Float[Tensor, "batch patches dim"]
    placement: FramePlacement

    def rows(self) -> Columns:
        """Return one row for each column of a record, by the column's name."""
        return {"tokens": self.tokens, "keys": self.keys, "values": self.values, **self.placement._asdict()}


@runtime_checkable
class Storage(Protocol):
    """How the columns of a record are written.

    `slot` is a tensor with one slot index per video of the batch. It stays on the device; a write does not wait for it.
    """

    def append(self, columns: Columns, rows: Columns) -> tuple[Storage, Columns]:
        """Write one row of every column into a new last slot. Return all columns."""
        ...

    def overwrite(self, columns: Columns, slot: Int[Tensor, " batch"], rows: Columns) -> tuple[Storage, Columns]:
        """Write rows over a slot, in the given columns only. Return these columns."""
        ...


class CopyOnWrite:
    """Storage that makes new columns at each write and does not change the old ones."""

    def append(self, columns: Columns, rows: Columns) -> tuple[Storage, Columns]:
        """Concatenate. An empty column takes the dtype of the row, because autocast may have chosen it."""
        return self, {
            name: row[:, None] if columns[name].shape[1] == 0 else torch.cat([columns[name], row[:, None]], dim=1)
            for name, row in rows.items()
        }

    def overwrite(self, columns: Columns, slot: Int[Tensor, " batch"], rows: Columns) -> tuple[Storage, Columns]:
        """Copy the columns, with new rows in one slot."""
        return self, {
            name: columns[name].index_put(at(slot), row.to(columns[name].dtype)) for name, row in rows.items()
        }


@dataclass(frozen=True)
class Slots:
    """The slots of a memory. They are not in order of time, because a new entry takes the slot of a deleted one; the
    frame indices give the order."""

    tokens: Float[Tensor, "batch slots patches dim"]
    frames: Int[Tensor, "batch slots"]  # indices in the stream
    times: Float[Tensor, "batch slots"]  # seconds
    coordinates: Float[Tensor, "batch slots patches 3"]  # C
    world_from_camera: Float[Tensor, "batch slots 4 4"]
    storage: Storage = field(default_factory=CopyOnWrite, kw_only=True, repr=False, compare=False)

    def __len__(self) -> int:
        return self.tokens.shape[1]

    @classmethod
    def empty(cls: type[Record], tokens_3d: Float[Tensor, "batch ... patches dim"]) -> Record:
        """Return a record without entries, for frames of this shape, dtype and device."""
        batch, (patches, dim) = len(tokens_3d), tokens_3d.shape[-2:]
        single = tokens_3d.new_empty(batch, 0, dtype=torch.float32)
        columns = {
            "frames": single.long(),
            "coordinates": single.new_empty(batch, 0, patches, 3),
            "world_from_camera": single.new_empty(batch, 0, 4, 4),
            **{name: tokens_3d.new_empty(batch, 0, patches, dim) for name in ("tokens", "keys", "values")},
            "similarity": single.new_empty(batch, 0, 0),
        }
        tensors: dict[str, Any] = {name: columns.get(name, single) for name in cls.tensor_names()}
        return cls(**tensors)

    @classmethod
    def tensor_names(cls) -> list[str]:
        """Return the names of the tensors of a record."""
        return [column.name for column in fields(cls) if column.name != "storage"]

    def columns(self) -> Columns:
        """Return the tensors that have one row per slot, by name."""
        return {name: getattr(self, name) for name in self.tensor_names()}

    def pushed(self: Record, limit: int, **rows: Tensor) -> Record:
        """Write an entry into a new slot, or over the oldest entry if there are `limit` slots already."""
        if len(self) < limit:
            return self.appended(**rows)
        return self.overwritten(self.frames.argmin(dim=1), **rows)

    def appended(self: Record, **rows: Tensor) -> Record:
        """Write one row of every column into a new last slot."""
        storage, columns = self.storage.append(self.columns(), rows)
        return replace(self, storage=storage, **columns)

    def overwritten(self: Record, slot: Int[Tensor, " batch"], **rows: Tensor) -> Record:
        """Write over a slot, in the given columns only."""
        storage, columns = self.storage.overwrite(self.columns(), slot, rows)
        return replace(self, storage=storage, **columns)

    def row(self, slot: Int[Tensor, " batch"]) -> Columns:
        """Return a copy of one slot's row of every column."""
        return {name: column[at(slot)] for name, column in self.columns().items()}

    def moved(self: Record, new_from_old: Float[Tensor, "slots 4 4"]) -> Record:
        """Apply a rigid motion to coordinates and pose of each slot of one video (a batch of 1). Tokens stay."""
        points, poses = self.coordinates[0], self.world_from_camera[0]
        places = [c @ move[:3, :3].mT + move[:3, 3] for c, move in zip(points, new_from_old, strict=True)]
        if not places:
            return self
        return replace(self, coordinates=torch.stack(places)[None], world_from_camera=(new_from_old @ poses)[None])


def at(slot: Int[Tensor, " batch"]) -> tuple[Int[Tensor, " batch"], Int[Tensor, " batch"]]:
    """Return the index that selects one slot of each video of a batch."""
    return torch.arange(len(slot), device=slot.device), slot
