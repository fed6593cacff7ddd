"""Follow-ups as questions of their own: single cases, and conversations written by strangers."""

from __future__ import annotations

from pathlib import Path

import pytest

from vlm2.query import Unplanned, call_of
from vlm2.query.follow_ups import depends, in_full
from vlm2.query.planners import rules
from vlm2.streaming.intent_planner import IntentPlanner

CONVERSATIONS = Path(__file__).parent / "conversations"


@pytest.mark.parametrize(
    ("before", "said", "full"),
    [
        ("How many chairs are in the kitchen?", "and tables?", "How many tables are in the kitchen?"),
        ("How many chairs are in the kitchen?", "What about the bedroom?", "How many chairs are in the bedroom?"),
        ("How many chairs are in the kitchen?", "where are they?", "Where are the chairs in the kitchen?"),
        ("How many chairs are in the kitchen?", "any in the bedroom?", "Are there any chairs in the bedroom?"),
        ("How many chairs are there?", "in the kitchen?", "How many chairs are there in the kitchen?"),
        ("How far is the sofa from the TV?", "and the lamp?", "How far is the lamp from the TV?"),
        ("How far is the sofa from the TV?", "and from the door?", "How far is the sofa from the door?"),
        ("How far is the sofa from the TV?", "In feet, please", "How far is the sofa from the TV, in feet?"),
        ("How tall is the lamp?", "and its width?", "What is the width of the lamp?"),
        ("How tall is the lamp?", "taller than the desk?", "Is the lamp taller than the desk?"),
        ("Where is the lamp?", "what colour?", "What colour is the lamp?"),
        ("Where is the lamp?", "which room is it in?", "Which room is the lamp in?"),
        ("Where is the lamp?", "the red one?", "Where is the red lamp?"),
        ("What is on the desk?", "and under it?", "What is under the desk?"),
        ("When did you first see the cup?", "and last?", "When did you last see the cup?"),
        ("Which is closest to the bed, the lamp or the desk?", "and to the door?",
         "Which is closest to the door, the lamp or the desk?"),
        ("I stand by the sofa and face the TV. Is the door to my left?", "And the window?",
         "I stand by the sofa and face the TV. Is the window to my left?"),
        ("I stand by the sofa and face the TV. Is the door to my left?", "And to my right?",
         "I stand by the sofa and face the TV. Is the door to my right?"),
    ],
)  # fmt: skip
def test_a_follow_up_becomes_a_question_of_its_own(before: str, said: str, full: str) -> None:
    assert in_full(said, before) == full
    assert not isinstance(rules.plan(full), Unplanned)


@pytest.mark.parametrize("said", ["and why?", "thanks!", "", "???", "who bought it?", "is that good?", "good night"])
def test_what_does_not_follow_on_is_left(said: str) -> None:
    assert in_full(said, "Where is the lamp?") is None


def test_nothing_follows_a_question_that_was_not_understood() -> None:
    assert in_full("and the lamp?", "Who painted the wall?") is None


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("Where is the lamp?", "how far is it from here to the door?"),  # "it" is no thing here
        ("How many tables are in the kitchen?", "how big is it?"),  # the kitchen
        ("What is on the desk?", "how big is it?"),  # what is on it
        ("What is on the desk?", "the biggest?"),
        ("How many chairs are there?", "and the biggest?"),
        ("How far is the sofa from the TV?", "what is between them?"),
        ("How far is the sofa from the TV?", "and the TV?"),
        ("How many cups are in the kitchen?", "in the house?"),
        ("Which is closest to the sofa, the lamp or the desk?", "or the chair?"),
        ("I stand by the sofa and face the TV. What is on my right?", "if I turn left?"),
        ("I stand by the sofa and face the TV. What is on my right?", "any chairs?"),
        ("What is behind me if I stand at the table and face the window?", "and on my right?"),
        ("Where is the lamp?", "Can you give me the width of the front door in centimetres?"),
        ("What is on the desk?", "Remind me, what's the colour of the rug under the table?"),
        ("How tall is the lamp?", "and deep?"),
        ("Where is the lamp?", "How many of these rooms are there?"),
        ("How far is the sofa from the TV?", "how far is that in feet?"),  # no longer "from the TV"
        ("I sit on the sofa facing the TV. Where is the lamp?", "is it behind me?"),
        ("How many lamps are next to the bed?", "and the sofa?"),  # next to the sofa
        ("What is on the sofa?", "anything in the fridge?"),
        ("Which chair is the tallest?", "and the oldest?"),
        ("Which is taller, the lamp or the plant?", "and the shelf?"),  # one more
        ("How far apart are the sofa and the table?", "and the lamp?"),
        ("What is the height of the shelf?", "from the floor?"),
        ("What's on the table?", "a cup?"),
        ("Which chair is closest to the door?", "in the kitchen?"),
    ],
)
def test_what_may_be_meant_otherwise_is_left(before: str, said: str) -> None:
    assert in_full(said, before) is None


