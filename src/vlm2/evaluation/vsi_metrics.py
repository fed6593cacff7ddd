"""VSI-Bench's scores: the official rules, the variants of other scorers, the summary row and the frequency chance.

All scores are shares (0–1). Any question type can be scored: `Item` shows whether the answer is a number, an option or
words.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from ..questions.question import option_text
from ..questions.tasks import columns
from .benchmark import Item, Scorer, Values

CONFIDENCES = np.linspace(0.50, 0.95, 10)
"""The confidences θ of the mean relative accuracy; an answer passes one when its relative error is at most 1 − θ."""

DIRECTIONS = columns()["object_rel_direction"]

NUMBER_WORDS = {
    word: value
    for value, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    )
}
NUMBER = re.compile(rf"-?\d*\.?\d+|\b(?:{'|'.join(NUMBER_WORDS)})\b", re.IGNORECASE)


def relative_accuracy(prediction: float | None, truth: float, *, strict: bool = False) -> float:
    """Return the share of confidences at which a number's relative error is small enough (MRA, 0–1).

    None (no number found) scores 0. `strict` asks for an error below 1 − θ instead of at most 1 − θ. For a truth of 0
    only 0 scores.
    """
    if prediction is None:
        return 0.0
    if truth == 0:
        return float(prediction == 0)
    error = abs(prediction - truth) / truth
    passed = error < 1 - CONFIDENCES if strict else error <= 1 - CONFIDENCES
    return float(passed.mean())


def best_constant(truths: Sequence[float]) -> tuple[float, float]:
    """Return which of the (positive) truths is the best constant answer to all, and its mean relative accuracy."""
    values = np.asarray(truths, dtype=np.float64)
    candidates = np.unique(values)
    errors = np.abs(candidates[:, None] - values[None]) / values[None]
    scores = np.mean([(errors <= 1 - confidence).mean(axis=1) for confidence in CONFIDENCES], axis=0)
    return float(candidates[scores.argmax()]), float(scores.max())


def commonest(answers: Iterable[str]) -> str:
    """Return the commonest answer, the first by alphabet of several."""
    counts = Counter(answers)
    return min(counts, key=lambda text: (-counts[text], text))


def first_word(reply: str) -> str:
    """Return a reply's first word without a closing full stop; empty for an empty reply."""
    words = reply.split(maxsplit=1)
    return words[0].rstrip(".") if words else ""


def plain_number(reply: str) -> float | None:
    """Return the reply's first word as a number, or None where it is no number."""
    try:
        return float(first_word(reply))
    except ValueError:
        return None


def number_anywhere(reply: str) -> float | None:
    """Return the first number in a reply, in digits or as a word up to twelve, or None."""
    found = NUMBER.search(reply)
    if found is None:
        return None
    text = found.group().lower()
    return float(NUMBER_WORDS.get(text, text))


def scorer(read_number: Callable[[str], float | None] = plain_number, strict: bool = False) -> Scorer:
    """Return the rule that gives `score` to a reply: a number by its relative accuracy, else 1 for an accepted answer.

    If a question has options, only the first word of the reply counts: the letter of the option.
    """

    def score(item: Item, reply: str) -> Values:
        if item.numeric:
            return {"score": relative_accuracy(read_number(reply), float(item.answers[0]), strict=strict)}
        answer = reply.strip().rstrip(".") if item.options is None else first_word(reply)
        return {"score": float(answer.lower() in {accepted.lower() for accepted in item.answers})}

    return score


RULES: Mapping[str, Scorer] = {
    "official": scorer(),
    "number_words": scorer(number_anywhere),  # as newer lmms-eval does
    "strict": scorer(strict=True),
}
"""VSI-Bench's rules by name: the official one first, then the variants of other scorers."""


def type_means(scores: Iterable[tuple[str, Values]]) -> dict[str, float]:
    """Return the mean `score` of each question type, in the order in which they come."""
    groups: dict[str, list[float]] = defaultdict(list)
    for question_type, values in scores:
        groups[question_type].append(values["score"])
    return {name: sum(values) / len(values) for name, values in groups.items()}


def task_summary(
    scores: Iterable[tuple[str, Values]], tasks: Mapping[str, tuple[str, ...]], headline: str = "overall"
) -> dict[str, float]:
    """Return the mean of the tasks under the name `headline`, then each task's mean followed by its question types'.

    A task is the mean of its question types. A type of no task is a task of its own. Types and tasks without scores
    are left out of the result and of the means; there is no result without scores.
    """
    types = type_means(scores)
    listed = {kind for kinds in tasks.values() for kind in kinds}
    means: dict[str, float] = {}
    rows: dict[str, float] = {}
    for task, kinds in {**tasks, **{kind: (kind,) for kind in types if kind not in listed}}.items():
        present = {kind: types[kind] for kind in kinds if kind in types}
        if present:
            means[task] = sum(present.values()) / len(present)
            rows |= {task: means[task], **present}
    return {headline: sum(means.values()) / len(means), **rows} if means else {}


def constant_replies(items: Sequence[Item], worded: Sequence[str] = ()) -> dict[str, str]:
    """Answer every question of a type alike: the best constant for numbers, else the commonest answer; by item id.

    For the types in `worded` it is the commonest option by its text, whatever letter it has.
    """
    groups: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        groups[item.question_type].append(item)
    replies = {}
    for question_type, group in groups.items():
        truths = [item.answers[0] for item in group]
        if question_type in worded:
            options = [{option[0]: option_text(option) for option in item.options or ()} for item in group]
            text = commonest(texts[truth] for texts, truth in zip(options, truths, strict=True))
            for item, texts in zip(group, options, strict=True):
                replies[item.id] = {option: letter for letter, option in texts.items()}.get(text, "A")
            continue
        numeric = all(item.numeric for item in group)
        reply = repr(best_constant([float(truth) for truth in truths])[0]) if numeric else commonest(truths)
        replies |= {item.id: reply for item in group}
    return replies
