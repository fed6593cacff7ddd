"""Paraphrases: the same question in another wording of its type."""

from __future__ import annotations

import numpy as np

from .question import Question
from .tasks import question_types


def paraphrase(
    question: Question, rng: np.random.Generator, *, held_out: bool = False, keep_options: bool = False
) -> Question:
    """Return the question in another of its wordings, drawn at random; its meaning is the same.

    Some wordings drop the options (then the answer is the text of the correct option) or ask in another unit. With
    `held_out`, only wordings that training never uses are drawn; with `keep_options`, only wordings that keep the
    options, so that a benchmark's scorer accepts the answer. Raises ValueError for a question that was not generated
    by `ask_all`, or is already a paraphrase.
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
    """Return a question that names frames in a wording that names their times; any other question unchanged.

    A model that watches a stream knows the time of a frame, but not the number of frames to come.
    """
    if not question.times:
        return question
    kind = question_types()[question.question_type]
    for index, wording in enumerate(kind.wordings):
        plain = not (wording.words or wording.held_out) and wording.scale == 1
        if plain and wording.gaps & {"seconds", "start"} and not wording.gaps & {"frame", "last_frame"}:
            return kind.reword(question, index)
    raise ValueError(f"{question.question_type} has no wording that names seconds; add one to its texts.")
