"""Wordings: the ways to put one kind of question, the benchmark's own first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from string import Formatter
from typing import TypeVar

import numpy as np

from .question import Question

K = TypeVar("K")
T = TypeVar("T")


@dataclass(frozen=True)
class Wording:
    """One way to put a question: a text with named gaps.

    `words`: asked without options and answered in words instead of by a letter. `scale` and `decimals`: the number's
    factor over the benchmark's unit, and how it is rounded (None: as the benchmark gives it). `held_out`: never used
    in training, so that a test can ask in words that no training saw.
    """

    text: str
    words: bool = False
    scale: float = 1.0
    decimals: int | None = None
    held_out: bool = False

    @property
    def gaps(self) -> frozenset[str]:
        """Return the names of the text's gaps."""
        return frozenset(name for _, name, _, _ in Formatter().parse(self.text) if name)


Wordings = tuple[Wording, ...]


def ask_number(
    question_type: str,
    wordings: Wordings,
    truth: str,
    slots: Mapping[str, str],
    objects: Iterable[int],
    times: Iterable[float] = (),
) -> Question:
    """Return a question in the benchmark's words whose answer is the number `truth`."""
    text = wordings[0].text.format(**slots)
    return Question(question_type, text, None, truth, objects=tuple(objects), slots=slots, times=tuple(times))


def ask_choice(
    question_type: str,
    wordings: Wordings,
    choices: Sequence[str],
    right: str,
    slots: Mapping[str, str],
    objects: Iterable[int],
    times: Iterable[float] = (),
) -> Question:
    """Return a question in the benchmark's words with `choices`, in this order, as its lettered options."""
    options = tuple(f"{chr(ord('A') + index)}. {choice}" for index, choice in enumerate(choices))
    letter = chr(ord("A") + list(choices).index(right))
    text = wordings[0].text.format(**slots)
    return Question(question_type, text, options, letter, objects=tuple(objects), slots=slots, times=tuple(times))


def ask_words(
    question_type: str,
    wordings: Wordings,
    answers: Iterable[str],
    slots: Mapping[str, str],
    objects: Iterable[int],
) -> Question:
    """Return a question without options that each of `answers` answers; the first is what a model should reply."""
    text, accepted = wordings[0].text.format(**slots), tuple(dict.fromkeys(answers))
    return Question(question_type, text, None, accepted[0], objects=tuple(objects), slots=slots, answers=accepted)


def shuffled(things: Sequence, rng: np.random.Generator) -> list:
    """Return the things in random order."""
    return [things[index] for index in rng.permutation(len(things))]


def by_turns(groups: Mapping[K, Sequence[T]], rng: np.random.Generator, least: int = 1) -> Iterator[tuple[K, T]]:
    """Yield the members of all groups, each group's in random order and the groups by turns, as long as at least
    `least` groups have one left: so no answer is much commoner than another."""
    left = {name: shuffled(members, rng) for name, members in groups.items() if members}
    while len(left) >= max(least, 1):
        for name in shuffled(list(left), rng):
            yield name, left[name].pop()
        left = {name: members for name, members in left.items() if members}


def reword(question: Question, wordings: Wordings, index: int) -> Question:
    """Return the question put in another of its wordings, with the answer in the form that the wording asks for."""
    wording = wordings[index]
    options, truth = question.options, question.ground_truth
    if wording.words:
        options, truth = None, question.answer_text.lower()
    elif wording.decimals is not None:
        truth = f"{float(truth) * wording.scale:.{wording.decimals}f}"
    text = wording.text.format(**question.slots)
    return replace(question, question=text, options=options, ground_truth=truth, wording=index)
