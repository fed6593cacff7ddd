"""Scores of answers by the kind of question."""

import pytest

from vlm2.evaluation.real.answers import ScoredAnswer, prompt, score, summary
from vlm2.evaluation.real.sets import RealQuestion
from vlm2.streaming.answer import Answer


def question(answer=None, **fields):
    return RealQuestion(type="kind", question="What?", answer=answer, **fields)


def answer(text, status="ok", **fields):
    return Answer(text, (), 0.0, source="objects", status=status, **fields)


@pytest.mark.parametrize(
    ("asked", "given", "expected"),
    [
        (question(3), answer("3", value=3), 1.0),
        (question(3), answer("4", value=4), 0.0),
        (question(2.0, unit="m"), answer("2.25", value=2.25, unit="m"), 0.8),
        (question(182, unit="cm"), answer("1.82", value=1.82, unit="m"), 1.0),
        (question(2.0, unit="m"), answer("I have not seen a 2.0 m bed.", "not_seen"), 0.0),
        (question("left"), answer("Left."), 1.0),
        (question("sink, sofa"), answer("sink,sofa"), 1.0),
        (question("beige", accept=["brown"]), answer("brown"), 1.0),
        (question("beige"), answer("brown"), 0.0),
        (question("B", options=["A. sink", "B. bed"]), answer("B", value="bed"), 1.0),
        (question("B", options=["A. sink", "B. bed"]), answer("I have not seen a bed.", "not_seen"), 0.0),
        (question(answerable=False), answer("I do not understand 'owner'.", "unsupported"), 1.0),
        (question(answerable=False), answer("0", "not_seen", value=0), 1.0),
        (question(answerable=False), answer("2.2", "ambiguous", value=2.2), 0.0),
        (question(answerable=False), Answer("red", (), 0.0), 0.0),
        (question(2.0, unit="m"), Answer("about 2 metres", (), 0.0), 1.0),
    ],
)
def test_scores(asked, given, expected):
    assert score(asked, given) == pytest.approx(expected)


def test_options_are_asked_one_a_line():
    assert prompt(question("x")) == "What?"
    assert prompt(question("A", options=["A. x", "B. y"])).splitlines()[:4] == ["What?", "Options:", "A. x", "B. y"]


def test_refusals_and_wrong_answers_are_counted_apart():
    asked = question(3)
    answers = [answer("3", value=3), answer("I have not seen it.", "not_seen"), answer("0", "not_seen", value=0)]
    found = summary([ScoredAnswer(asked, one, score(asked, one)) for one in answers])
    assert found["score"] == found["refused"] == found["wrong"] == pytest.approx(1 / 3)
    assert found["types"] == {"kind": {"questions": 3, "score": pytest.approx(1 / 3)}}
    assert found["stated"] is found["right"] is None
    assert summary([]) == {}


def test_the_stated_confidence_stands_beside_the_share_of_right_answers():
    asked = question(3)
    answers = [answer("3", value=3, confidence=0.9), answer("4", value=4, confidence=0.5)]
    answers += [answer("x", "not_seen"), answer("0", "not_seen", value=0, confidence=0.0)]
    found = summary([ScoredAnswer(asked, one, score(asked, one)) for one in answers])
    assert (found["stated"], found["right"]) == (pytest.approx(0.7), 0.5)
