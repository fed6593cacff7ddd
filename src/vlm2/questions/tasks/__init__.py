"""The registry of tasks: a family is a folder, and a task is a file in it that defines `questions`."""

from __future__ import annotations

import math
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from ... import registry
from ..question_type import QuestionType, Task

VSI = "vsi"


def families() -> tuple[str, ...]:
    """Return the names of the families of tasks, in alphabetical order."""
    return _folders(tuple(__path__))


def tasks(family: str = VSI) -> Mapping[str, Task]:
    """Return a family's tasks by name, in alphabetical order. Raises ValueError for a family that does not exist."""
    if family not in families():
        raise ValueError(f"There is no family of questions {family!r}; there are {', '.join(families())}.")
    package = import_module(f"{__name__}.{family}")
    return _files(package.__name__, tuple(package.__path__))


def question_types(family: str | None = None) -> Mapping[str, QuestionType]:
    """Return the question types by name, of all families or of one."""
    chosen = families() if family is None else (family,)
    return {kind.name: kind for name in chosen for task in tasks(name).values() for kind in task.types}


def question_type(name: str) -> QuestionType:
    """Return the question type of a name; for an unknown name, a type without wordings."""
    return question_types().get(name) or QuestionType(name=name, texts=(), held_out=0)


def numbers(family: str) -> frozenset[str]:
    """Return the names of a family's question types whose answer is a number."""
    return frozenset(name for name, kind in question_types(family).items() if kind.is_number)


def columns(family: str = VSI) -> Mapping[str, tuple[str, ...]]:
    """Return the names of a family's tasks in the order of the benchmark's table, each with its question types."""
    ordered = sorted(tasks(family).items(), key=lambda item: item[1].column or math.inf)
    return {name: tuple(kind.name for kind in task.types) for name, task in ordered}


# The package's path is an argument of the cached functions, so that they search again when it changes.


@cache
def _folders(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(module.name for module in pkgutil.iter_modules(path) if module.ispkg))


@cache
def _files(package: str, path: tuple[str, ...]) -> Mapping[str, Task]:
    return {name: import_module(f"{package}.{name}").questions for name in registry.entries(package, "questions")}
