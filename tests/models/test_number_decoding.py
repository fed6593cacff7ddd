"""The number that is expected to come nearest."""

import math
from itertools import product

import torch

from vlm2.models.number_decoding import LEAST_PROBABILITY, nearest_expected, number_distribution


def test_the_best_number_lies_amid_those_that_are_likely():
    spread = {"1.1": 0.2, "1.9": 0.2, "2.4": 0.2, "2.8": 0.2, "3.5": 0.2}
    assert nearest_expected(spread) in ("2.4", "2.8")
    assert nearest_expected({"1": 0.35, "5": 0.2, "6": 0.25, "7": 0.2}) == "6"
    assert nearest_expected({"7": 0.9, "70": 0.1}) == "7"


def test_what_is_no_number_does_not_count():
    assert nearest_expected({".": 0.6, "1.2.3": 0.3, "4": 0.1}) == "4"
    assert nearest_expected({".": 1.0}) is None and nearest_expected({}) is None


def test_the_tree_gives_the_probability_of_every_likely_number():
    table = torch.randn(7, 6, generator=torch.Generator().manual_seed(0)) * 1.5  # next logits by the tokens' sum mod 7
    figures, stop, paths = (0, 1, 2), (5,), {}

    def read(tokens, seen):
        sums = []
        for token, row in zip(tokens, seen, strict=True):
            earlier = [paths[i] for i in row.nonzero().flatten().tolist() if i in paths]
            assert len(earlier) == int(row.sum()) - 1  # all ancestors are there, and the node itself is new
            sums.append(sum(earlier) + token)
        paths.update(zip(range(len(paths), len(paths) + len(tokens)), tokens, strict=True))
        return table[[s % 7 for s in sums]]

    found = number_distribution(table[0], figures, stop, read)
    for length in (1, 2, 3):
        for ids in product(figures, repeat=length):
            chance, total = 1.0, 0
            for token in (*ids, 5):
                chance *= float(torch.softmax(table[total % 7], -1)[token])
                total += token
            if chance >= 2 * LEAST_PROBABILITY:
                assert math.isclose(found[ids], chance, rel_tol=1e-5)
