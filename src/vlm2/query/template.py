"""Templates of questions, matched against words with backtracking.

`how many {things} [are there|<there>]`: words, [optional parts], (alternatives|of parts), <macros>, and {slots}, which
a caller's function reads. Punctuation is skipped everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

SYNTAX = re.compile(r"[\[\]()|]|\{[^}]*\}|<\w+>|[^\s\[\]()|{}<>]+")
PUNCTUATION = frozenset(",.?!:;()[]-\"'")

Bindings = tuple[tuple[str, Any], ...]
Match = Iterator[tuple[Bindings, int]]
ReadSlot = Callable[[str, int], Iterator[tuple[Any, int]]]
Node = tuple  # ("word", w) | ("slot", name) | ("all", nodes) | ("any", nodes, the words that each can begin with)


@cache
def compiled(template: str, macros: tuple[tuple[str, str], ...] = ()) -> Node:
    """Return a template as a tree. Raises ValueError for one whose brackets do not match."""
    expanded = template
    for name, text in macros:
        expanded = expanded.replace(f"<{name}>", f"({text})")
    parts = SYNTAX.findall(expanded)
    node, end = _alternatives(parts, 0)
    if end != len(parts):
        raise ValueError(f"The brackets of the template {template!r} do not match.")
    return node


def match(node: Node, tokens: Sequence[str], start: int, read: ReadSlot) -> Match:
    """Yield each way in which a template matches words from `start` on: what its slots read, and where it ends."""
    kind, content = node[:2]
    if kind == "any":
        at = skip(tokens, start)
        word = tokens[at] if at < len(tokens) else ""
        for part, words in zip(content, node[2], strict=True):
            if words is None or word in words:
                yield from match(part, tokens, start, read)
    elif kind == "all":
        yield from _sequence(content, tokens, start, read)
    else:
        at = skip(tokens, start)
        if kind == "slot":
            for value, end in read(content, at):
                yield ((content, value),), end
        elif at < len(tokens) and tokens[at] == content:
            yield (), at + 1


def skip(tokens: Sequence[str], start: int) -> int:
    """Return the place of the next word that is no punctuation."""
    while start < len(tokens) and tokens[start] in PUNCTUATION:
        start += 1
    return start


def literals(node: Node) -> Iterator[str]:
    """Yield the words of a template."""
    kind, content = node[:2]
    if kind == "word":
        yield content
    elif kind != "slot":
        for part in content:
            yield from literals(part)


@cache
def first_words(node: Node) -> frozenset[str] | None:
    """Return the words that a template can begin with; None where it can begin with a slot, or be empty."""
    kind, content = node[:2]
    if kind == "word":
        return frozenset([content])
    if kind == "slot" or not content:
        return None
    if kind == "any":
        parts = [first_words(part) for part in content]
        return None if None in parts else frozenset().union(*(part for part in parts if part is not None))
    found: frozenset[str] = frozenset()
    for part in content:
        words = first_words(part[1][0] if _is_optional(part) else part)
        if words is None:
            return None
        found |= words
        if not _is_optional(part):
            return found
    return None


def _is_optional(node: Node) -> bool:
    return node[0] == "any" and node[1][-1] == ("all", ())


def _sequence(nodes: Sequence[Node], tokens: Sequence[str], start: int, read: ReadSlot) -> Match:
    if not nodes:
        yield (), start
        return
    for bound, middle in match(nodes[0], tokens, start, read):
        for rest, end in _sequence(nodes[1:], tokens, middle, read):
            yield bound + rest, end


def _alternatives(parts: Sequence[str], at: int) -> tuple[Node, int]:
    found: list[Node] = []
    nodes: list[Node] = []
    while at < len(parts) and parts[at] not in (")", "]"):
        part = parts[at]
        at += 1
        if part == "|":
            found.append(("all", tuple(nodes)))
            nodes = []
        elif part in ("(", "["):
            inner, at = _alternatives(parts, at)
            if at >= len(parts) or parts[at] != {"(": ")", "[": "]"}[part]:
                raise ValueError(f"{' '.join(parts)!r} has brackets that do not match.")
            nodes.append(inner if part == "(" else _any((inner, ("all", ()))))
            at += 1
        else:
            nodes.append(("slot", part[1:-1]) if part.startswith("{") else ("word", part))
    found.append(("all", tuple(nodes)))
    return _any(tuple(found)), at


def _any(parts: tuple[Node, ...]) -> Node:
    return "any", parts, tuple(map(first_words, parts))
