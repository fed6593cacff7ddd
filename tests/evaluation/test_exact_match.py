"""Free-form answers: how they are cleaned, compared and summed up."""

import pytest

from vlm2.evaluation.benchmark import Item
from vlm2.evaluation.exact_match import clean, commonest_answers, exact_match, summarize


def item(*answers, id="1", kind="what"):
    return Item(id, None, "scene", kind, "q", "q", None, answers)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (" The Left  side. ", "left side"),
        ("2", "two"),
        ("none", "zero"),
        ("23 chairs", "twenty-three chairs"),
        ("99", "99"),
        ("mat2", "mat"),
        ("tv on a table", "TV on table"),
        ("the a chair", "chair"),
        ("3 o' clock", "three o'clock"),
        ("5 oclock", "five o'clock"),
        ("brigth, tehre!", "right, there"),
        ("backwards", "backward"),
        ("", ""),
    ],
)
def test_cleaning(text, cleaned):
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("reply", "em", "refined"),
    [("A sofa.", 1, 1), ("the brown sofa", 0, 1), ("so", 0, 1), ("bed", 0, 0), ("", 0, 1)],
)
def test_refined_match_contains_or_is_contained(reply, em, refined):
    assert exact_match(item("sofa", "couch"), reply) == {"em": em, "em_refined": refined}


def test_the_summary_has_every_type_that_is_there():
    scores = [("what", {"em": 1.0}), ("what", {"em": 0.0}), ("how", {"em": 0.0})]
    assert summarize(scores) == pytest.approx({"em": 1 / 3, "em/what": 0.5, "em/how": 0.0})
    assert summarize([]) == {}


def test_chance_replies_with_the_commonest_answer_of_the_type():
    items = [item("Two", id="1"), item("2", id="2"), item("one", id="3"), item("yes", id="4", kind="is")]
    assert commonest_answers(items) == {"1": "two", "2": "two", "3": "two", "4": "yes"}
