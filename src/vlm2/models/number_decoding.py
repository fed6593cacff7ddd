"""Numbers that a model means rather than the digits it says first.

A language model says a number digit by digit. Where it is unsure, the likeliest first digit need not belong to a good
answer: of a distance that lies anywhere between 1 and 8 metres, "1" is the commonest first digit, and 1.8 m a poor
guess. So the likely numbers are all followed to their ends, and the one is said that is expected to come nearest
(minimum Bayes risk; regression-aware inference, Lukasik et al., arXiv 2403.04182).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

LEAST_PROBABILITY = 2e-3
"""Beginnings of a number that are less likely than this are not followed further."""
MOST_BRANCHES = 32
MOST_TOKENS = 6
NUMBER = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True)
class Branch:
    """The beginning of a number: its tokens, its probability, and the tree's nodes that it goes through."""

    ids: tuple[int, ...] = ()
    probability: float = 1.0
    nodes: tuple[int, ...] = ()


Read = Callable[[Sequence[int], Bool[Tensor, "new nodes"]], Float[Tensor, "new vocabulary"]]
"""Reads new nodes' tokens behind the question, each seeing the nodes that are marked for it; gives the next logits."""


def number_distribution(
    first: Float[Tensor, " vocabulary"], figures: Collection[int], stop: Collection[int], read: Read
) -> dict[tuple[int, ...], float]:
    """Follow the numbers that may come next, by their tokens, with their probabilities. `figures` are the tokens that
    numbers are written with, `stop` those that end an answer. Branches of one length are read at once, as a tree."""
    found: dict[tuple[int, ...], float] = {}
    leaves, logits, nodes = [Branch()], first[None], 0
    for length in range(MOST_TOKENS + 1):
        grown = []
        for leaf, probabilities in zip(leaves, torch.softmax(logits.float(), -1), strict=True):
            whole = leaf.probability * sum(float(probabilities[i]) for i in stop)
            if leaf.ids and whole >= LEAST_PROBABILITY:
                found[leaf.ids] = whole
            for token in figures:
                likely = leaf.probability * float(probabilities[token])
                if likely >= LEAST_PROBABILITY:
                    grown.append(Branch((*leaf.ids, token), likely, leaf.nodes))
        grown = sorted(grown, key=lambda branch: -branch.probability)[:MOST_BRANCHES]
        if not grown or length == MOST_TOKENS:
            return found
        leaves = [Branch(b.ids, b.probability, (*b.nodes, nodes + i)) for i, b in enumerate(grown)]
        nodes += len(leaves)
        seen = torch.zeros(len(leaves), nodes, dtype=torch.bool)
        for row, leaf in enumerate(leaves):
            seen[row, list(leaf.nodes)] = True
        logits = read([leaf.ids[-1] for leaf in leaves], seen)
    return found


def nearest_expected(numbers: Mapping[str, float]) -> str | None:
    """Return of numbers with their probabilities the one whose relative closeness, 1 − 2 · |error| / truth and at least
    0, is expected to be greatest. That is the mean relative accuracy of VSI-Bench without its steps. None of none;
    what is no number does not count."""
    texts = [text for text in numbers if NUMBER.fullmatch(text)]
    if not texts:
        return None
    values = np.array([float(text) for text in texts])
    weights = np.array([numbers[text] for text in texts])
    errors = np.abs(values[:, None] - values[None]) / np.maximum(values[None], 1e-6)
    return texts[int(np.argmax(np.clip(1 - 2 * errors, 0, None) @ weights))]
