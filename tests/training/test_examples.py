"""Mixtures: shares as weighted, each source in its own order, the same item for the same index."""

import pytest
from torch.utils.data import Dataset

from vlm2.training.examples import Mixture


class Counting(Dataset):
    def __init__(self, name):
        self.name = name

    def __getitem__(self, index):
        return self.name, index


SOURCES = (Counting("a"), Counting("b"), Counting("c"))


def test_sources_have_their_shares_and_their_order():
    mixture = Mixture(SOURCES, (3.0, 1.0, 0.0), 4000, seed=1)
    items = [mixture[i] for i in range(len(mixture))]
    of = {name: [index for source, index in items if source == name] for name in "abc"}
    assert of["a"] == list(range(len(of["a"]))) and of["b"] == list(range(len(of["b"]))) and not of["c"]
    assert abs(len(of["a"]) - 3000) < 100
    again = Mixture(SOURCES, (3.0, 1.0, 0.0), 4000, seed=1)
    assert [again[i] for i in (3999, 7, 100)] == [items[i] for i in (3999, 7, 100)]
    other = Mixture(SOURCES, (3.0, 1.0, 0.0), 4000, seed=2)
    assert [other[i] for i in range(50)] != items[:50]


@pytest.mark.parametrize("weights", [(1.0,), (1.0, -1.0, 1.0), (0.0, 0.0, 0.0), (float("inf"), 1.0, 1.0)])
def test_weights_that_mix_nothing_are_refused(weights):
    with pytest.raises(ValueError, match="do not mix 3 sources"):
        Mixture(SOURCES, weights, 5, seed=0)
