"""Terse questions: the benchmark's questions in as few words as possible, for training only.

A question of VSI-Bench takes 60 to 110 tokens. Its terse form takes a third of that, so a step holds three times as
many facts about a home. The benchmark's wording and users' wordings are trained as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..questions.question import Question
from ..questions.tasks import question_type


@dataclass(frozen=True)
class TerseQuestion(Question):
    """A question whose prompt is its text and its options, without instructions for the answer."""

    def prompt(self) -> str:
        """Return the text and the options, one a line."""
        return "\n".join([self.question, *(self.options or ())])


def terse(question: Question) -> Question:
    """Return the question in its terse form, or unchanged if it has none."""
    text = question_type(question.question_type).terse
    if text is None:
        return question
    same: dict[str, Any] = vars(question) | {"question": text.format(**question.slots)}
    return TerseQuestion(**same)
