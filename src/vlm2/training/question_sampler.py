"""Sampling questions: balanced over the tasks, in several wordings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch.utils.data import Dataset

from ..questions import paraphrase
from ..questions.question import LETTERS, Question, option_text
from ..questions.tasks import columns, question_type

Pool = dict[str, list[Question]]
"""Questions by task."""

ChangeAnswer = Callable[[Question], Question]
"""Gives a question another ground truth."""


@dataclass(frozen=True)
class TerseQuestion(Question):
    """A question in as few words as possible, for training only: its prompt is its text and its options.

    A question of VSI-Bench takes 60 to 110 tokens. Its terse form takes a third of that, so a step holds three times as
    many facts about a home. The benchmark's wording and users' wordings are trained as well.
    """

    def prompt(self) -> str:
        """Return the text and the options, one a line, without instructions for the answer."""
        return "\n".join([self.question, *(self.options or ())])


def terse(question: Question) -> Question:
    """Return the question in its terse form, or unchanged if it has none."""
    text = question_type(question.question_type).terse
    if text is None:
        return question
    same: dict[str, Any] = vars(question) | {"question": text.format(**question.slots)}
    return TerseQuestion(**same)


@dataclass(frozen=True)
class QuestionSampler:
    """How many questions are drawn at once, and in which forms."""

    count: int = 24  # questions
    paraphrased: float = 0.15  # share in other words
    terse: float = 0.5  # share in few words

    def draw(self, pool: Pool, rng: np.random.Generator, answer: ChangeAnswer | None = None) -> tuple[Question, ...]:
        """Draw questions: first a task, then one of its questions; options are shuffled. `answer` replaces the ground
        truth."""
        tasks = [questions for questions in pool.values() if questions]
        chosen = []
        for _ in range(self.count):
            questions = tasks[int(rng.integers(len(tasks)))]
            question = shuffle_options(questions[int(rng.integers(len(questions)))], rng)
            question = question if answer is None else answer(question)
            form = rng.random()
            if form < self.paraphrased:
                question = paraphrase(question, rng)
            elif form < self.paraphrased + self.terse:
                question = terse(question)
            chosen.append(question)
        return tuple(chosen)


class TextOnlyQuestions(Dataset):
    """Samples of questions of all homes, without their videos. Item i is always the same.

    `answer` gives the likeliest answer given the words of a question (`typical_answers`), which follows a rule. From
    rules the adapters learn in tens of steps that an answer depends on the name of an object or on the words of an
    option. True answers scatter; from those the adapters learn only what all homes have in common, and need hundreds
    of steps.
    """

    def __init__(self, sampler: QuestionSampler, pool: Pool, answer: ChangeAnswer, seed: int) -> None:
        self.sampler, self.pool, self.answer, self.seed = sampler, pool, answer, seed

    def __getitem__(self, index: int) -> tuple[Question, ...]:
        return self.sampler.draw(self.pool, np.random.default_rng([self.seed, 2, index]), self.answer)


def by_task(questions: Iterable[Question]) -> Pool:
    """Sort questions by their task, in the order of the benchmark's tables; a type in no table is its own task."""
    pool: Pool = {task: [] for task in columns()}
    task_of = {kind: task for task, kinds in columns().items() for kind in kinds}
    for question in questions:
        pool.setdefault(task_of.get(question.question_type, question.question_type), []).append(question)
    return pool


def shuffle_options(question: Question, rng: np.random.Generator) -> Question:
    """Return the question with its options in another order, and the answer's new letter."""
    if question.options is None:
        return question
    texts = [option_text(option) for option in question.options]
    order = rng.permutation(len(texts))
    options = tuple(f"{LETTERS[i]}. {texts[j]}" for i, j in enumerate(order))
    truth = LETTERS[int(np.flatnonzero(order == LETTERS.index(question.ground_truth))[0])]
    return replace(question, options=options, ground_truth=truth)
