"""Mark answers as right or wrong, by the rules of VSI-Bench's scores."""

from __future__ import annotations

from dataclasses import dataclass

from ...evaluation.vsi_metrics import first_word, number_anywhere, plain_number, relative_accuracy
from ...questions.question import Question

LEAST = 0.5
RULES = (
    "An option is right if its letter is; a count if it is exact; another number if its mean relative accuracy is at "
    f"least {LEAST:.0%} (30% off at most); words if they are an accepted answer."
)


@dataclass(frozen=True)
class Mark:
    """The verdict on an answer. `accuracy` is the mean relative accuracy (0 to 1) of a number, else None."""

    right: bool
    accuracy: float | None = None


def mark(question: Question, reply: str) -> Mark:
    """Compare a reply with the truth of its question. The question must have a truth."""
    if question.options is not None:
        return Mark(first_word(reply).upper() == question.ground_truth.upper())
    truth = plain_number(question.ground_truth)
    if truth is None:
        words = " ".join(reply.casefold().split()).rstrip(".")
        return Mark(words in {" ".join(answer.casefold().split()).rstrip(".") for answer in question.accepted})
    number = number_anywhere(reply)
    accuracy = relative_accuracy(number, truth)
    return Mark(number == truth if _counts(question) else accuracy >= LEAST, accuracy)


def _counts(question: Question) -> bool:
    return question.question_type in ("object_counting", "how_many")
