"""Registries of files: a module of a package that binds a certain name is an entry, called as its file is.

A file is found because it is there. No other code has to know of it. Listing imports none of the modules. An entry is
found with hyphens as with underscores in its name.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

Returned = TypeVar("Returned")


def entries(package: str, binds: str) -> dict[str, str]:
    """Return the modules and sub-packages of a package that bind the name `binds`, in order of their names, each with
    the first line of its docstring."""
    return {
        name: (ast.get_docstring(tree) or "").partition("\n")[0]
        for name, tree in _modules(package)
        if any(binds == bound for bound, _ in _bindings(tree))
    }


def literals(package: str, called: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the keyword arguments of the calls of `called` that modules bind to names, each after the module's name.

    A module with `PART = FrozenPart(name="toy")` gives {"name": "toy"}. The arguments must be literals: they are read
    without importing the module. Raises ValueError for others.
    """
    return [
        (name, {keyword.arg: ast.literal_eval(keyword.value) for keyword in value.keywords if keyword.arg})
        for name, tree in _modules(package)
        for _, value in _bindings(tree)
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == called
    ]


def load(package: str, name: str, binds: str, kind: str) -> ModuleType:
    """Import an entry's module. Raises ValueError, calling it a `kind` and naming the entries, where there is none."""
    known, file = entries(package, binds), name.replace("-", "_")
    if file not in known:
        near = difflib.get_close_matches(file, list(known), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise ValueError(f"No {kind} is called {name!r}{hint} There are: {', '.join(known)}.")
    return import_module(f"{package}.{file}")


def call(name: str, function: Callable[..., Returned]) -> Returned:
    """Call a function of the entry NAME or NAME:OPTION: with the option, a text, or with nothing where there is none.

    Raises ValueError where the function's signature does not allow this.
    """
    entry, _, option = name.partition(":")
    options, signature = [option] if option else [], inspect.signature(function)
    try:
        signature.bind(*options)
    except TypeError as error:
        advice = f"leave out :{option}" if option else f"name {entry}:OPTION"
        where = f"{getattr(function, '__name__', function)}{signature} in the file of {entry}"
        raise ValueError(f"{name} does not fit {where} ({error}); {advice}.") from None
    return function(*options)


def _modules(package: str) -> list[tuple[str, ast.Module]]:
    """Return the parsed modules and sub-packages of a package, in order of their names."""
    loaded, spec = sys.modules.get(package), find_spec(package)
    folders = loaded.__path__ if loaded is not None else (spec and spec.submodule_search_locations) or ()
    files = [file for path in folders for file in (*Path(path).glob("[!_]*.py"), *Path(path).glob("[!_]*/__init__.py"))]
    names = {file.parent.name if file.name == "__init__.py" else file.stem: file for file in files}
    return [(name, ast.parse(file.read_text(encoding="utf-8"))) for name, file in sorted(names.items())]


def _bindings(tree: ast.Module) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield each name that a module's own statements bind, with the value of an assignment."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, None
        elif isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, None) for alias in node.names)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((target.id, node.value) for target in targets if isinstance(target, ast.Name))
