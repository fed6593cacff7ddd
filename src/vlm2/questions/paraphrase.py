"""The same question in a user's own words."""

from __future__ import annotations

import numpy as np

from .question import Question
from .tasks import wordings
from .wording import reword


def paraphrase(question: Question, rng: np.random.Generator, *, held_out: bool = False) -> Question:
    """Return the question in another of its wordings, drawn at random; the truth is the same.

    Some wordings drop the options (the answer is then the right option's words) or ask in another unit. With
    `held_out`, draws from the wordings that training never uses. Raises ValueError for a question that does not come
    from the question engine in the benchmark's words.
    """
    texts = wordings()[question.question_type]
    if question.wording != 0 or not all(name in question.slots for name in texts[0].gaps):
        raise ValueError(
            f"Cannot paraphrase {question.question!r}: only a question of `vlm2.questions.ask_all` in the benchmark's "
            "own words (wording 0) knows the names that fill another wording."
        )
    indices = [index for index, wording in enumerate(texts) if index > 0 and wording.held_out == held_out]
    return reword(question, texts, indices[int(rng.integers(len(indices)))])
