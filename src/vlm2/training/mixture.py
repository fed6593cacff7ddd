"""A mixture: examples of several sources, each drawn by its weight and passed through in its own order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from torch.utils.data import Dataset


@runtime_checkable
class ExampleSource(Protocol):
    """Gives an example for any index from 0 on, always the same one; it goes on for ever."""

    def __getitem__(self, index: int) -> Any: ...


class Mixture(Dataset):
    """`length` examples, each of a source drawn with the probabilities `weights` (of any sum).

    Item i is the same whatever was asked before, so that a resumed run and one on several processes see the same data.
    Raises ValueError for weights that are not one a source, below 0, or all 0.
    """

    def __init__(self, sources: Sequence[ExampleSource], weights: Sequence[float], length: int, seed: int) -> None:
        shares = np.asarray(weights, dtype=float)
        if len(shares) != len(sources) or (shares < 0).any() or not 0 < shares.sum() < np.inf:
            raise ValueError(
                f"The weights {list(weights)} do not mix {len(sources)} sources: give each a weight of 0 or more, and "
                "one of them more than 0."
            )
        self.sources = sources
        rng = np.random.default_rng([seed, 3])
        self.chosen = rng.choice(len(sources), size=length, p=shares / shares.sum())
        self.places = np.empty(length, dtype=int)  # how often the same source was chosen before
        for source in range(len(sources)):
            mine = self.chosen == source
            self.places[mine] = np.arange(mine.sum())

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, index: int) -> Any:
        return self.sources[self.chosen[index]][int(self.places[index])]
