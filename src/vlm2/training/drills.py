"""Drills: rule-based questions about a home.

Adapters learn slowly from answers that scatter (docs/experiments/2026-11-24-plateau.md). The answer of a drill follows
by a rule that holds for every home: an object is there or not, one of two came first or is closer. Drills are used in
training only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np

from ..questions.question import Question
from ..questions.tasks import question_type
from ..scenes.record import Scene
from ..scenes.vocabulary import VOCABULARY
from .terse import TerseQuestion

DRILLS = SEEN, FIRST, CLOSER = "drill_seen", "drill_first", "drill_closer"


def with_recalled_answer(question: Question) -> Question:
    """Return a question whose prompt holds its answer as the recall writes it: an option with its letter, or words."""
    answer = next((option for option in question.options or () if option[0] == question.ground_truth), None)
    return replace(question, question=f"{question.question.rstrip()} It is: {answer or question.ground_truth}.")


def drills(scene: Scene, questions: Iterable[Question]) -> dict[str, list[Question]]:
    """Return drills about a home by their kind: whether a category is there, which of two objects came first, and
    which of two is closer. The last two are made of the home's `questions` about order and distance."""
    rng = np.random.default_rng(scene.seed or 0)
    found: dict[str, list[Question]] = {SEEN: seen(scene, rng), FIRST: [], CLOSER: []}
    for question in questions:
        kind = question_type(question.question_type)
        if kind.ordered:
            order = question.answer_text.split(", ")
            found[FIRST] += [_which(FIRST, "Seen first", *pair, rng) for pair in pairwise(order)]
        elif kind.target:
            right, target = question.answer_text, question.slots[kind.target]
            others = [name for name in question.slots["candidates"].split(", ") if name != right]
            found[CLOSER] += [_which(CLOSER, f"Closer to the {target}", right, other, rng) for other in others]
    return found


def seen(scene: Scene, rng: np.random.Generator) -> list[Question]:
    """Ask whether a category is in the video: as many that are as that are not."""
    there = sorted({thing.category for thing in scene.objects if thing.sightings} & set(VOCABULARY))
    absent = sorted(set(VOCABULARY[1:]) - {thing.category for thing in scene.objects})
    absent = [absent[i] for i in rng.permutation(len(absent))[: len(there)]]
    answers = [(name, "Yes") for name in there] + [(name, "No") for name in absent]
    return [_plain(SEEN, f"Is there a {name}?", answer) for name, answer in answers]


def _which(kind: str, text: str, right: str, wrong: str, rng: np.random.Generator) -> Question:
    first, second = (right, wrong) if rng.random() < 0.5 else (wrong, right)
    return _plain(kind, f"{text}: {first} or {second}?", right)


def _plain(kind: str, text: str, answer: str) -> Question:
    return TerseQuestion(question_type=kind, question=text, options=None, ground_truth=answer)
