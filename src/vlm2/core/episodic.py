"""Episodic memory E: a fixed bank of L_e memory tokens M, and the rules by which a full bank gives one up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from .configuration import EpisodicWrite
from .slots import Entry, Slots

TIE = 1e-6  # similarities closer than this are equal: single precision does not tell them apart on every machine
AT_ONCE = 4  # entries of a lower precision compared together, in one copy in single precision that stays in the cache


class Deletion(NamedTuple):
    """What a write gave up: a frame, the one to which it was most similar (the newcomer or another), and how much."""

    deleted_frame: Int[Tensor, ""]  # -1: none
    similar_frame: Int[Tensor, ""]  # -1: none
    similarity: Float[Tensor, ""]  # cosine; NaN: none

    @staticmethod
    def none(frame: Int[Tensor, ""]) -> Deletion:
        """Return what a write gives up where there is room."""
        nobody = torch.full_like(frame, -1)
        return Deletion(nobody, nobody, torch.full_like(frame, torch.nan, dtype=torch.float32))


@dataclass(frozen=True)
class EpisodicMemory(Slots):
    """At most L_e entries with their keys and values, how many frames each stands for (more than 1 only after merging),
    their lengths, and the cosine similarity of every two: a small table, made anew with one new row a write."""

    keys: Float[Tensor, "slots patches dim"]
    values: Float[Tensor, "slots patches dim"]
    weights: Float[Tensor, " slots"]
    norms: Float[Tensor, " slots"]
    similarity: Float[Tensor, "known known"]  # within a write, of one slot fewer than there are

    @classmethod
    def empty(cls, patches: int, dim: int, device: torch.device, dtype: torch.dtype) -> EpisodicMemory:
        """Return a bank without entries."""
        nothing = Slots.empty(patches, dim, device, dtype)
        return EpisodicMemory(
            tokens=nothing.tokens,
            frames=nothing.frames,
            times=nothing.times,
            keys=nothing.tokens,
            values=nothing.tokens,
            weights=nothing.times,
            norms=nothing.times,
            similarity=torch.empty(0, 0, device=device),
        )

    def columns(self) -> dict[str, Tensor]:
        """Return the tensors that have a row a slot; the table of similarities is not one."""
        return {name: column for name, column in super().columns().items() if name != "similarity"}

    def write(self, entry: Entry, capacity: int, rule: EpisodicWrite) -> tuple[EpisodicMemory, Deletion]:
        """Add M; a full bank gives one entry up for it, and M takes its slot. Also return what was given up."""
        norm = entry.tokens.detach().float().norm()
        row = cosine(self.tokens, self.norms, entry.tokens, norm)
        table = _bordered(self.similarity, row)
        if len(self) < capacity:
            return replace(self.appended(**_row(entry, norm)), similarity=table), Deletion.none(entry.frame)
        frames = torch.cat([self.frames, entry.frame[None]])
        if rule == "nearest":
            deleted = most_similar(row, self.frames)
            other = torch.full_like(deleted, len(self))  # the newcomer
        elif rule == "successive":
            times = torch.cat([self.times, entry.time[None]])
            deleted, other = most_similar_successors(table, frames, times)
        else:
            deleted, other = most_similar_pair(table, frames)
        similar = table.index_select(0, deleted)[0].index_select(0, other)[0]
        deleted_frame, similar_frame = frames.index_select(0, torch.cat([deleted, other]))
        given_up = self.at(deleted) if rule == "merge" else {}
        row = row.index_fill(0, deleted, 1.0)  # the newcomer's with itself
        written = self.overwritten(deleted, **_row(entry, norm))
        written = replace(written, similarity=_with_row(self.similarity, deleted, row))
        if rule == "merge":
            written = written._merged(torch.where(other == len(self), deleted, other), given_up)
        return written, Deletion(deleted_frame, similar_frame, similar)

    def at(self, slot: Int[Tensor, " 1"]) -> dict[str, Tensor]:
        """Return a copy of one slot's row of every column."""
        return {name: column.index_select(0, slot)[0] for name, column in self.columns().items()}

    def _merged(self, slot: Int[Tensor, " 1"], older: dict[str, Tensor]) -> EpisodicMemory:
        """Give a slot the mean of itself and of what was given up, weighted by the frames they stand for. Keys and
        values are affine in the entry, so their mean is the mean's."""
        newer = self.at(slot)
        share = older["weights"] / (older["weights"] + newer["weights"])

        def mean(name: str) -> Float[Tensor, "patches dim"]:
            return torch.lerp(newer[name], older[name], share.to(newer[name].dtype))

        tokens = mean("tokens")
        norm = tokens.detach().float().norm()
        merged = self.overwritten(
            slot,
            tokens=tokens,
            keys=mean("keys"),
            values=mean("values"),
            weights=older["weights"] + newer["weights"],
            norms=norm,
        )
        row = cosine(merged.tokens, merged.norms, tokens, norm)
        return replace(merged, similarity=_with_row(self.similarity, slot, row))


