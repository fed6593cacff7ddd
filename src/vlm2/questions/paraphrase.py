"""The same question in a user's own words."""

from __future__ import annotations

import numpy as np

from .question import Question
from .tasks import question_types


def paraphrase(
    question: Question, rng: np.random.Generator, *, held_out: bool = False, keep_options: bool = False
) -> Question:
    """Return the question in another of its wordings, drawn at random; the truth is the same.

    Some wordings drop the options (the answer is then the right option's words) or ask in another unit. With
    `held_out`, draws from the wordings that training never uses; with `keep_options`, from those that drop none, so
    that a benchmark's scorer takes the answer. Raises ValueError for a question that does not come from the question
    engine in the benchmark's words.
    """
    kind = question_types()[question.question_type]
    if question.wording != 0 or not all(name in question.slots for name in kind.wordings[0].gaps):
        raise ValueError(
            f"Cannot paraphrase {question.question!r}: only a question of `vlm2.questions.ask_all` in the benchmark's "
            "own words (wording 0) knows the names that fill another wording."
        )
    indices = [
        index
        for index, wording in enumerate(kind.wordings)
        if index > 0 and wording.held_out == held_out and not (keep_options and wording.words)
    ]
    return kind.reword(question, indices[int(rng.integers(len(indices)))])


def in_seconds(question: Question) -> Question:
    """Return a question that names frames by their numbers in a wording that names their seconds; another as it is.

    A model that watches a stream knows when it saw something, not which of how many frames that will have been.
    """
    if not question.times:
        return question
    kind = question_types()[question.question_type]
    for index, wording in enumerate(kind.wordings):
        plain = not (wording.words or wording.held_out) and wording.scale == 1
        if plain and wording.gaps & {"seconds", "start"} and not wording.gaps & {"frame", "last_frame"}:
            return kind.reword(question, index)
    raise ValueError(f"{question.question_type} has no wording that names seconds; add one to its texts.")
