"""Episodic memory E: a bank of at most L_e entries M, and the rules by which a full bank deletes one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from .configuration import EpisodicWrite
from .fast import dot_products
from .slots import Columns, Entry, Slots, at

TIE = 1e-6  # closer similarities count as equal, because single precision does not order them alike on all machines


class Deletion(NamedTuple):
    """The entry that a write deleted, and the other one of the most similar pair among those that the rule compares."""

    deleted_frame: Int[Tensor, " batch"]  # -1: none
    similar_frame: Int[Tensor, " batch"]  # -1: none
    similarity: Float[Tensor, " batch"]  # cosine; NaN: none

    @staticmethod
    def none(frames: Int[Tensor, " batch"]) -> Deletion:
        """Return the deletion of a write to a bank that is not full: none."""
        nobody = torch.full_like(frames, -1)
        return Deletion(nobody, nobody, torch.full_like(frames, torch.nan, dtype=torch.float32))


@dataclass(frozen=True)
class EpisodicMemory(Slots):
    """At most L_e entries M, with the keys and values that the episodic read attends to.

    `weights` is the number of frames that an entry stands for (more than 1 only after merging). `norms` are the L2
    norms of the entries. `similarity` is the table of their cosines; each write makes a new table, in which one row
    and column are new.
    """

    keys: Float[Tensor, "batch slots patches dim"]
    values: Float[Tensor, "batch slots patches dim"]
    weights: Float[Tensor, "batch slots"]
    norms: Float[Tensor, "batch slots"]
    similarity: Float[Tensor, "batch known known"]  # known: slots, except inside a write

    def columns(self) -> Columns:
        """Return the tensors that have one row per slot: all but the table of similarities."""
        return {name: column for name, column in super().columns().items() if name != "similarity"}

    def write(self, entry: Entry, capacity: int, rule: EpisodicWrite) -> tuple[EpisodicMemory, Deletion]:
        """Write M. A full bank first deletes one entry by `rule`, and M takes its slot. Return bank and deletion."""
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
        """Replace a slot's entry by the mean of it and the deleted entry, weighted by the frames they stand for.

        Keys and values are affine functions of the entry, so the mean of the keys is the key of the mean. The merged
        entry keeps frame, time, coordinates and pose of the newer one.
        """
        newer = self.row(slot)
        weights = older["weights"] + newer["weights"]
        share = (older["weights"] / weights)[:, None, None]
        mean = {n: torch.lerp(newer[n], older[n], share.to(newer[n].dtype)) for n in ("tokens", "keys", "values")}
        norm = _norm(mean["tokens"])
        merged = self.overwritten(slot, **mean, weights=weights, norms=norm)
        similarity = cosine(merged.tokens, merged.norms, mean["tokens"], norm)
        return replace(merged, similarity=_with_row(self.similarity, slot, similarity))


def _norm(tokens: Float[Tensor, "batch patches dim"]) -> Float[Tensor, " batch"]:
    """Return the L2 norm of each entry, flattened, in single precision."""
    return torch.stack([entry.norm() for entry in tokens.detach().float()])


def _bordered(table: Float[Tensor, "batch slots slots"], row: Float[Tensor, "batch slots"]) -> Tensor:
    """Append `row` to a table of similarities as its last row and column, with 1 in the corner."""
    last = torch.cat([row, row.new_ones(len(row), 1)], dim=1)
    return torch.cat([torch.cat([table, row[:, None]], dim=1), last[:, :, None]], dim=2)


def _with_row(
    table: Float[Tensor, "batch slots slots"], slot: Int[Tensor, " batch"], row: Float[Tensor, "batch slots"]
) -> Float[Tensor, "batch slots slots"]:
    """Replace one row, and the same column, of a symmetric table."""
    return table.index_put(at(slot), row).mT.index_put(at(slot), row).mT


def cosine(
    tokens: Float[Tensor, "batch slots patches dim"],
    norms: Float[Tensor, "batch slots"],
    entry: Float[Tensor, "batch patches dim"],
    norm: Float[Tensor, " batch"],
) -> Float[Tensor, "batch slots"]:
    """Return the cosine similarity in [-1, 1] of an entry to every slot, over all patches and channels flattened.

    It only chooses slots, so it carries no gradients. It is computed in single precision, because neighbouring frames
    differ only in late digits.
    """
    pairs = zip(tokens.detach().flatten(2), entry.detach().flatten(1).float(), strict=True)
    products = torch.stack([dot_products(slots, newcomer) for slots, newcomer in pairs])
    return products / (norms * norm[:, None]).clamp(min=torch.finfo(torch.float32).tiny)


def most_similar(similarity: Float[Tensor, "batch slots"], frames: Int[Tensor, "batch slots"]) -> Int[Tensor, " batch"]:
    """Return the slot of the highest similarity; on a tie the oldest."""
    return _oldest(similarity >= similarity.amax(1, keepdim=True) - TIE, frames)


def most_similar_pair(
    similarity: Float[Tensor, "batch slots slots"], frames: Int[Tensor, "batch slots"]
) -> tuple[Int[Tensor, " batch"], Int[Tensor, " batch"]]:
    """Return the older and the newer slot of the most similar pair; on a tie the pair with the oldest slot."""
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
    """Take the most similar pair of slots that follow each other in time. Return the one to delete, and the other.

    Each slot of the pair has an outer neighbour: the slot before the older one, and the slot after the newer one. The
    slot whose outer neighbour is closer in time is deleted, on a tie the older one, so the rest is spread more evenly.
    The first and the last slot have no outer neighbour and are kept. Of two slots in all, the first is deleted.
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
