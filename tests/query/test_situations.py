"""Situations: where someone says that they are, what they do there, and on which side things are."""

from __future__ import annotations

import pytest

from vlm2.query import Unplanned, call_of, parse_call
from vlm2.query.planners.rules import plan

VIEWS = {
    # what one does at a thing
    "I am cleaning the oven.": "view(at=oven, facing=oven)",
    "I am throwing some paper into the bin.": "view(at=bin, facing=bin)",
    "I am taking a book from the shelf.": "view(at=shelf, facing=shelf)",
    "I am looking for my shirt in the closet.": "view(at=closet, facing=closet)",
    "I am drying my hands in front of the sink.": "view(at=sink, facing=sink)",
    "Folding a blanket while looking at the tv.": "view(at=blanket, facing=tv)",
    "I am sitting on the stool and wiping the counter.": "view(at=stool, facing=counter)",
    "I am crouching by and facing the crate.": "view(at=crate, facing=crate)",
    # what one does anywhere
    "I am sitting on the sofa drinking tea and facing the door.": "view(at=sofa, facing=door)",
    "I am standing and I am facing the desk with a bed on my left.": "view(facing=desk, cues=[[left, bed]])",
    # what one faces
    "I am at the bed, looking out the window.": "view(at=bed, facing=window)",
    "I am at the bed, facing the dresser across the room.": "view(at=bed, facing=dresser)",
    "I am at the bed facing the dresser and the lamp.": "view(at=bed, facing=dresser, cues=[[front, lamp]])",
    "I am walking towards the door.": "view(facing=door)",
    "I am at the bed facing away from the closet.": "view(at=bed, cues=[[back, closet]])",
    "I am at the bed and my back is facing the wall.": "view(at=bed, cues=[[back, wall]])",
    # sides
    "There is a door on my right. I am facing the sink.": "view(facing=sink, cues=[[right, door]])",
    "I am at the sink with a couple of towels by my left foot.": "view(at=sink, cues=[[left, towel]])",
    "I am at the table with a stool on either side of me.": "view(at=table, cues=[[left, stool], [right, stool]])",
    "I am facing the tv, being between a lamp on my left and a plant on my right.": (
        "view(facing=tv, cues=[[left, lamp], [right, plant]])"
    ),
    "I am sitting on a stool while having another one to my left.": "view(at=stool, cues=[[left, stool]])",
    "I am at the desk and it is behind me.": "view(at=desk, cues=[[back, desk]])",
    "I am at the desk, while my left is a window.": "view(at=desk, cues=[[left, window]])",
    "I am at the desk with a lamp to my immediate right.": "view(at=desk, cues=[[right, lamp]])",
    "I am reading a book that I took from the shelf on my left. I am on the bed.": "view(at=bed, cues=[[left, shelf]])",
}


@pytest.mark.parametrize("situation", VIEWS)
def test_a_situation_is_understood(situation: str) -> None:
    query = plan(f"{situation} How many chairs are behind me?")
    assert call_of(query) == call_of(parse_call(f"count(thing(chair, side=back), view={VIEWS[situation]})"))


@pytest.mark.parametrize(
    "situation",
    [
        "I am making copies.",  # at which machine?
        "I am between two beds.",
        "I am washing my hands.",
        "I am looking outside.",
        "I am facing the window. If I am at the bed,",  # another place
        "I am sitting on a chair facing another chair.",
        "I am at the large table.",
        "There is a door on my right.",
    ],
)
def test_a_situation_that_tells_too_little_is_refused(situation: str) -> None:
    assert isinstance(plan(f"{situation} How many chairs are behind me?"), Unplanned)


