"""Random orders of candidates for questions, with their answers balanced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np

K = TypeVar("K")
T = TypeVar("T")


def shuffled(things: Sequence[T], rng: np.random.Generator) -> list[T]:
    """Return the things in random order."""
    return [things[index] for index in rng.permutation(len(things))]


def grouped(pairs: Iterable[tuple[K, T]]) -> dict[K, list[T]]:
    """Return the members of each key, the keys in the order of their first pair."""
    groups: dict[K, list[T]] = {}
    for key, thing in pairs:
        groups.setdefault(key, []).append(thing)
    return groups


def take_turns(groups: dict[K, list[T]], rng: np.random.Generator, least: int = 1) -> Iterator[tuple[K, T]]:
    """Yield the last members of the groups by turns, the groups in random order, while `least` groups have any left.

    So no group is much more frequent than another.
    """
    while len(groups) >= max(least, 1):
        for key in shuffled(list(groups), rng):
            yield key, groups[key].pop()
        groups = {key: members for key, members in groups.items() if members}


def by_turns(pairs: Iterable[tuple[K, T]], rng: np.random.Generator, least: int = 1) -> Iterator[tuple[K, T]]:
    """Yield (answer, candidate) pairs in random order, the answers by turns; see `take_turns`."""
    groups = {key: shuffled(members, rng) for key, members in grouped(pairs).items()}
    return take_turns(groups, rng, least)
