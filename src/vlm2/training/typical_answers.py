"""Typical answers: the most likely answers given the words of a question, computed from the questions of many homes.

True answers scatter around the typical one, and adapters learn slowly from answers that scatter
(docs/experiments/2026-11-24-plateau.md). Typical answers follow a rule. They are used in training only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from ..evaluation.vsi_metrics import CONFIDENCES
from ..questions.question import LETTERS, Question, option_text
from ..questions.tasks import question_type

Key = tuple[str, ...]


class TypicalAnswers:
    """Typical answers of answered questions.

    `numbers` are the best numbers by type and name, `rights` the shares of options that are right, by type, target and
    option, and `places` the mean places of names in orders of appearance.
    """

    def __init__(self, questions: Iterable[Question]) -> None:
        numbers: dict[Key, list[float]] = defaultdict(list)
        rights: dict[Key, list[bool]] = defaultdict(list)
        places: dict[str, list[int]] = defaultdict(list)
        for question in questions:
            if question.options is None:
                for key in _number_keys(question):
                    numbers[key].append(float(question.ground_truth))
                continue
            for option in question.options:
                rights[_option_key(question, option_text(option))].append(option[0] == question.ground_truth)
            if question_type(question.question_type).ordered:
                for place, name in enumerate(question.answer_text.split(", ")):
                    places[name].append(place)
        self.numbers = {key: best_number(tuple(sorted(values))) for key, values in numbers.items()}
        self.rights = {key: (sum(values) + 1) / (len(values) + 4) for key, values in rights.items()}
        self.places = {name: float(np.mean(values)) for name, values in places.items()}

    def answer(self, question: Question) -> Question:
        """Return the question with the typical answer instead of the true one.

        Raises KeyError for a number of a name or type that no question had.
        """
        if question.options is None:
            value = float(np.mean([self.numbers[key] for key in _number_keys(question)]))
            return replace(question, ground_truth=f"{value:.{question_type(question.question_type).decimals}f}")
        texts = [option_text(option) for option in question.options]
        if question_type(question.question_type).ordered:
            middle = (len(texts[0].split(", ")) - 1) / 2
            worth = [sum(i * self.places.get(name, middle) for i, name in enumerate(t.split(", "))) for t in texts]
        else:
            worth = [self.rights.get(_option_key(question, text), 0.0) for text in texts]
        return replace(question, ground_truth=LETTERS[int(np.argmax(worth))])


@cache
def best_number(values: Sequence[float]) -> float:
    """Return the number with the best mean relative accuracy over all values."""
    truths = np.array(values)
    tried = np.unique(np.quantile(truths, np.linspace(0.05, 0.95, 91)))
    errors = np.abs(tried[:, None] - truths) / truths
    return float(tried[np.argmax((errors[..., None] <= 1 - CONFIDENCES).mean((1, 2)))])


def _number_keys(question: Question) -> list[Key]:
    """Return the keys that a number depends on: the question's type with each object that it names."""
    names = [question.slots[slot] for slot in ("thing", "first", "second") if slot in question.slots]
    return [(question.question_type, name) for name in names] or [(question.question_type,)]


def _option_key(question: Question, text: str) -> Key:
    """Return the key that an option depends on: the question's type, a distance's target, and the option's words."""
    target = question_type(question.question_type).target
    beside = question.slots[target] if target else ""
    return (question.question_type, beside, text)
