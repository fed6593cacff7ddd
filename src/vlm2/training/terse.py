"""Terse questions: the benchmark's questions in as few words as possible, for training only.

A question of VSI-Bench takes 60 to 110 tokens. Its terse form takes a third of that, so a step holds three times as
many facts about a home. The benchmark's wording and users' wordings are trained as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..questions.question import Question

TEXTS = {
    "object_counting": "How many {things}?",
    "object_abs_distance": "Meters from {first} to {second}?",
    "object_size_estimation": "Longest side of the {thing}, cm?",
    "room_size_estimation": "Floor area, square meters?",
    "object_rel_distance": "Closest to the {target}?",
    "object_rel_direction_easy": "At {stand}, facing {face}: where is {target}?",
    "object_rel_direction_medium": "At {stand}, facing {face}: where is {target}?",
    "object_rel_direction_hard": "At {stand}, facing {face}: where is {target}?",
    "obj_appearance_order": "Which order?",
}
"""Terse forms by question type; the other types have none."""


@dataclass(frozen=True)
class TerseQuestion(Question):
    """A question whose prompt is its text and its options, without instructions for the answer."""

    def prompt(self) -> str:
        """Return the text and the options, one a line."""
        return "\n".join([self.question, *(self.options or ())])


def terse(question: Question) -> Question:
    """Return the question in its terse form, or unchanged if it has none."""
    if question.question_type not in TEXTS:
        return question
    text = TEXTS[question.question_type].format(**question.slots)
    same: dict[str, Any] = vars(question) | {"question": text}
    return TerseQuestion(**same)
