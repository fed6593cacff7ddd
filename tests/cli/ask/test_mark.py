"""What counts as right."""

import pytest

from vlm2.cli.ask.mark import mark
from vlm2.questions.question import Question

OPTIONS = ("A. left", "B. right")


@pytest.mark.parametrize(
    ("question", "reply", "right", "accuracy"),
    [
        (Question("object_rel_direction_easy", "?", OPTIONS, "B"), "B", True, None),
        (Question("object_rel_direction_easy", "?", OPTIONS, "B"), "b. right", True, None),
        (Question("object_rel_direction_easy", "?", OPTIONS, "B"), "right", False, None),
        (Question("object_counting", "?", None, "5"), "5", True, 1.0),
        (Question("object_counting", "?", None, "5"), "6", False, 0.6),
        (Question("room_size_estimation", "?", None, "10"), "13", True, 0.5),
        (Question("room_size_estimation", "?", None, "10"), "about 13.1 m", False, 0.4),
        (Question("room_size_estimation", "?", None, "10"), "large", False, 0.0),
        (Question("which_colour", "?", None, "dark red", answers=("dark red", "red")), "Red.", True, None),
        (Question("which_colour", "?", None, "red"), "blue", False, None),
    ],
)
def test_a_reply_is_right_by_the_rules_of_its_kind_of_question(question, reply, right, accuracy):
    marked = mark(question, reply)
    assert marked.right is right and marked.accuracy == pytest.approx(accuracy)