def _row(entry: Entry, norm: Float[Tensor, ""]) -> dict[str, Tensor]:
    """Name what a slot holds of an entry that stands for its one frame."""
    return {
        "tokens": entry.tokens,
        "frames": entry.frame,
        "times": entry.time,
        "keys": entry.keys,
        "values": entry.values,
        "weights": torch.ones_like(entry.time),
        "norms": norm,
    }


def _bordered(table: Float[Tensor, "slots slots"], row: Float[Tensor, " slots"]) -> Tensor:
    """Return a table of similarities with one more row and column, the last: `row`, and 1 in the corner."""
    last = torch.cat([row, row.new_ones(1)])
    return torch.cat([torch.cat([table, row[None]]), last[:, None]], dim=1)


def _with_row(table: Float[Tensor, "slots slots"], slot: Int[Tensor, " 1"], row: Float[Tensor, " slots"]) -> Tensor:
    """Return a symmetric table with another row, which is another column too."""
    return table.index_copy(0, slot, row[None]).index_copy(1, slot, row[:, None])


def cosine(
    tokens: Float[Tensor, "slots patches dim"],
    norms: Float[Tensor, " slots"],
    entry: Float[Tensor, "patches dim"],
    norm: Float[Tensor, ""],
) -> Float[Tensor, " slots"]:
    """Return the cosine similarity in [-1, 1] of an entry to every slot, over all patches and channels flattened.

    It chooses slots and is not trained through; in single precision, because neighbouring frames differ late.
    """
    flat, asked = tokens.detach().flatten(1), entry.detach().flatten().float()
    if flat.dtype == torch.float32:
        products = flat @ asked
    else:
        products, single = asked.new_empty(len(flat)), asked.new_empty(AT_ONCE, len(asked))
        for some, found in zip(flat.split(AT_ONCE), products.split(AT_ONCE), strict=True):
            torch.mv(single[: len(some)].copy_(some), asked, out=found)
    return products / (norms * norm).clamp(min=torch.finfo(torch.float32).tiny)


def most_similar(similarity: Float[Tensor, " slots"], frames: Int[Tensor, " slots"]) -> Int[Tensor, " 1"]:
    """Return the most similar slot; of equals the oldest. A vector: a scalar index would be fetched to the host."""
    return _oldest(similarity >= similarity.max() - TIE, frames)


def most_similar_pair(
    similarity: Float[Tensor, "slots slots"], frames: Int[Tensor, " slots"]
) -> tuple[Int[Tensor, " 1"], Int[Tensor, " 1"]]:
    """Return the older and the newer slot of the most similar pair; of equal pairs the one with the oldest."""
    in_order = frames[:, None] < frames[None]  # every pair once
    similarity = similarity.masked_fill(~in_order, -torch.inf)
    best = similarity >= similarity.max() - TIE
    older = _oldest(best.any(1), frames)
    return older, _oldest(best.index_select(0, older)[0], frames)


def most_similar_successors(
    similarity: Float[Tensor, "slots slots"], frames: Int[Tensor, " slots"], times: Float[Tensor, " slots"]
) -> tuple[Int[Tensor, " 1"], Int[Tensor, " 1"]]:
    """Return of the most similar two slots that follow each other in time the one to delete, and the other.

    That is the one whose neighbour on its other side is nearer in time, so that what is left lies more evenly. The
    first and the last slot have no such neighbour and stay: the start of the stream, and the newcomer.
    """
    order = frames.argsort()
    following = similarity.index_select(0, order).index_select(1, order).diagonal(1)
    older = _oldest(following >= following.max() - TIE, torch.arange(len(following), device=order.device))
    outside = torch.full_like(times[:1], torch.inf)
    gaps = torch.cat([outside, times.index_select(0, order).diff(), outside])  # gaps[i] lies before the i-th slot
    keep_newer = gaps.index_select(0, older) <= gaps.index_select(0, older + 2)
    newer = older + 1
    deleted, other = torch.where(keep_newer, older, newer), torch.where(keep_newer, newer, older)
    return order.index_select(0, deleted), order.index_select(0, other)


def _oldest(among: Bool[Tensor, " slots"], frames: Int[Tensor, " slots"]) -> Int[Tensor, " 1"]:
    return frames.masked_fill(~among, torch.iinfo(frames.dtype).max).argmin(keepdim=True)