@pytest.mark.parametrize(
    ("before", "said", "full"),
    [
        ("How far is the sofa from the TV?", "From the  door?", "How far is the sofa from the door?"),
        ("Where is the lamp?", "What colour’s that?", "What colour is the lamp?"),
        ("How many chairs are there?", "And the bed?", "How many beds are there?"),
        ("How many lamps are in the bedroom?", "kitchen?", "How many lamps are in kitchen?"),
        ("Is the lamp red?", "what colour is it?", "What colour is the lamp?"),
        ("I stand at the door looking at the bed. What is on my left?", "by the sofa?",
         "I stand at the sofa looking at the bed. What is on my left?"),
        ("Which chair is the tallest?", "And the table?", "Which table is the tallest?"),
        ("What is on the desk?", "any lamps?", "Is there any lamps on the desk?"),
        ("What is the distance between the bed and the desk?", "and to the door?",
         "What is the distance between the bed and the door?"),
    ],
)  # fmt: skip
def test_case_spaces_and_articles_do_not_matter(before: str, said: str, full: str) -> None:
    assert in_full(said, before) == full


@pytest.mark.parametrize(
    "said", ["x" + ", please" * 200 + " x", "x" + " " * 5000 + "y", "please " * 200, "and " * 5000]
)
def test_long_texts_are_left_at_once(said: str) -> None:
    assert in_full(said, "Where is the lamp?") is None


def test_what_depends_on_the_question_before() -> None:
    stood = "I stand by the sofa and face the TV. Is the lamp to my left?"
    asked = [
        ("and the lamp?", None),
        ("How big is it?", None),
        ("in square feet?", None),
        ("Are there chairs to my right?", stood),
        ("the plant, left or right?", stood),
        ("Are there chairs to my right?", "Where is the lamp?"),
        ("How big is the kitchen?", stood),
        ("How far is it from the bed to the desk?", stood),
    ]
    found = [depends(text, rules.plan(text), before, before == stood) for text, before in asked]
    assert found == [True, True, True, True, True, False, False, False]


PLANNER = IntentPlanner()


@pytest.mark.parametrize(
    ("number", "least", "most_other"),
    [
        pytest.param(1, 43, 7, marks=pytest.mark.full),
        pytest.param(2, 40, 5, marks=pytest.mark.full),
        pytest.param(3, 45, 6, marks=pytest.mark.full),
        pytest.param(4, 38, 4, marks=pytest.mark.full),
        (5, 51, 1),
    ],
)
def test_strangers_conversations(number: int, least: int, most_other: int) -> None:
    right, other, answered = [], [], []
    for line in (CONVERSATIONS / f"{number}.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        before, said, meant = (part.strip() for part in line.split("|"))
        query = PLANNER.read(said, earlier=[before]).query
        if not isinstance(query, Unplanned):
            kind = answered if meant == "none" else right if query == PLANNER.read(meant).query else other
            kind.append(f"{line}: {call_of(query)}")
    assert len(right) >= least, right
    assert len(other) <= most_other and len(answered) <= (number in (1, 5)), "\n".join(other + answered)


def test_which_one_is_about_the_things_before() -> None:
    assert (
        in_full("Which one is closest to the tv?", "How many chairs are there?") == "Which chair is closest to the tv?"
    )
    assert (
        in_full("Which one is closest to the door?", "What colour is the sofa?") == "Which sofa is closest to the door?"
    )
    assert in_full("Which is the tallest?", "How many chairs are there?") == "Which chair is the tallest?"
    assert in_full("Which one is on the desk?", "How many cups are there?") is None
