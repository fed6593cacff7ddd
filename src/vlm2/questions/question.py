"""A question about a scene, in VSI-Bench's form: a text, lettered options or none, and the right answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..scenes.record import Scene

LETTERS = "ABCDEFGH"  # of options; more are never asked
PREFIX = "These are frames of a video."
LETTER_REQUEST = "Answer with the option's letter from the given choices directly."
WORD_REQUEST = "Please answer the question using a single word or phrase."


@dataclass(frozen=True)
class Question:
    """One question with its answer.

    `options` are "A. left", "B. right", … or None; `ground_truth` is what a model should reply: a letter where there
    are options, else a number or words. `objects` are the ids of the things it is about. `slots` are the names that
    fill the wording's gaps, and `wording` is its place in the task's list (0: the benchmark's own words). `times` are
    the seconds of the frames that the question names. `answers` are all replies that are right, `ground_truth` first,
    where words leave a choice; else it is empty.
    """

    question_type: str
    question: str
    options: tuple[str, ...] | None = None
    ground_truth: str = ""
    objects: tuple[int, ...] = ()
    slots: Mapping[str, str] = field(default_factory=dict, hash=False)
    wording: int = 0
    times: tuple[float, ...] = ()
    answers: tuple[str, ...] = ()

    @property
    def accepted(self) -> tuple[str, ...]:
        """Return all replies that are right, what a model should reply first."""
        return self.answers or (self.ground_truth,)

    @property
    def answer_text(self) -> str:
        """Return the right answer in words: the right option without its letter; the number, or what else is given."""
        letters = [chr(ord("A") + index) for index in range(len(self.options or ()))]
        if self.options is None or self.ground_truth not in letters:
            return self.ground_truth
        return option_text(self.options[letters.index(self.ground_truth)])

    def prompt(self) -> str:
        """Return the text for a model: the question, its options one a line, and how to answer.

        VSI-Bench puts `PREFIX` on a line before it.
        """
        if self.options is None:
            return f"{self.question}\n{WORD_REQUEST}"
        return "\n".join([self.question, "Options:", *self.options, LETTER_REQUEST])

    def to_vsi(self, id: int, scene: Scene) -> dict[str, Any]:
        """Return the question as a record of VSI-Bench's question file.

        `times` are added where the question names frames, and `answers` where several are right; VSI-Bench's own types
        have neither.
        """
        record: dict[str, Any] = {
            "id": id,
            "dataset": scene.dataset,
            "scene_name": scene.name,
            "question_type": self.question_type,
            "question": self.question,
            "options": None if self.options is None else list(self.options),
            "ground_truth": self.ground_truth,
        }
        if self.times:
            record["times"] = list(self.times)
        if self.answers:
            record["answers"] = list(self.answers)
        return record


def readable(text: str) -> str:
    """Replace what is no text: a command line may hold bytes that are no UTF-8."""
    return text.encode("utf-8", "replace").decode()


def option_text(option: str) -> str:
    """Return an option without its letter: "A. left" gives "left"."""
    return option.split(". ", 1)[-1]
