"""VSI-Bench's scores: the official rules, the variants in the wild, the summary row and the frequency chance.

All scores are shares (0–1). Generated homes are scored by the same rules.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from ..questions.question import option_text
from ..questions.tasks import columns, numbers
from .benchmark import Item

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

Rule = Callable[[str, str, str], float]
"""A score (0–1) from a question's type, the model's reply and the truth."""


def relative_accuracy(prediction: float | None, truth: float, *, strict: bool = False) -> float:
    """Return the share of confidences at which a number's relative error is small enough (MRA, 0–1).

    None (no number found) is worth 0. `strict` asks for an error below 1 − θ instead of at most. A truth of 0 is met
    by 0 alone.
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
    tried = np.unique(values)
    errors = np.abs(tried[:, None] - values[None]) / values[None]
    scores = np.mean([(errors <= 1 - confidence).mean(axis=1) for confidence in CONFIDENCES], axis=0)
    return float(tried[scores.argmax()]), float(scores.max())


def commonest(answers: Iterable[str]) -> tuple[str, float]:
    """Return the commonest answer (the first by alphabet of several) and its share (0–1)."""
    counts = Counter(answers)
    answer = min(counts, key=lambda text: (-counts[text], text))
    return answer, counts[answer] / counts.total()


def first_word(reply: str) -> str:
    """Return a reply's first word without a closing full stop; empty for an empty reply."""
    words = reply.split(maxsplit=1)
    return words[0].rstrip(".") if words else ""


def plain_number(reply: str) -> float | None:
    """Return the number that the reply's first word is, or None."""
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


def official(question_type: str, reply: str, truth: str) -> float:
    """Score a reply as VSI-Bench does: its first word is the answer, as a number or as an option's letter."""
    if question_type in numbers():
        return relative_accuracy(plain_number(reply), float(truth))
    return float(first_word(reply).lower() == truth.lower())


def number_words(question_type: str, reply: str, truth: str) -> float:
    """Score as `official`, but find a number anywhere in the reply and in words (as newer lmms-eval does)."""
    if question_type in numbers():
        return relative_accuracy(number_anywhere(reply), float(truth))
    return official(question_type, reply, truth)


def strict(question_type: str, reply: str, truth: str) -> float:
    """Score as `official`, but a number passes a confidence only with an error strictly below it."""
    if question_type in numbers():
        return relative_accuracy(plain_number(reply), float(truth), strict=True)
    return official(question_type, reply, truth)


RULES: Mapping[str, Rule] = {rule.__name__: rule for rule in (official, number_words, strict)}
"""VSI-Bench's rules by name: the official one first, then the variants in the wild."""


def score(question_type: str, prediction: str, truth: str, rule: str = "official") -> float:
    """Return what a reply is worth (0–1) under a named rule; raise ValueError for a name that is none."""
    if rule not in RULES:
        raise ValueError(f"No rule is called {rule!r}. Choose one of: {', '.join(RULES)}.")
    return RULES[rule](question_type, prediction, truth)


def type_means(scores: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Return the mean score of each question type, in the order in which they come."""
    groups: dict[str, list[float]] = defaultdict(list)
    for question_type, value in scores:
        groups[question_type].append(value)
    return {name: sum(values) / len(values) for name, values in groups.items()}


def task_means(types: Mapping[str, float], tasks: Mapping[str, tuple[str, ...]]) -> dict[str, float]:
    """Return the mean of each task's question types, each type weighing alike; what is absent is left out."""
    present = {task: [types[name] for name in names if name in types] for task, names in tasks.items()}
    return {task: sum(values) / len(values) for task, values in present.items() if values}


def aggregate(scores: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Return VSI-Bench's mean scores by question type, by task, and `overall`.

    A direction is the mean of its three levels, `overall` the mean of the eight tasks. Types and tasks without scores
    are left out of the result and of the means.
    """
    types = type_means(scores)
    tasks = task_means(types, columns())
    return {**types, **tasks, **({"overall": sum(tasks.values()) / len(tasks)} if tasks else {})}


def constant_replies(items: Sequence[Item], numbers: frozenset[str], worded: Sequence[str] = ()) -> dict[str, str]:
    """Answer every question of a type alike: the best constant for numbers, else the commonest letter; by item id.

    For the types in `worded` it is the commonest option by its text, whatever letter it has.
    """
    groups: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        groups[item.question_type].append(item)
    replies = {}
    for question_type, group in groups.items():
        truths = [item.answers[0] for item in group]
        if question_type in numbers:
            reply = repr(best_constant([float(truth) for truth in truths])[0])
        elif question_type in worded:
            text = commonest(_options(item)[item.answers[0]] for item in group)[0]
            letters = ({text: letter for letter, text in _options(item).items()} for item in group)
            replies |= {item.id: letter.get(text, "A") for item, letter in zip(group, letters, strict=True)}
            continue
        else:
            reply = commonest(truths)[0]
        replies |= {item.id: reply for item in group}
    return replies


def _options(item: Item) -> dict[str, str]:
    """Return an item's options, their texts by letter."""
    return {option[0]: option_text(option) for option in item.options or ()}
