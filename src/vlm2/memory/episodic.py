"""Episodic memory E: a fixed bank of L_e memory tokens M, and the three rules by which a full bank gives one up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from .configuration import EpisodicWrite
from .slots import Entry, Slots, append


class Deletion(NamedTuple):
    """What a write gave up: a frame, the one to which it was most similar (the newcomer or another), and how similar."""

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
    """At most L_e entries, oldest first, with their keys and values, how many frames each stands for (more than 1 only
    after merging), and the cosine similarity of every two, kept up to date one row a write."""

    keys: Float[Tensor, "slots patches dim"]
    values: Float[Tensor, "slots patches dim"]
    weights: Float[Tensor, " slots"]
    similarity: Float[Tensor, "slots slots"]

    @classmethod
    def empty(cls, patches: int, dim: int, device: torch.device, dtype: torch.dtype) -> EpisodicMemory:
        """Return a bank without entries."""
        nothing = Slots.empty(patches, dim, device, dtype)
        return EpisodicMemory(
            **vars(nothing),
            keys=nothing.tokens,
            values=nothing.tokens,
            weights=nothing.times,
            similarity=torch.empty(0, 0, device=device),
        )

    def write(self, entry: Entry, capacity: int, rule: EpisodicWrite) -> tuple[EpisodicMemory, Deletion]:
        """Append M; a full bank gives one entry up for it. Also return what was given up.

        The newcomer itself always stays, so deleting before or after appending is the same; after is simpler.
        """
        full = len(self) >= capacity
        grown = self._with(entry)
        if not full:
            return grown, Deletion.none(entry.frame)
        if rule == "nearest":
            delete = grown.similarity[-1, :-1].argmax(keepdim=True)
            other = torch.full_like(delete, len(self))
        else:
            delete, other = most_similar_pair(grown.similarity)
        deletion = Deletion(grown.frames[delete][0], grown.frames[other][0], grown.similarity[delete, other][0])
        if rule == "merge":
            grown = grown._merged(delete, other)
        return grown._without(delete), deletion

    def _with(self, entry: Entry) -> EpisodicMemory:
        tokens = append(self.tokens, entry.tokens)
        row = cosine(tokens, entry.tokens)
        return EpisodicMemory(
            tokens=tokens,
            frames=append(self.frames, entry.frame),
            times=append(self.times, entry.time),
            keys=append(self.keys, entry.keys),
            values=append(self.values, entry.values),
            weights=append(self.weights, torch.ones_like(entry.time)),
            similarity=torch.cat([torch.cat([self.similarity, row[None, :-1]]), row[:, None]], dim=1),
        )

    def _without(self, slot: Int[Tensor, " 1"]) -> EpisodicMemory:
        rest = torch.arange(len(self) - 1, device=slot.device)
        rest = rest + (rest >= slot)
        kept = {name: stack[rest] for name, stack in vars(self).items()}
        return EpisodicMemory(**kept | {"similarity": self.similarity[rest][:, rest]})

    def _merged(self, older: Int[Tensor, " 1"], newer: Int[Tensor, " 1"]) -> EpisodicMemory:
        """Give the newer slot the mean of both, weighted by the frames they stand for. Keys and values are affine in
        the entry, so their mean is the mean's."""
        share = self.weights[older] / (self.weights[older] + self.weights[newer])

        def mean(stack: Tensor) -> Tensor:
            return stack.index_copy(
                0, newer, stack[newer] + share[:, None, None].to(stack.dtype) * (stack[older] - stack[newer])
            )

        tokens = mean(self.tokens)
        row = cosine(tokens, tokens[newer][0])[None]
        return EpisodicMemory(
            tokens=tokens,
            frames=self.frames,
            times=self.times,
            keys=mean(self.keys),
            values=mean(self.values),
            weights=self.weights.index_add(0, newer, self.weights[older]),
            similarity=self.similarity.index_copy(0, newer, row).index_copy(1, newer, row.T),
        )


def cosine(tokens: Float[Tensor, "slots patches dim"], entry: Float[Tensor, "patches dim"]) -> Float[Tensor, " slots"]:
    """Return the cosine similarity in [-1, 1] of an entry to every slot, over all patches and channels flattened.

    It chooses slots and is not trained through; in single precision, because neighbouring frames differ late.
    """
    flat = tokens.detach().flatten(1).float()
    return functional.cosine_similarity(flat, entry.detach().flatten().float()[None], dim=1)


def most_similar_pair(similarity: Float[Tensor, "slots slots"]) -> tuple[Int[Tensor, " 1"], Int[Tensor, " 1"]]:
    """Return the older and the newer slot of the most similar pair; of equal pairs the one with the oldest.

    Both as one-element vectors: indexing with a scalar tensor would fetch it to the host.
    """
    above = torch.ones_like(similarity, dtype=torch.bool).triu(1)
    best = similarity.masked_fill(~above, -torch.inf).argmax().reshape(1)
    return best // len(similarity), best % len(similarity)
