"""Generated questions about a scene with their answers, in several wordings, and the reader of question files."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np

from ..scenes.record import Scene
from .paraphrase import paraphrase
from .question import Question
from .tasks import VSI, families, question_types, tasks

__all__ = ["MOST_PER_TYPE", "Question", "ask_all", "families", "paraphrase", "question_types", "tasks"]

MOST_PER_TYPE = 24


def ask_all(scene: Scene, seed: int, per_type: int = MOST_PER_TYPE, families: Sequence[str] = (VSI,)) -> list[Question]:
    """Return questions in the benchmark's words whose answers the scene determines without doubt.

    Returns at most `per_type` of each question type of the `families` (default: the eight tasks of VSI-Bench). The same
    scene and seed give the same questions, whatever other tasks exist. Raises ValueError for a family that does not
    exist.
    """
    asked = []
    for name, task in ((name, task) for family in families for name, task in tasks(family).items()):
        rng = np.random.default_rng([seed, crc32(scene.name.encode()), crc32(name.encode())])
        left = {kind.name: per_type for kind in task.types}
        for question in task(scene, rng):
            if left[question.question_type] > 0:
                left[question.question_type] -= 1
                asked.append(question)
            if not any(left.values()):
                break
    return asked
