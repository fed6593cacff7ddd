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
AT_ONCE = 4  # entries compared together, so that their copy in single precision stays in the cache


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
        """Add M; a full bank gives one entry up for it. Also return what was given up.

        The newcomer itself always stays, so deleting before or after adding is the same; after is simpler: for a moment
        there is one slot more, and the newcomer moves from there to the slot that was given up.
        """
        grown = self._with(entry)
        if len(self) < capacity:
            return grown, Deletion.none(entry.frame)
        if rule == "nearest":
            deleted = most_similar(grown.similarity[-1, :-1], self.frames)
            other = torch.full_like(deleted, len(self))
        elif rule == "successive":
            deleted, other = most_similar_successors(grown.similarity, grown.frames, grown.times)
        else:
            deleted, other = most_similar_pair(grown.similarity, grown.frames)
        similar = grown.similarity.index_select(0, deleted)[0].index_select(0, other)[0]
        deleted_frame, similar_frame = grown.frames.index_select(0, torch.cat([deleted, other]))
        event = Deletion(deleted_frame, similar_frame, similar)
        if rule == "merge":
            grown = grown._merged(deleted, other)
        return grown._last_moved_to(deleted), event

    def _with(self, entry: Entry) -> EpisodicMemory:
        norm = entry.tokens.detach().float().norm()
        grown = self.appended(
            tokens=entry.tokens,
            frames=entry.frame,
            times=entry.time,
            keys=entry.keys,
            values=entry.values,
            weights=torch.ones_like(entry.time),
            norms=norm,
        )
        row = cosine(grown.tokens, grown.norms, entry.tokens, norm)
        table = torch.cat([torch.cat([self.similarity, row[None, :-1]]), row[:, None]], dim=1)
        return replace(grown, similarity=table)

    def _merged(self, older: Int[Tensor, " 1"], newer: Int[Tensor, " 1"]) -> EpisodicMemory:
        """Give the newer slot the mean of both, weighted by the frames they stand for. Keys and values are affine in
        the entry, so their mean is the mean's."""
        share = (self.weights[older] / (self.weights[older] + self.weights[newer]))[:, None]

        def mean(column: Tensor) -> Float[Tensor, "patches dim"]:
            return torch.lerp(column[newer][0], column[older][0], share.to(column.dtype))

        tokens = mean(self.tokens)
        norm = tokens.detach().float().norm()
        merged = self.overwritten(
            newer,
            tokens=tokens,
            keys=mean(self.keys),
            values=mean(self.values),
            weights=(self.weights[older] + self.weights[newer])[0],
            norms=norm,
        )
        row = cosine(merged.tokens, merged.norms, tokens, norm)
        return replace(merged, similarity=_with_row(self.similarity, newer, row))

    def _last_moved_to(self, slot: Int[Tensor, " 1"]) -> EpisodicMemory:
        """Move the last entry into a slot that was given up, an earlier one."""
        left = len(self) - 1
        moved = self.first(left).overwritten(slot, **{name: column[left] for name, column in self.columns().items()})
        row = self.similarity[left]
        table = _with_row(self.similarity, slot, row.index_copy(0, slot, row[left:]))  # like itself where it goes
        return replace(moved, similarity=table[:left, :left])


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
    products = torch.cat([some.float() @ asked for some in flat.split(AT_ONCE)])
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
