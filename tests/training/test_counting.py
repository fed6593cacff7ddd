"""Counting is learnt from what homes' recollections show."""

import pytest
import torch
from recollections import CHAIR, TABLE, recollection

from vlm2.models.recall import Counting
from vlm2.questions.question import Question
from vlm2.training.counting import count_examples, fit_count_head


def question(thing: str, number: int, kind: str = "object_counting") -> Question:
    return Question(kind, "How many?", None, str(number), slots={"thing": thing})


def home(chairs: int, tables: int):
    """As many chairs in one row and tables in another, two metres apart; the questions count one table too many."""
    row = [(slot, CHAIR, (2.0 * slot, 0.0, 2.0)) for slot in range(chairs)]
    row += [(slot, TABLE, (2.0 * slot, 0.0, 9.0)) for slot in range(tables)]
    asked = [question("chair", chairs), question("table", tables + 1), question("unicorn", 5)]
    return recollection(*row, slots=6), [*asked, question("chair", 60, "object_size_estimation")]


def test_only_counted_things_with_a_name_are_learnt_from():
    known, names, numbers = count_examples([home(2, 3), home(1, 1)])
    assert names.tolist() == [CHAIR, TABLE, CHAIR, TABLE]
    assert numbers.tolist() == [2, 4, 1, 2]
    assert len(known) == 4
    with pytest.raises(ValueError, match="count head"):
        count_examples([(recollection(), [question("unicorn", 2)])])


def test_numbers_and_names_are_learnt_and_nothing_else_is_touched():
    torch.manual_seed(0)
    counting = Counting()
    homes = [home(chairs, tables) for chairs in range(1, 6) for tables in range(1, 6)]
    before = torch.random.get_rng_state()
    fit_count_head(counting, count_examples(homes), steps=800, batch=32)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert not counting.training and not any(p.requires_grad for p in counting.parameters())
    for chairs, tables in ((2, 4), (5, 1), (3, 3)):
        found, _ = home(chairs, tables)
        assert counting.number(found, CHAIR) == str(chairs)
        assert counting.number(found, TABLE) == str(tables + 1)
