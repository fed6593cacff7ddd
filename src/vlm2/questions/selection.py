"""Random orders in which questions are drawn from what a scene offers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np

K = TypeVar("K")
T = TypeVar("T")


def shuffled(things: Sequence[T], rng: np.random.Generator) -> list[T]:
    """Return the things in random order."""
    return [things[index] for index in rng.permutation(len(things))]


def by_turns(groups: Mapping[K, Sequence[T]], rng: np.random.Generator, least: int = 1) -> Iterator[tuple[K, T]]:
    """Yield the members of all groups, each group's in random order and the groups by turns, as long as at least
    `least` groups have one left: so no answer is much commoner than another."""
    left = {name: shuffled(members, rng) for name, members in groups.items() if members}
    while len(left) >= max(least, 1):
        for name in shuffled(list(left), rng):
            yield name, left[name].pop()
        left = {name: members for name, members in left.items() if members}
