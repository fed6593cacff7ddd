"""Queries as compact calls: `distance(chair, table, unit=m)`. Planners write them, and results show them."""

from __future__ import annotations

import ast
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from .. import registry
from ..objects.frozen import FrozenRecord
from .query import Query, Unplanned
from .things import RELATIVES, Place, Things, Viewpoint

LONGEST = 4000  # characters of a call
OPERATORS = f"{__package__}.operators"
LATER = ("view", "options")  # fields of every query: never given by place
RECORDS = {"thing": Things, "view": Viewpoint, "unsupported": Unplanned}


@cache
def operator_types() -> dict[str, type[Query]]:
    """Return the operators by name, each found by its file."""
    return {name: module.OPERATOR for name, module in operator_modules().items()}


@cache
def operator_modules() -> dict[str, ModuleType]:
    """Return the operators' modules by name."""
    return {name: import_module(f"{OPERATORS}.{name}") for name in registry.entries(OPERATORS, "OPERATOR")}


def parse_call(text: str) -> Query:
    """Return the query that a call writes. Raises ValueError for any other text."""
    if len(text) > LONGEST:
        raise ValueError(f"A text of {len(text)} characters is not a query; a query has at most {LONGEST}.")
    try:
        query = _value(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, KeyError, TypeError, RecursionError, MemoryError) as error:
        reason = str(error) or "too deeply nested"
        raise ValueError(f"{text!r} is not a query ({reason}). Operators: {', '.join(operator_types())}.") from None
    if not isinstance(query, Query):
        raise ValueError(f"{text!r} is not a query. Operators: {', '.join(operator_types())}.")
    return query


def call_of(query: FrozenRecord) -> str:
    """Return a query as a call; `parse_call` gives the query back."""
    if isinstance(query, Place):
        return f"{query.kind}({', '.join(map(_text, query.to))})"
    parts, by_place = [], not isinstance(query, Viewpoint)
    for name, info in _fields(type(query)):
        value = getattr(query, name)
        if value == info.default:
            by_place = False
            continue
        parts.append(_text(value) if by_place and name not in LATER else f"{name}={_text(value)}")
        by_place = by_place and not isinstance(query, Things)
    if isinstance(query, Things) and parts == [_text(query.label)]:
        return parts[0]
    return f"{name_of(query)}({', '.join(parts)})"


def name_of(query: FrozenRecord) -> str:
    """Return the name of an operator or another record in calls."""
    return _names()[type(query)]


@cache
def _names() -> dict[type, str]:
    return {kind: name for name, kind in (operator_types() | RECORDS).items()}


def _fields(record: type[FrozenRecord]) -> list[tuple[str, Any]]:
    return sorted(record.model_fields.items(), key=lambda pair: pair[0] in LATER)


def _text(value: Any) -> str:
    if isinstance(value, FrozenRecord):
        return call_of(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_text, value))}]"
    return value if isinstance(value, str) and value.isidentifier() and value not in ("None", "True") else repr(value)


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        name, given = node.func.id, [_value(argument) for argument in node.args]
        if (name in RELATIVES and node.keywords) or any(keyword.arg is None for keyword in node.keywords):
            raise TypeError(f"{name} takes no such fields")
        if name in RELATIVES:
            return Place(kind=name, to=tuple(given))  # pyright: ignore[reportArgumentType]
        record = (operator_types() | RECORDS)[name]
        named = {keyword.arg: _value(keyword.value) for keyword in node.keywords if keyword.arg}
        places = [field for field, _ in _fields(record) if field not in LATER]
        if len(given) > len(places):
            raise TypeError(f"{name} has at most {len(places)} fields without a name")
        return record(**dict(zip(places, given, strict=False)), **named)
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.List | ast.Tuple):
        return tuple(map(_value, node.elts))
    return ast.literal_eval(node)
