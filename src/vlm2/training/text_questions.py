"""Questions without their videos, from which the adapters learn what the words alone determine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from torch.utils.data import Dataset

from ..questions.question import Question
from .question_sampler import Pool, QuestionSampler

Answer = Callable[[Question], Question]


@dataclass(frozen=True)
class Phase:
    """Examples up to index `until` join the draws of all `samplers`: (sampler, its questions, another answer)."""

    until: int
    samplers: tuple[tuple[QuestionSampler, Pool, Answer | None], ...]


class TextOnlyQuestions(Dataset):
    """`length` samples of questions of all homes, without their videos.

    All answers follow by rules: the letter of an answer in the prompt, the answer that the words alone make likeliest
    (`typical_answers`), or a copy of the answer in the prompt. From rules the adapters learn in tens of steps that an
    answer depends on the name of an object or on the words of an option. Real answers scatter; from those the adapters
    learn only what all homes have in common, and need hundreds of steps.
    """

    def __init__(self, phases: Sequence[Phase], length: int, seed: int) -> None:
        self.phases, self.length, self.seed = phases, length, seed

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[Question, ...]:
        rng = np.random.default_rng([self.seed, 2, index])
        phase = next(phase for phase in self.phases if index < phase.until)
        draws = (sampler.draw(pool, rng, answer) for sampler, pool, answer in phase.samplers)
        return tuple(question for drawn in draws for question in drawn)
