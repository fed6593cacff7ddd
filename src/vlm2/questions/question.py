"""A question about a scene in VSI-Bench's form: a text, lettered options or none, and the right answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..scenes.record import Scene

LETTERS = "ABCDEFGH"  # of options; more are never asked
PREFIX = "These are frames of a video."
LETTER_REQUEST = "Answer with the option's letter from the given choices directly."
SIMPLE_REQUEST = "Answer the question simply."
WORD_REQUEST = "Please answer the question using a single word or phrase."


@dataclass(frozen=True)
class Question:
    """One question with its answer.

    `options` are "A. left", "B. right", … or None. `ground_truth` is the reply that a model should give: a letter if
    there are options, else a number or words. `objects` are the ids of the objects that it is about. `slots` are the
    names that fill the gaps of the wording, and `wording` is its index in the question type's list (0: the benchmark's
    own words). `times` are the times in seconds of the frames that the question names. `answers` are all correct
    replies, `ground_truth` first, if there are several; else it is empty.
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
        """Return all correct replies, `ground_truth` first."""
        return self.answers or (self.ground_truth,)

    @property
    def answer_text(self) -> str:
        """Return the correct answer in words: the correct option without its letter, else `ground_truth`."""
        option = dict(zip(LETTERS, self.options or (), strict=False)).get(self.ground_truth)
        return self.ground_truth if option is None else option_text(option)

    def prompt(self) -> str:
        """Return the text for a model: the question, its options one a line, and how to answer.

        VSI-Bench puts `PREFIX` on a line before it.
        """
        if self.options is None:
            return f"{self.question}\n{WORD_REQUEST}"
        return "\n".join([self.question, "Options:", *self.options, LETTER_REQUEST])

    def to_vsi(self, id: int, scene: Scene) -> dict[str, Any]:
        """Return the question as a record of VSI-Bench's question file.

        `times` are added if the question names frames, and `answers` if several are correct; VSI-Bench's own types have
        neither.
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
    """Replace lone surrogates, which stand for bytes of a command line that are not UTF-8."""
    return text.encode("utf-8", "replace").decode()


def option_text(option: str) -> str:
    """Return an option without its letter: "A. left" gives "left"."""
    return option.split(". ", 1)[-1]
