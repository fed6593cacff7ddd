"""Question types: the name of a kind of question, its wordings, and the form of its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from string import Formatter
from typing import Any

import numpy as np

from ..scenes.record import Scene, SceneObject
from .question import LETTERS, Question

FEET = 3.28084  # in a metre


@dataclass(frozen=True)
class Wording:
    """One wording of a question: a text with named gaps.

    `words`: the question has no options and is answered in words. `scale` and `decimals`: the factor from the
    benchmark's unit to the wording's, and the decimals of the answer (None: as in the benchmark). `held_out`: the
    wording is never used in training.
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


def in_words(text: str) -> Wording:
    """Return a wording that drops the options, so that the answer is given in words."""
    return Wording(text, words=True)


@dataclass(frozen=True, kw_only=True)
class QuestionType:
    """One type of question: everything that training, evaluation and the readers of question files know about it."""

    name: str
    texts: tuple[str | Wording, ...]
    """The benchmark's own words, then paraphrases."""
    held_out: int
    """Number of the last paraphrases, which training never uses."""
    decimals: int | None = None
    """Decimals of the answer; None if the answer is not a number."""
    is_count: bool = False
    """Whether the answer is a count: a whole number."""
    terse: str | None = None
    """The shortest unambiguous form of the question, for training only; None if it has none."""
    ordered: bool = False
    """Whether each option is a list of names in an order."""
    target: str | None = None
    """The gap for the object whose distances to the `candidates` are compared."""

    @cached_property
    def wordings(self) -> tuple[Wording, ...]:
        """The texts as wordings."""
        texts = (text if isinstance(text, Wording) else Wording(text) for text in self.texts)
        trained = len(self.texts) - self.held_out
        return tuple(replace(wording, held_out=place >= trained) for place, wording in enumerate(texts))

    @property
    def is_number(self) -> bool:
        """Tell whether the answer is a number."""
        return self.decimals is not None

    def number(
        self, value: float, slots: Mapping[str, str], things: Iterable[SceneObject] = (), times: Iterable[float] = ()
    ) -> Question:
        """Return a question in the benchmark's words whose answer is the number `value`, in the benchmark's unit."""
        return self._question(f"{value:.{self.decimals}f}", slots, things, times=tuple(times))

    def choice(
        self,
        choices: Sequence[str],
        right: str,
        slots: Mapping[str, str],
        things: Iterable[SceneObject] = (),
        times: Iterable[float] = (),
    ) -> Question:
        """Return a question in the benchmark's words with `choices`, in this order, as its lettered options."""
        options = tuple(f"{letter}. {choice}" for letter, choice in zip(LETTERS, choices, strict=False))
        truth = LETTERS[list(choices).index(right)]
        return self._question(truth, slots, things, options=options, times=tuple(times))

    def open(self, answers: Iterable[str], slots: Mapping[str, str], things: Iterable[SceneObject]) -> Question:
        """Return a question without options; each of `answers` is correct, and the first is its ground truth."""
        accepted = tuple(dict.fromkeys(answers))
        return self._question(accepted[0], slots, things, answers=accepted)

    def reword(self, question: Question, index: int) -> Question:
        """Return the question in the wording of this index, with the answer in the form that the wording asks for."""
        wording = self.wordings[index]
        options, truth = question.options, question.ground_truth
        if wording.words:
            options, truth = None, question.answer_text.lower()
        elif wording.decimals is not None:
            truth = f"{float(truth) * wording.scale:.{wording.decimals}f}"
        text = wording.text.format(**question.slots)
        return replace(question, question=text, options=options, ground_truth=truth, wording=index)

    def _question(self, truth: str, slots: Mapping[str, str], things: Iterable[SceneObject], **form: Any) -> Question:
        """Return a question in the benchmark's words; `form` are the other fields of its record."""
        text, objects = self.wordings[0].text.format(**slots), tuple(thing.id for thing in things)
        return Question(self.name, text, ground_truth=truth, objects=objects, slots=slots, **form)


Questions = Iterator[Question]
Draw = Callable[[Scene, np.random.Generator], Questions]


@dataclass(frozen=True)
class Task:
    """A task of a benchmark: its question types, and a function that draws a scene's questions in random order.

    `column` is the task's column, from 1, in the benchmark's published table; tasks without one follow by name.
    """

    types: tuple[QuestionType, ...]
    draw: Draw
    column: int | None = None

    def __call__(self, scene: Scene, rng: np.random.Generator) -> Questions:
        """Yield questions of these types whose answers the scene determines without doubt."""
        return self.draw(scene, rng)


def task(*types: QuestionType, column: int | None = None) -> Callable[[Draw], Task]:
    """Decorate a function that draws questions of these types, to make it a task."""
    return lambda draw: Task(types, draw, column)
