"""What a row may hold: values with one clear meaning are read, all others refused in words."""

from __future__ import annotations

import re
from typing import Any

import pytest

from vlm2.questions.row import read_row

NAN = float("nan")
COUNT = {"question": "How many?", "question_type": "object_counting", "options": None, "ground_truth": "4"}
LENGTH = COUNT | {"question_type": "object_abs_distance"}
CHOICE = {"question": "Which?", "question_type": "object_rel_distance", "options": ["A. sofa", "B. chair"]}
WORDS = {"question": "What?", "ground_truth": "a chair"}


@pytest.mark.parametrize(
    ("row", "truth", "read"),
    [
        (COUNT, 3, "3"),
        (COUNT, 3.0, "3"),
        (COUNT, "3", "3"),
        (COUNT, "3.0", "3"),
        (LENGTH, "3.50", "3.50"),
        (LENGTH, 3, "3"),
        (LENGTH, 2.5, "2.5"),
        (LENGTH, 0, "0"),
        (CHOICE, "B", "B"),
        (CHOICE, "b", "B"),
        (CHOICE, " B ", "B"),
        (CHOICE, "(B)", "B"),
        (CHOICE, "B.", "B"),
        (CHOICE, "B. chair", "B"),
        (CHOICE, "(B) Chair", "B"),
        (WORDS, "a chair", "a chair"),
        (WORDS, 3.5, "3.5"),
        (WORDS, "3.5 m", "3.5 m"),
        (WORDS, "two", "two"),
        (WORDS, None, ""),
    ],
)
def test_a_truth_with_one_clear_meaning_is_read(row: dict, truth: Any, read: str) -> None:
    assert read_row(row | {"ground_truth": truth}).question.ground_truth == read


@pytest.mark.parametrize("row", [COUNT, LENGTH, CHOICE, WORDS])
@pytest.mark.parametrize("truth", [NAN, float("inf"), "nan", "", "  ", True, ["4"], {"value": 4}])
def test_what_is_no_truth_is_refused(row: dict, truth: Any) -> None:
    with pytest.raises(ValueError, match="the ground_truth is"):
        read_row(row | {"ground_truth": truth})


@pytest.mark.parametrize("truth", ["3.5 m", "two", "3,5", "1_000", "٣", "0x10", "inf", "1e999", "B"])
def test_a_number_is_digits_alone(truth: str) -> None:
    with pytest.raises(ValueError, match="finite number in digits without its unit"):
        read_row(LENGTH | {"ground_truth": truth})


def test_a_count_is_whole() -> None:
    with pytest.raises(ValueError, match="a count is a whole number"):
        read_row(COUNT | {"ground_truth": 3.5})


@pytest.mark.parametrize("truth", ["C", "chair", 1, "B. sofa", "A or B", "BB", "A, B"])
def test_a_choice_is_a_letter_of_its_options(truth: Any) -> None:
    with pytest.raises(ValueError, match="no letter of the 2 options; write one of A, B|option B is 'chair'"):
        read_row(CHOICE | {"ground_truth": truth})


@pytest.mark.parametrize("options", [None, NAN, []])
def test_no_options_are_none(options: Any) -> None:
    assert read_row(WORDS | {"options": options}).question.options is None
    assert read_row(WORDS).question.options is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("['A. x', 'B. y']", "looks like a list"),
        ("A. x", "a list of two to 8"),
        ({"A": "x", "B": "y"}, "a list of two to 8"),
        (3, "a list of two to 8"),
        (True, "a list of two to 8"),
        (["A. x"], "a list of two to 8"),
        ([f"{letter}. x" for letter in "ABCDEFGHI"], "a list of two to 8"),
        (["A. x", 3], "a list of two to 8 texts"),
        (["A. x", None], "a list of two to 8 texts"),
        (["A. x", ""], "a list of two to 8 texts"),
        (["x", "y"], "begin with their letters: A. …, B. …"),
        (["A) x", "B) y"], "begin with their letters"),
        (["B. x", "A. y"], "begin with their letters"),
        (["A. x", "B. "], "begin with their letters"),
    ],
)
def test_what_are_no_options_is_refused(options: Any, words: str) -> None:
    with pytest.raises(ValueError, match="the options are") as error:
        read_row(CHOICE | {"options": options, "ground_truth": "A"})
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"question": ""}, "the question is ''"),
        ({"question": " \n"}, "the question is"),
        ({"question": 3}, "the question is 3"),
        ({"question": NAN}, "the question is nan"),
        ({"question": None}, "it lacks question"),
        ({"question_type": 3}, "the question_type is 3"),
        ({"question_type": ["object_counting"]}, "the question_type is"),
        ({"dataset": 3}, "the dataset is 3"),
        ({"scene_name": NAN}, "the scene_name is nan"),
        ({"scene_name": 4.0}, "the scene_name is 4.0"),
        ({"scene_name": True}, "the scene_name is True"),
        ({"scene_name": "a\0b"}, "the scene_name is"),
        ({"scene_name": None}, "it lacks scene_name"),
        ({"ground_truth": None}, "it lacks ground_truth"),
        ({"id": [1]}, "the id is [1]"),
        ({"id": True}, "the id is True"),
        ({"times": "1"}, "the times are"),
        ({"times": [NAN]}, "the times are"),
        ({"answers": "chair"}, "the answers are"),
        ({"answers": [""]}, "the answers are"),
    ],
)
def test_other_fields_are_checked(changed: dict, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        read_row(WORDS | {"scene_name": "kitchen"} | changed, scene=True, truth=True)


def test_a_scene_may_be_a_number_and_missing_values_are_absent() -> None:
    row = read_row(WORDS | {"scene_name": 41069025, "dataset": NAN, "question_type": NAN, "id": 7}, scene=True)
    assert (row.scene, row.dataset, row.id, row.question.question_type) == ("41069025", "", "7", "question")


def test_options_may_lack_letters_where_a_benchmark_publishes_them_so() -> None:
    row = read_row(CHOICE | {"options": ["sofa", "chair"], "ground_truth": "B"}, lettered=False)
    assert row.question.options == ("sofa", "chair")
