"""Episodic memory E: a fixed bank of L_e memory tokens M, and the rules by which a full bank deletes one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from .configuration import EpisodicWrite
from .fast import dot_products
from .slots import Columns, Entry, Slots, at

TIE = 1e-6  # similarities closer than this are equal: single precision does not tell them apart on every machine


class Deletion(NamedTuple):
    """The entry that a write deleted, and the entry that it was most similar to (the newcomer or another)."""

    deleted_frame: Int[Tensor, " batch"]  # -1: none
    similar_frame: Int[Tensor, " batch"]  # -1: none
    similarity: Float[Tensor, " batch"]  # cosine; NaN: none

    @staticmethod
    def none(frames: Int[Tensor, " batch"]) -> Deletion:
        """Return what a write deletes while the bank is not full."""
        nobody = torch.full_like(frames, -1)
        return Deletion(nobody, nobody, torch.full_like(frames, torch.nan, dtype=torch.float32))


@dataclass(frozen=True)
class EpisodicMemory(Slots):
    """At most L_e entries M, with the keys and values that the episodic read attends to.

    `weights` counts the frames that an entry stands for (more than 1 only after merging), `norms` are the lengths of
    entries, and `similarity` is the table of their cosines. Each write makes the table anew with one new row.
    """

    keys: Float[Tensor, "batch slots patches dim"]
    values: Float[Tensor, "batch slots patches dim"]
    weights: Float[Tensor, "batch slots"]
    norms: Float[Tensor, "batch slots"]
    similarity: Float[Tensor, "batch known known"]  # within a write, of one slot fewer than there are

    def columns(self) -> Columns:
        """Return the tensors that have a row a slot; the table of similarities is not one."""
        return {name: column for name, column in super().columns().items() if name != "similarity"}

    def write(self, entry: Entry, capacity: int, rule: EpisodicWrite) -> tuple[EpisodicMemory, Deletion]:
        """Add M. A full bank deletes one entry, and M takes its slot. Return the bank and the deletion."""
        norm, placement = _norm(entry.tokens), entry.placement
        rows = {**entry.rows(), "weights": torch.ones_like(placement.times), "norms": norm}
        similarity = cosine(self.tokens, self.norms, entry.tokens, norm)
        table = _bordered(self.similarity, similarity)
        if len(self) < capacity:
            return replace(self.appended(**rows), similarity=table), Deletion.none(placement.frames)
        frames = torch.cat([self.frames, placement.frames[:, None]], dim=1)
        newcomer = torch.full_like(placement.frames, len(self))
        if rule == "nearest":
            deleted, other = most_similar(similarity, self.frames), newcomer
        elif rule == "successive":
            times = torch.cat([self.times, placement.times[:, None]], dim=1)
            deleted, other = most_similar_successors(table, frames, times)
        else:
            deleted, other = most_similar_pair(table, frames)
        deletion = Deletion(frames[at(deleted)], frames[at(other)], table[at(deleted)][at(other)])
        older = self.row(deleted) if rule == "merge" else {}
        similarity = similarity.index_put(at(deleted), similarity.new_ones(()))  # the newcomer's with itself
        table = _with_row(self.similarity, deleted, similarity)
        written = replace(self.overwritten(deleted, **rows), similarity=table)
        if rule == "merge":
            written = written._merged(torch.where(other == newcomer, deleted, other), older)
        return written, deletion

    def _merged(self, slot: Int[Tensor, " batch"], older: Columns) -> EpisodicMemory:
        """Give a slot the mean of itself and of the deleted entry, weighted by the frames they stand for. Keys and
        values are affine in the entry, so their mean is the mean's. Place and time stay those of the newer one."""
        newer = self.row(slot)
        weights = older["weights"] + newer["weights"]
        share = (older["weights"] / weights)[:, None, None]
        mean = {
            name: torch.lerp(newer[name], older[name], share.to(newer[name].dtype))
            for name in ("tokens", "keys", "values")
        }
        norm = _norm(mean["tokens"])
        merged = self.overwritten(slot, **mean, weights=weights, norms=norm)
        similarity = cosine(merged.tokens, merged.norms, mean["tokens"], norm)
        return replace(merged, similarity=_with_row(self.similarity, slot, similarity))


