"""Typical answers: what the words of a question alone make likeliest, learnt from many homes' questions.

A real answer scatters around what is typical, and adapters learn slowly from answers that scatter
(docs/experiments/2026-11-24-plateau.md). Typical answers are the rule without the scatter. For training alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from ..evaluation.vsi_metrics import CONFIDENCES
from ..questions.question import LETTERS, Question, option_text
from ..questions.tasks import question_type

Key = tuple[str, ...]


@dataclass(frozen=True)
class Typical:
    """The best number by what is named, how often an option is right beside a target, and names' usual places."""

    numbers: dict[Key, float]
    rights: dict[Key, float]
    places: dict[str, float]

    @staticmethod
    def of(questions: Iterable[Question]) -> Typical:
        """Learn from answered questions."""
        numbers: dict[Key, list[float]] = defaultdict(list)
        rights: dict[Key, list[bool]] = defaultdict(list)
        places: dict[str, list[int]] = defaultdict(list)
        for question in questions:
            if question.options is None:
                for key in _named(question):
                    numbers[key].append(float(question.ground_truth))
                continue
            for option in question.options:
                rights[_choice(question, option_text(option))].append(option[0] == question.ground_truth)
            if question_type(question.question_type).ordered:
                for place, name in enumerate(question.answer_text.split(", ")):
                    places[name].append(place)
        return Typical(
            numbers={key: best_number(tuple(sorted(values))) for key, values in numbers.items()},
            rights={key: (sum(values) + 1) / (len(values) + 4) for key, values in rights.items()},
            places={name: float(np.mean(values)) for name, values in places.items()},
        )

    def answer(self, question: Question) -> Question:
        """Return the question with its typical answer for the true one. Raises KeyError for a name or type that was
        not learnt, where the answer is a number."""
        if question.options is None:
            value = float(np.mean([self.numbers[key] for key in _named(question)]))
            return replace(question, ground_truth=f"{value:.{question_type(question.question_type).decimals}f}")
        texts = [option_text(option) for option in question.options]
        if question_type(question.question_type).ordered:
            middle = (len(texts[0].split(", ")) - 1) / 2
            worth = [sum(i * self.places.get(name, middle) for i, name in enumerate(t.split(", "))) for t in texts]
        else:
            worth = [self.rights.get(_choice(question, text), 0.0) for text in texts]
        return replace(question, ground_truth=LETTERS[int(np.argmax(worth))])


@cache
def best_number(values: Sequence[float]) -> float:
    """Return the number of the best mean relative accuracy for all values at once."""
    truths = np.array(values)
    tried = np.unique(np.quantile(truths, np.linspace(0.05, 0.95, 91)))
    errors = np.abs(tried[:, None] - truths) / truths
    return float(tried[np.argmax((errors[..., None] <= 1 - CONFIDENCES).mean((1, 2)))])


def _named(question: Question) -> list[Key]:
    """Return what a number hangs on: the question's type with each thing that it names."""
    names = [question.slots[slot] for slot in ("thing", "first", "second") if slot in question.slots]
    return [(question.question_type, name) for name in names] or [(question.question_type,)]


def _choice(question: Question, text: str) -> Key:
    """Return what an option's chance hangs on: the question's type, a distance's target, and the option's words."""
    target = question_type(question.question_type).target
    beside = question.slots[target] if target else ""
    return (question.question_type, beside, text)
