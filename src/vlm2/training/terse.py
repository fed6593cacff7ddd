"""Terse questions: the benchmark's questions in as few words as tell them apart, for training alone.

A question of VSI-Bench takes 60 to 110 tokens, of which a handful carry what is asked. Its terse form takes a third of
that, so that a step holds three times as many facts about a home; the benchmark's and users' words are trained beside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..questions.question import Question
from ..questions.tasks import question_type


@dataclass(frozen=True)
class TerseQuestion(Question):
    """A question whose prompt is its text and its options, without a request how to answer."""

    def prompt(self) -> str:
        """Return the text and the options, one a line."""
        return "\n".join([self.question, *(self.options or ())])


def terse(question: Question) -> Question:
    """Return the question in its terse form, or as it is where it has none."""
    text = question_type(question.question_type).terse
    if text is None:
        return question
    same: dict[str, Any] = vars(question) | {"question": text.format(**question.slots)}
    return TerseQuestion(**same)
