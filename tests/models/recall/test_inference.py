"""What is told for a question follows from where and when things were seen, whatever words it is asked in."""

import pytest
import torch
from recollections import CHAIR, TABLE, recollection

from vlm2.models.recall import Counting, append_recalled, infer
from vlm2.models.recall.inference import turn
from vlm2.scenes.vocabulary import category_index

SOFA, TV = category_index("sofa"), category_index("tv")


def shown(slot: int, name: int, x: float, z: float) -> list:
    return [(slot, name, (x, 0.0, z + 0.1 * i)) for i in range(3)]


# Seen from above, z upwards: the table 3 m ahead of the chair, the sofa 2 m to its right, the tv behind it.
HOME = recollection(
    *shown(1, CHAIR, 0, 0), *shown(0, TABLE, 0, 3), *shown(2, SOFA, 2, 0.4), *shown(3, TV, -0.2, -4), tokens=8
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("If I am standing by the chair and facing the table, is the sofa to the left or the right of it?", "right"),
        ("At chair, facing sofa: where is table?", "left"),
        ("Is the sofa on my left or right when I stand by the chair and face the table?", "right"),
        ("I face the table. I am next to the chair. Is the couch left or right?", "right"),
        ("I am at the chair with the table ahead. Which way do I turn to see the sofa?", "right"),
        ("When I look from the chair to the table, on which side of it is the sofa?", "right"),
        ("Seen from the chair, is the sofa left or right of the table?", "right"),
        ("Facing the table at the chair, in which quadrant do I find the sofa?", "front-right"),
        ("At chair, facing table: where is tv?\nA. left\nB. back\nC. right", "back"),
        ("At chair, facing table: where is sofa?\nA. back-left\nB. front-right", "front-right"),
        ("Standing at the chair and facing the table, is there a sofa to my left?", None),  # yes or no
        ("What will be the first-time appearance order of: sofa, table, tv, chair?", "table, chair, sofa, tv"),
        ("Which order?\nA. tv, sofa\nB. chair, sofa\nC. sofa, chair", "chair, sofa"),
        ("From the closest point of each, which of these (sofa, table, tv) is the closest to the chair?", "sofa"),
        ("Closest to the table?\nA. tv\nB. chair\nC. sofa", "chair"),
        ("I am at the table. Which of these would I reach first: the tv, the chair or the sofa?", "chair"),
        ("What came first, second and third: sofa, chair, table?", "table, chair, sofa"),
        ("How many chairs are there?", None),
        ("At 3 s, was the chair left or right of the sofa?", None),  # of a moment
        ("How far was the camera from the chair after 4 seconds?", None),
        ("What is my name?", None),
    ],
)  # fmt: skip
def test_answers_follow(question, answer):
    assert infer(HOME, question) == answer


class Sevens(Counting):
    """Counts seven of everything."""

    def number(self, recollection, name):
        return "7"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How many chair(s) are in this room?", "7"),
        ("Count the chairs.", "7"),
        ("Number of different chairs?", "7"),
        ("What is the total count of chairs?", "7"),
        ("How many red chairs are there?", None),
        ("How many chairs stand by the table?", None),
        ("How many centimeters does the chair measure at its longest?", None),
        ("How many chairs are there at 3 s?", None),
        ("How many are there?", None),
    ],
)
def test_only_what_is_asked_for_is_counted(question, answer):
    assert infer(HOME, question, Sevens()) == answer


@pytest.mark.parametrize(("unit", "metres"), [("meters", 1), ("centimeters", 100), ("feet", 3.28084)])
def test_a_distance_comes_in_the_unit_asked_for(unit, metres):
    answer = infer(HOME, f"How far is the chair from the sofa, in {unit}?")
    assert float(answer) == pytest.approx(0.9 * 2 * metres, rel=0.05)


def test_a_way_is_told_by_the_turns_that_it_lacks():
    start = "You are a robot beginning at the chair and facing the table. (For each [please fill in] choose.)"
    way = f"{start} 1. [please fill in] 2. Go forward until the sofa 3. [please fill in] 4. Go forward until the tv"
    assert infer(HOME, way) == "Turn Right, Turn Right"
    assert (
        infer(HOME, f"{start} 1. Go forward until the table 2. [please fill in] 3. Go forward until the tv")
        == "Turn Back"
    )
    assert infer(HOME, f"{way}\nA. Turn Left, Turn Back\nB. Turn Left, Turn Right") == "Turn Left, Turn Right"
    assert infer(HOME, f"{way}\nA. Turn Left,Turn Back\nB. Turn Left,Turn Right") == "Turn Left,Turn Right"
    assert infer(HOME, start) is None


def test_what_follows_is_told_before_the_options():
    asked = "Which order?\nOptions:\nA. chair, table\nB. table, chair\nAnswer with the letter."
    answered = (
        "Which order? It is: B. table, chair.\nOptions:\nA. chair, table\nB. table, chair\nAnswer with the letter."
    )
    assert append_recalled(asked, infer(HOME, asked)) == answered
    assert append_recalled("Which order?\n- chair\n- table", "table") == "Which order?\n- chair\n- table It is: table."
    assert append_recalled("What is my name?", None) == "What is my name?"


@pytest.mark.parametrize(
    ("options", "inferred", "said"),
    [
        ("A. Bed\nB. Couch", "sofa", "B. Couch"),
        ("A. Chairs\nB. tables", "table", "B. tables"),
        ("A. Left\nB. Right", "right", "B. Right"),
        ("A. couch, chair\nB. chair, couch", "chair, sofa", "B. chair, couch"),
        ("A. sofa left of tv\nB. sofa right of tv", "sofa right of tv", "B. sofa right of tv"),
        ("A. couch\nB. sofa", "sofa", "B. sofa"),
        ("A. couch\nB. settee", "sofa", "sofa"),  # either
        ("A. bed\nB. chair", "sofa", "sofa"),
    ],
)
def test_an_option_that_says_the_same_is_told_with_its_letter(options, inferred, said):
    assert append_recalled(f"Which?\n{options}", inferred) == f"Which? It is: {said}.\n{options}"


@pytest.mark.parametrize(
    ("target", "angle"), [((1, 0), 90), ((-1, 0), -90), ((0, 1), 0), ((1, 1), 45), ((-2, -2), -135)]
)
def test_a_turn_to_the_right_is_positive(target, angle):
    stand, face = torch.tensor([3.0, 5, -1]), torch.tensor([3.0, 1, 2])
    assert turn(stand, face, stand + torch.tensor([target[0], 0, target[1]])) == pytest.approx(angle, abs=1e-3)