def _norm(tokens: Float[Tensor, "batch patches dim"]) -> Float[Tensor, " batch"]:
    """Return the length of each entry, flattened, in single precision."""
    return torch.stack([entry.norm() for entry in tokens.detach().float()])


def _bordered(table: Float[Tensor, "batch slots slots"], row: Float[Tensor, "batch slots"]) -> Tensor:
    """Return a table of similarities with one more row and column, the last: `row`, and 1 in the corner."""
    last = torch.cat([row, row.new_ones(len(row), 1)], dim=1)
    return torch.cat([torch.cat([table, row[:, None]], dim=1), last[:, :, None]], dim=2)


def _with_row(
    table: Float[Tensor, "batch slots slots"], slot: Int[Tensor, " batch"], row: Float[Tensor, "batch slots"]
) -> Float[Tensor, "batch slots slots"]:
    """Return a symmetric table with another row, which is another column too."""
    return table.index_put(at(slot), row).mT.index_put(at(slot), row).mT


def cosine(
    tokens: Float[Tensor, "batch slots patches dim"],
    norms: Float[Tensor, "batch slots"],
    entry: Float[Tensor, "batch patches dim"],
    norm: Float[Tensor, " batch"],
) -> Float[Tensor, "batch slots"]:
    """Return the cosine similarity in [-1, 1] of an entry to every slot, over all patches and channels flattened.

    It chooses slots and is not trained through; in single precision, because neighbouring frames differ late.
    """
    pairs = zip(tokens.detach().flatten(2), entry.detach().flatten(1).float(), strict=True)
    products = torch.stack([dot_products(slots, newcomer) for slots, newcomer in pairs])
    return products / (norms * norm[:, None]).clamp(min=torch.finfo(torch.float32).tiny)


def most_similar(similarity: Float[Tensor, "batch slots"], frames: Int[Tensor, "batch slots"]) -> Int[Tensor, " batch"]:
    """Return the most similar slot; of equals the oldest."""
    return _oldest(similarity >= similarity.amax(1, keepdim=True) - TIE, frames)


def most_similar_pair(
    similarity: Float[Tensor, "batch slots slots"], frames: Int[Tensor, "batch slots"]
) -> tuple[Int[Tensor, " batch"], Int[Tensor, " batch"]]:
    """Return the older and the newer slot of the most similar pair; of equal pairs the one with the oldest."""
    in_order = frames[:, :, None] < frames[:, None]  # every pair once
    similarity = similarity.masked_fill(~in_order, -torch.inf)
    best = similarity >= similarity.amax((1, 2), keepdim=True) - TIE
    older = _oldest(best.any(2), frames)
    return older, _oldest(best[at(older)], frames)


def most_similar_successors(
    similarity: Float[Tensor, "batch slots slots"],
    frames: Int[Tensor, "batch slots"],
    times: Float[Tensor, "batch slots"],
) -> tuple[Int[Tensor, " batch"], Int[Tensor, " batch"]]:
    """Return of the most similar two slots that follow each other in time the one to delete, and the other.

    That is the one whose neighbour on its other side is nearer in time, so that what is left lies more evenly. The
    first and the last slot have no such neighbour and stay: the start of the stream, and the newcomer.
    """
    order = frames.argsort(dim=1)
    rows = torch.arange(len(order), device=order.device)[:, None]
    following = similarity[rows, order[:, :-1], order[:, 1:]]
    numbers = torch.arange(following.shape[1], device=order.device).expand_as(following)
    older = _oldest(following >= following.amax(1, keepdim=True) - TIE, numbers)
    outside = torch.full_like(times[:, :1], torch.inf)
    gaps = torch.cat([outside, times[rows, order].diff(dim=1), outside], dim=1)  # gaps[i] lies before the i-th slot
    newer = older + 1
    keep_newer = gaps[at(older)] <= gaps[at(older + 2)]
    deleted, other = torch.where(keep_newer, older, newer), torch.where(keep_newer, newer, older)
    return order[at(deleted)], order[at(other)]


def _oldest(among: Bool[Tensor, "batch slots"], frames: Int[Tensor, "batch slots"]) -> Int[Tensor, " batch"]:
    return frames.masked_fill(~among, torch.iinfo(frames.dtype).max).argmin(dim=1)
