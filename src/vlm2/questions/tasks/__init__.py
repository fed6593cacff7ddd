"""The tasks of VSI-Bench, one file each; the file's name is the task's name, and a new file is a new task."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Protocol, cast, runtime_checkable

import numpy as np

from ...scenes.record import Scene
from ..question import Question
from ..wording import Wordings


@runtime_checkable
class Task(Protocol):
    """What a task's file holds: wordings by question type, and the questions that a scene gives, in random order."""

    WORDINGS: Mapping[str, Wordings]

    def questions(self, scene: Scene, rng: np.random.Generator) -> Iterator[Question]: ...


@cache
def tasks() -> Mapping[str, Task]:
    """Return the tasks by name, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: cast(Task, importlib.import_module(f"{__name__}.{name}")) for name in names}


@cache
def wordings() -> Mapping[str, Wordings]:
    """Return the wordings of every question type."""
    return {name: texts for task in tasks().values() for name, texts in task.WORDINGS.items()}
