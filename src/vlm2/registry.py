"""Registries of files: a module of a package that binds a certain name is an entry, called as its file is.

A file is found because it is there. Nothing else has to know of it, and listing imports none of the modules.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType


def entries(package: str, binds: str) -> dict[str, str]:
    """Return the modules and sub-packages of a package that bind the name `binds`, in order of their names, each with
    the first line of its docstring."""
    found = {}
    for folder in map(Path, import_module(package).__path__):
        for file in (*folder.glob("[!_]*.py"), *folder.glob("[!_]*/__init__.py")):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            if binds in _bound(tree):
                name = file.parent.name if file.name == "__init__.py" else file.stem
                found[name] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return dict(sorted(found.items()))


def load(package: str, name: str, binds: str, kind: str) -> ModuleType:
    """Import an entry's module. Raises ValueError, calling it a `kind` and naming the entries, where there is none."""
    known = entries(package, binds)
    if name not in known:
        near = difflib.get_close_matches(name, list(known), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise ValueError(f"No {kind} is called {name!r}{hint} There are: {', '.join(known)}.")
    return import_module(f"{package}.{name}")


def _bound(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a module's own statements bind."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
        else:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            yield from (target.id for target in targets if isinstance(target, ast.Name))
