"""Terse questions: the benchmark's questions in as few words as tell them apart, for training alone.

A question of VSI-Bench takes 60 to 110 tokens, of which a handful carry what is asked. Its terse form takes a third of
that, so that a step holds three times as many facts about a home; the benchmark's and users' words are trained beside.
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
"""By question type; the types that are not here have nothing to leave out."""


@dataclass(frozen=True)
class TerseQuestion(Question):
    """A question whose prompt is its text and its options, without a request how to answer."""

    def prompt(self) -> str:
        """Return the text and the options, one a line."""
        return "\n".join([self.question, *(self.options or ())])


def terse(question: Question) -> Question:
    """Return the question in its terse form, or as it is where it has none."""
    if question.question_type not in TEXTS:
        return question
    text = TEXTS[question.question_type].format(**question.slots)
    same: dict[str, Any] = vars(question) | {"question": text}
    return TerseQuestion(**same)
