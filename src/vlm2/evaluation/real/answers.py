"""Scores of answers about a real set: 0 to 1 for each question.

- A question with options: the letter. A number with a unit: mean relative accuracy, after conversion to that unit. A
  number without a unit counts things: exactly right or wrong. Words: the answer or one of the accepted ones.
- A question that cannot be answered: 1 for a refusal, that is, a status of `REFUSALS`. A guess is none.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from ...questions.question import Question
from ...streaming.answer import Answer
from ..vsi_metrics import first_word, number_anywhere, plain_number, relative_accuracy
from .sets import RealQuestion

REFUSALS = ("not_seen", "unsure", "unknown_label", "unsupported")
METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001, "km": 1000.0, "feet": 0.3048, "inches": 0.0254, "yards": 0.9144}


@dataclass(frozen=True)
class ScoredAnswer:
    """A question with its answer and the score of the answer (0–1)."""

    question: RealQuestion
    answer: Answer
    score: float

    @property
    def refused(self) -> bool:
        """Whether the answer is a refusal, and gives no value."""
        return self.answer.status in REFUSALS and self.answer.value is None


def prompt(question: RealQuestion) -> str:
    """Return the text that a user would write: the question, with its options one a line."""
    if question.options is None:
        return question.question
    return Question(question.type, question.question, question.options).prompt()


def score(question: RealQuestion, answer: Answer) -> float:
    """Score an answer."""
    truth = question.answer
    if not question.answerable or truth is None:
        return float(answer.status in REFUSALS)
    if question.options is not None:
        return float(first_word(answer.text).rstrip(".:)").upper() == str(truth).upper())
    if isinstance(truth, str):
        return float(_words(answer.text) in {_words(right) for right in (truth, *(question.accept or ()))})
    number = _number(answer, question.unit)
    return float(number == truth) if question.unit is None else relative_accuracy(number, float(truth))


def _number(answer: Answer, unit: str | None) -> float | None:
    """Return the number of an answer in a unit; None where it has none."""
    if answer.source != "objects":
        return number_anywhere(answer.text)
    number = plain_number(answer.text)
    if number is None or unit == answer.unit or unit not in METRES or answer.unit not in METRES:
        return number
    return number * METRES[answer.unit] / METRES[unit]


def _words(text: str) -> str:
    """Return a text in lower case with single spaces, without a full stop at its end."""
    return " ".join(re.split(r"[\s,]+", text.casefold().strip().rstrip(".")))


def summary(scored: Sequence[ScoredAnswer]) -> dict[str, Any]:
    """Return the mean score of all questions, and of each type with the number of its questions.

    `refused` is the share of the answerable questions that got a refusal. `wrong` is the share of all questions that
    got an answer, not a refusal, with a score below 0.5: the answers that mislead. Of the answers that are no refusals
    and state a confidence, `stated` is its mean, and `right` the share with a score of at least 0.5; None without any.
    """
    if not scored:
        return {}
    types: dict[str, list[float]] = defaultdict(list)
    for one in scored:
        types[one.question.type].append(one.score)
    answerable = [one for one in scored if one.question.answerable]
    wrong = [one for one in scored if one.score < 0.5 and not one.refused]
    sure = [one for one in scored if one.answer.confidence and one.answer.status not in REFUSALS]
    return {
        "questions": len(scored),
        "score": sum(one.score for one in scored) / len(scored),
        "refused": sum(one.refused for one in answerable) / max(len(answerable), 1),
        "wrong": len(wrong) / len(scored),
        "stated": fmean(one.answer.confidence or 0.0 for one in sure) if sure else None,
        "right": fmean(one.score >= 0.5 for one in sure) if sure else None,
        "types": {name: {"questions": len(v), "score": sum(v) / len(v)} for name, v in types.items()},
    }
