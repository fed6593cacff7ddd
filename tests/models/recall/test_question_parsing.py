"""Questions in people's own words: what is asked for, who stands where, and what is compared.

Most of these were written by someone who saw neither the rules nor the other wordings, and helped to make the rules.
"""

import pytest

from vlm2.models.recall.question_parsing import ParsedQuestion
from vlm2.scenes.vocabulary import VOCABULARY

SIDES = ("left", "right", "back")
QUARTERS = ("front-left", "front-right", "back-left", "back-right")
STEPS = "1. [please fill in] 2. Go forward until the sofa 3. [please fill in] 4. Go forward until the tv."


def read(question: str, options: tuple[str, ...] = ()) -> ParsedQuestion:
    lines = [f"{letter}. {option}" for letter, option in zip("ABCD", options, strict=False)]
    return ParsedQuestion.of("\n".join([question, *lines]))


def words(*names: int) -> list[str]:
    return [VOCABULARY[name] for name in names]


@pytest.mark.parametrize(
    ("question", "options"),
    [
        ("At the chair, facing table. sofa: left or right?", SIDES[:2]),
        (
            "My gran doesn't see well, so I'm describing the place to her over the phone. She's stood at the chair "
            "with the table straight ahead of her; which hand should she reach out with to point towards the sofa?",
            SIDES[:2],
        ),
        (
            "Where do I find the sofa, to the left side or to the right side, when I stay beside the chair and my eyes "
            "go to the table?",
            (),
        ),
        ("Viewed from the chair, which side of the table has the sofa?", SIDES[:2]),
        ("Picture me at the chair, looking straight at the table. Is the sofa off to my left, or behind me?", SIDES),
        ("would the sofa be left, right or at my back if i stood by the chair and faced the table?", ()),
        (
            "I go and stand next to the chair, I turn until I'm facing the table, and then I want to look at the sofa "
            "instead. Do I turn left, turn right, or spin round to what's behind me?",
            SIDES,
        ),
        ("I am in the position of the chair and I look in direction of the table. The sofa is then where?", SIDES),
        (
            "Imagine there's a big plus sign on the floor with me in the middle of it, right by the chair, and its "
            "forward arm points at the table. Which of the four quarters has the sofa in it?",
            QUARTERS,
        ),
        (
            "Tell me please if the sofa is in front-left, front-right, back-left or back-right of a person who stands "
            "near the chair with the face turned to the table.",
            QUARTERS,
        ),
        ("With the chair at my back and the table ahead, is the sofa left or right?", ()),
        ("Your viewer stood at the chair, turned to the table. Which hand would the sofa be on?", SIDES[:2]),
        (
            "I'm at the chair and my nose is pointing at the table! Is the sofa in front of me or behind me, and is it "
            "on the left side or the right side?",
            QUARTERS,
        ),
        ("When I look from the chair to the table, on which side of the table is the sofa?", SIDES[:2]),
    ],
)
def test_who_stands_where_and_looks_where(question, options):
    asked = read(question, options)
    assert asked.kind == "direction" and asked.roles is not None
    assert words(asked.roles.stand, asked.roles.face, *asked.roles.others) == ["chair", "table", "sofa"]


@pytest.mark.parametrize(
    "question",
    [
        "I've got a little robot parked at the chair, pointing at the table, and I want it to end up at the tv. "
        + STEPS,
        "starting by the chair, facing table, heading for the tv. what turns go in the blanks? " + STEPS,
        "He'll be stood at the chair with the table in front of him. Can you complete them? " + STEPS + " Then the tv.",
        "Please complete the turns: "
        + STEPS
        + " The person begins at the chair with his face to the table. Then the tv.",
    ],
)
def test_the_start_of_a_way(question):
    asked = read(question)
    assert asked.kind == "route" and words(*asked.roles[:2]) == ["chair", "table"]
    assert [gap or VOCABULARY[goal] for gap, goal in asked.steps] == [True, "sofa", True, "tv"]


@pytest.mark.parametrize(
    ("question", "options", "kind"),
    [
        ("Say I'm right next to the chair. Which of these things has the shortest gap to it?", True, "nearest"),
        ("From these objects, which one has the smallest distance until the chair?", True, "nearest"),
        ("Name the thing next to the chair among sofa, table, tv.", False, "nearest"),
        ("Starting from the chair, which is the shortest way: to the sofa, the table or the tv?", False, "nearest"),
        ("Which of these is the furthest away from the chair?", True, "farthest"),
    ],
)
def test_what_is_compared(question, options, kind):
    asked = read(question, ("sofa", "table", "tv") if options else ())
    assert asked.kind == kind and asked.compared is not None
    assert words(asked.compared[0], *asked.compared[1]) == ["chair", "sofa", "table", "tv"]


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        (
            "If I ran a tape measure from the chair to the sofa, nearest edge to nearest edge, how many metres?",
            "distance",
        ),
        ("what's the gap between chair and sofa in meters? closest points, not the middles", "distance"),
        ("Could you tally up the chairs for me? I'm doing an inventory and don't want any counted twice.", "number"),
        ("In this home there is how much chairs altogether?", "number"),
        ("What's the chair count?", "number"),
        ("how many chairs did I get on camera in here?", "number"),
        ("How many metres wide is the chair?", None),
        ("If I wanted a new carpet everywhere, how many square meters would I need?", "area"),
        ("What is the surface of the place I have filmed, in m²?", "area"),
        ("How many square meters is the rug?", None),
        ("Arrange these from earliest to latest seen: chair, sofa, tv.", "order"),
        ("I stand by the chair and face the table. Is there a sofa to my left?", None),
        ("I'm at the chair, and the table is straight ahead. Which object is to my left?", None),
        ("I'm at the chair, and the table is straight ahead. Count the sofas to my left.", None),
        ("What color is the sofa?", None),
        ("I stand by the chair, facing the table: 1. Where is the sofa? 2. Is it left or right?", None),
    ],
)
def test_what_is_asked_for(question, kind):
    assert read(question).kind == kind


def test_options_that_list_things_ask_for_their_order():
    lists = ("sofa, tv", "tv, sofa")
    assert read("put these in the order they first show up on camera: sofa, tv", lists).kind == "order"
    assert read("Which came up first in my video, and which after that?", lists).kind == "order"
    assert read("Which two are closest to each other?", lists).kind is None
