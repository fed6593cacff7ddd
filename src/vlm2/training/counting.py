"""The count head, fitted apart from all else: how many objects of a name there are, given the recall's evidence.

The network is small and all homes pass through the model once, without gradients, so this takes minutes.
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

CountExamples = tuple[Float[Tensor, "names facts"], Int[Tensor, " names"], Int[Tensor, " names"]]
"""Facts about the objects of each name, the name's index in the vocabulary, and the number of objects."""


def count_examples(homes: Iterable[tuple[ObjectEvidence, Iterable[Question]]]) -> CountExamples:
    """Gather facts and numbers from the counting questions of homes. Raises ValueError where there are none."""
    found = [each for recollection, questions in homes for each in _examples(recollection, questions)]
    if not found:
        raise ValueError("No question counts objects whose name the recall knows; the count head cannot be fitted.")
    known, names, numbers = zip(*found, strict=True)
    return torch.stack(known), torch.tensor(names), torch.tensor(numbers)


def _examples(recollection: ObjectEvidence, questions: Iterable[Question]) -> Iterator[tuple[Tensor, int, int]]:
    for question in questions:
        if question_type(question.question_type).is_count and (name := category_index(question.slots["thing"])):
            yield facts(recollection, name), name, int(question.ground_truth)


def fit_count_head(head: Counting, examples: CountExamples, steps: int = 1500, batch: int = 128, seed: int = 0) -> None:
    """Fit the network by cross-entropy, in place, in single precision."""
    device = next(head.parameters()).device
    known, names, numbers = (part.to(device) for part in examples)
    targets = numbers.clamp(1, GREATEST) - 1
    rng = torch.Generator().manual_seed(seed)
    head.train().requires_grad_(True)
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-3, weight_decay=0.05)
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(seed)  # for dropout
        for _ in range(steps):
            chosen = torch.randint(len(known), (batch,), generator=rng)
            functional.cross_entropy(head(known[chosen], names[chosen]), targets[chosen]).backward()
            optimizer.step()
            optimizer.zero_grad()
    head.eval().requires_grad_(False)
