"""Typical answers are what scores best when only the words are known."""

import pytest

from vlm2.questions.question import Question
from vlm2.training.typical_answers import TypicalAnswers, best_number


def size(thing: str, answer: str) -> Question:
    return Question("object_size_estimation", f"How long is the {thing}?", None, answer, slots={"thing": thing})


def nearest(target: str, letter: str, options: tuple[str, ...] = ("A. bed", "B. tv")) -> Question:
    return Question("object_rel_distance", "Which is closest?", options, letter, slots={"target": target})


def order(letter: str, options: tuple[str, ...]) -> Question:
    return Question("obj_appearance_order", "In what order?", options, letter)


def test_numbers_follow_the_name():
    learnt = TypicalAnswers([*(size("bed", a) for a in ("200", "205", "210")), size("cup", "9"), size("cup", "11")])
    assert 200 <= float(learnt.answer(size("bed", "190")).ground_truth) <= 210
    assert float(learnt.answer(size("cup", "30")).ground_truth) in (9, 10, 11)
    with pytest.raises(KeyError, match="teapot"):
        learnt.answer(size("teapot", "30"))


def test_a_distance_is_between_those_of_its_two_names():
    def far(first, second, answer):
        slots = {"first": first, "second": second}
        return Question("object_abs_distance", "How far?", None, answer, slots=slots)

    learnt = TypicalAnswers([far("bed", "pillow", "0.4"), far("stove", "tv", "6.0")])
    assert learnt.answer(far("pillow", "tv", "1.0")).ground_truth == "3.2"


def test_the_best_number_is_no_outlier():
    assert best_number((2.0, 2.1, 2.2, 9.0)) == pytest.approx(2.1, abs=0.1)


def test_options_follow_what_they_stand_beside_whatever_their_letters():
    learnt = TypicalAnswers([*[nearest("pillow", "A")] * 5, *[nearest("sofa", "B")] * 5])
    turned = ("A. tv", "B. bed")
    assert learnt.answer(nearest("pillow", "A", turned)).ground_truth == "B"
    assert learnt.answer(nearest("sofa", "B", turned)).ground_truth == "A"


def test_orders_follow_the_usual_places():
    seen = order("A", ("A. door, bed, cup, clock", "B. clock, bed, cup, door"))
    learnt = TypicalAnswers([seen] * 3)
    asked = order("A", ("A. clock, cup, bed, door", "B. cup, door, bed, clock", "C. door, cup, bed, clock"))
    assert learnt.answer(asked).ground_truth == "C"
