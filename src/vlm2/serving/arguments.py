"""Arguments of operators as agents write them: JSON, in which a text may be a compact call."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from ..objects.frozen import FrozenRecord
from ..query import parse_call
from ..query.things import RELATIVES
from .limits import Refusal

# A record is no query of its own: the query in which it is read, and its place there.
READ_IN: dict[str, tuple[str, Callable[[Any], FrozenRecord]]] = {
    "thing": ("exists({})", lambda query: query.things),
    "view": ("in_view(view={})", lambda query: query.view),
    **dict.fromkeys(RELATIVES, ("exists(thing(place={}))", lambda query: query.things.place)),
}


def with_calls(given: Any) -> Any:
    """Return arguments with the records that their texts write as calls, such as "thing(lamp, place=near(bed))"; other
    texts as they are. Raises Refusal for such a call with fields that it does not have."""
    if isinstance(given, dict):
        return {name: with_calls(value) for name, value in given.items()}
    if isinstance(given, list):
        return [with_calls(value) for value in given]
    if not isinstance(given, str) or (name := _called(given)) not in READ_IN:
        return given
    query, place = READ_IN[name]
    try:
        return place(parse_call(query.format(given.strip())))
    except ValueError:
        example = "thing(lamp, colour=red, place=near(bed)) or view(at=sofa, facing=tv)"
        raise Refusal(400, "bad_arguments", f"{given[:100]!r} cannot be read; calls look like {example}.") from None


def _called(text: str) -> str:
    """Return the name that a text calls, if it is one call and nothing else."""
    try:
        body = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    return body.func.id if isinstance(body, ast.Call) and isinstance(body.func, ast.Name) else ""
