"""The tasks: a family of them is a folder, a task is a file in it, and the file's name is the task's name."""

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

VSI = "vsi"


@runtime_checkable
class Task(Protocol):
    """What a task's file holds: wordings by question type, and the questions that a scene gives, in random order."""

    WORDINGS: Mapping[str, Wordings]

    def questions(self, scene: Scene, rng: np.random.Generator) -> Iterator[Question]: ...


@cache
def families() -> tuple[str, ...]:
    """Return the names of the families of tasks, in alphabetical order."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg))


@cache
def tasks(family: str = VSI) -> Mapping[str, Task]:
    """Return a family's tasks by name, in alphabetical order. Raises ValueError for a family that does not exist."""
    if family not in families():
        raise ValueError(f"There is no family of questions {family!r}; there are {', '.join(families())}.")
    package = importlib.import_module(f"{__name__}.{family}")
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return {name: cast(Task, importlib.import_module(f"{package.__name__}.{name}")) for name in names}


@cache
def wordings(family: str | None = None) -> Mapping[str, Wordings]:
    """Return the wordings of every question type, of one family where it is given."""
    chosen = families() if family is None else (family,)
    return {
        question_type: texts
        for name in chosen
        for task in tasks(name).values()
        for question_type, texts in task.WORDINGS.items()
    }