HERE = "view(at=bed, facing=window)"
QUESTIONS = {
    "If I want to play the piano, which way should I go?": f"bearing(piano, view={HERE})",
    "To what direction should I turn to throw some paper into the bin?": f"bearing(bin, view={HERE})",
    "Which direction should I go if I want to write on the whiteboard?": f"bearing(whiteboard, view={HERE})",
    "How should I turn to leave the bathroom?": f"bearing(door, view={HERE})",
    "If there was a fire, where should I go?": f"bearing(door, view={HERE})",
    "The lamp is on what side of me?": f"bearing(lamp, view={HERE})",
    "Where is the lamp from where I am standing?": f"bearing(lamp, view={HERE})",
    "What is the object to my immediate left?": f"nearest({HERE}, [thing(side=left)], view={HERE})",
    "What is the first thing I'd run into behind me?": f"nearest({HERE}, [thing(side=back)], view={HERE})",
    "What is the farthest object on my right?": f"farthest({HERE}, [thing(side=right)], view={HERE})",
    "Am I closer to the lamp or the desk?": f"nearest({HERE}, [lamp, desk])",
    "Which is bigger in size between the lamp on my left and the desk behind me?": (
        f"compare([thing(lamp, side=left), thing(desk, side=back)], view={HERE})"
    ),
    "How man chairs are to the left of me?": f"count(thing(chair, side=left), view={HERE})",
    "What will I see if I turn to my right?": f"identify(thing(side=right), view={HERE})",
    "What is on the wall behind me to the left?": f"identify(thing(place=on(wall), side='back-left'), view={HERE})",
    "Am I facing the picture?": f"exists(thing(picture, side=front), view={HERE})",
    "Is it possible to see the desk without moving?": f"visible(desk, view={HERE})",
    "What is the cup on my left sitting on?": f"where(thing(cup, side=left), view={HERE})",
    "What white object is in my 2 o'clock direction?": (
        f'identify(thing(colour=white, side="2 o\'clock"), view={HERE})'
    ),
    "How many chairs surround the table on my left?": (
        f"count(thing(chair, place=beside(thing(table, side=left))), view={HERE})"
    ),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_from_there_is_understood(question: str) -> None:
    query = plan(f"I am at the bed and facing the window. {question}")
    assert call_of(query) == call_of(parse_call(QUESTIONS[question]))


FREE = {
    "What is between the two beds?": "identify(thing(place=between(bed)))",
    "What color is the lamp above two beds?": "colour(thing(lamp, place=above(bed)))",
    "Where is the wall mounted shelf?": "where(thing(shelf, place=on(wall)))",
    "The desk is closest to what?": "nearest(desk)",
    "What does the lamp rest on?": "where(lamp)",
}


@pytest.mark.parametrize("question", FREE)
def test_a_question_without_a_situation_is_understood(question: str) -> None:
    assert call_of(plan(question)) == call_of(parse_call(FREE[question]))


@pytest.mark.parametrize(
    "question",
    [
        "What color is the table on the right in front of the shelf?",  # in front of it is no place of mine
        "Is there light in the kitchen?",  # not a lamp
        "Where is the chair from the plant?",
        "Which direction should I go if I want to throw litter?",
    ],
)
def test_a_question_that_says_less_or_more_is_refused(question: str) -> None:
    assert isinstance(plan(question), Unplanned)


ROUTE = (
    "You are a robot beginning at the foot of the bed and facing the desk. You want to navigate to the kitchen sink. "
    "You will perform the following actions (Note: for each [please fill in], choose either 'turn back,' 'turn left,' "
    "or 'turn right.'): 1. [please fill in] 2. Go forward until {} 3. [please fill in] 4. Go forward until the sink. "
    "You have reached the final destination."
)


@pytest.mark.parametrize(
    "stop", ["the lamp", "the lamp is on your right", "past the lamp", "the corner of the lamp", "lamp on your left"]
)
def test_a_step_of_a_way_goes_to_a_thing(stop: str) -> None:
    assert call_of(plan(ROUTE.format(stop))) == "route(bed, desk, [None, lamp, None, sink])"


def test_a_way_that_ends_with_a_turn_ends_at_its_goal() -> None:
    question = ROUTE.format("the lamp").replace(" 4. Go forward until the sink", "")
    assert call_of(plan(question)) == "route(bed, desk, [None, lamp, None, 'kitchen sink'])"


def test_a_step_that_is_no_thing_is_refused() -> None:
    assert isinstance(plan(ROUTE.format("about one foot")), Unplanned)
