"""Counting, fitted apart from all else: what the recollections of many homes say about how many things there are.

The network is small and all homes pass through the model once, without gradients, so that this takes minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from ..models.recall import Counting, ObjectEvidence
from ..models.recall.counting import GREATEST, facts
from ..questions.question import Question
from ..questions.tasks import question_type
from ..scenes.vocabulary import category_index

Counted = tuple[Float[Tensor, "things facts"], Int[Tensor, " things"], Int[Tensor, " things"]]
"""Facts about things, the index of the vocabulary that names each, and how many there are."""


def counted(homes: Iterable[tuple[ObjectEvidence, Iterable[Question]]]) -> Counted:
    """Gather what is known of the things that questions of homes count. Raises ValueError where no question does."""
    things = [thing for recollection, questions in homes for thing in _things(recollection, questions)]
    if not things:
        raise ValueError(
            "No question counts things that the recall knows by name; counting cannot be learnt from them."
        )
    known, names, numbers = zip(*things, strict=True)
    return torch.stack(known), torch.tensor(names), torch.tensor(numbers)


def _things(recollection: ObjectEvidence, questions: Iterable[Question]) -> Iterator[tuple[Tensor, int, int]]:
    for question in questions:
        if question_type(question.question_type).is_count and (name := category_index(question.slots["thing"])):
            yield facts(recollection, name), name, int(question.ground_truth)


def fit_counting(counting: Counting, things: Counted, steps: int = 1500, batch: int = 128, seed: int = 0) -> None:
    """Fit the network by cross-entropy, in place, in single precision."""
    device = next(counting.parameters()).device
    known, names, numbers = (part.to(device) for part in things)
    targets = numbers.clamp(1, GREATEST) - 1
    rng = torch.Generator().manual_seed(seed)
    counting.train().requires_grad_(True)
    optimizer = torch.optim.AdamW(counting.parameters(), lr=1e-3, weight_decay=0.05)
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(seed)  # of dropout
        for _ in range(steps):
            chosen = torch.randint(len(known), (batch,), generator=rng)
            functional.cross_entropy(counting(known[chosen], names[chosen]), targets[chosen]).backward()
            optimizer.step()
            optimizer.zero_grad()
    counting.eval().requires_grad_(False)
