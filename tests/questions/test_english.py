"""Words are put as people put them."""

from __future__ import annotations

from vlm2.questions.english import either, listed, names


def test_lists_are_put_as_the_benchmarks_put_them() -> None:
    assert either(["bed", "sofa", "tv"]) == "the bed, the sofa or the tv"
    assert listed(["Left", "Right"]) == "Left and Right"
    assert listed(["Left", "Right", "Forward"]) == "Left, Right, and Forward"


def test_answers_use_other_names_that_questions_do_not_understand_alone() -> None:
    assert names("sofa") == ("sofa", "couch")
    assert names("lamp") == ("lamp", "light")
