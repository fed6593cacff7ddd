"""The facts that counting rests on, and what it makes of them."""

import math

import pytest
import torch
from recollections import CHAIR, TABLE, recollection
from toys import toy_model

from vlm2.models.recall.counting import FACTS, GREATEST, Counting, facts

ROW = [(slot, CHAIR, (float(slot), 0.0, 2.0)) for slot in range(4)]  # four chairs, a metre apart


def test_facts_tell_how_many_groups_there_are_at_every_distance():
    known = facts(recollection(*ROW), CHAIR)
    assert known.shape == (FACTS,)
    assert float(known[1]) == pytest.approx(math.log(4))
    assert (known[2:4] > 0.89).all() and known[4] < 0.02  # the likeliest, fourth and eleventh token
    groups = known[5 + 2 : 5 + 2 + 15].unflatten(0, (5, 3)).expm1().round()
    assert groups[:3, 0].tolist() == [4, 4, 4]  # joined within less than a metre: each for itself
    assert groups[3:, 0].tolist() == [1, 1]
    assert groups[:, 2].tolist() == [0, 0, 0, 1, 1]  # 3.6 together


def test_nothing_is_a_fact_too():
    known = facts(recollection(), TABLE)
    assert torch.isfinite(known).all() and known[5:].eq(0).all()


def test_the_number_said_is_the_one_of_the_least_expected_error():
    counting = Counting().eval()
    with torch.no_grad():
        counting.layers[3].weight.zero_()
        shares = torch.full((GREATEST,), 1e-6)
        shares[[1, 3, 4, 5]] = torch.tensor([0.35, 0.2, 0.25, 0.2])  # of 2, 4, 5 and 6
        counting.layers[3].bias.copy_(shares.log())
    assert counting.number(recollection(), CHAIR) == "5"  # 2 is likelier, and farther from all others


def test_a_model_in_training_counts_as_ever():
    model = toy_model(recall=True)
    before = model.counting.number(recollection(*ROW), CHAIR)
    assert model.train().counting.number(recollection(*ROW), CHAIR) == before
