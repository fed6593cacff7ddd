"""Terse questions: fewer words, the same things, options and answer."""

from pathlib import Path

import pytest

from vlm2.questions import ask_all, question_types
from vlm2.scenes.record import Scene
from vlm2.training.terse import terse


@pytest.fixture(scope="module")
def questions(repository: Path):
    return ask_all(Scene.load(repository / "examples" / "home.json"), seed=3)


def test_a_terse_prompt_is_shorter_and_names_what_the_question_names(questions):
    asked = [question for question in questions if question_types()[question.question_type].terse]
    assert {question.question_type for question in asked} >= {"object_counting", "object_rel_direction_hard"}
    for question in asked:
        short = terse(question)
        assert len(short.prompt()) < 0.6 * len(question.prompt())
        assert (short.options, short.ground_truth) == (question.options, question.ground_truth)
        assert "{" not in short.prompt()


def test_a_type_without_a_terse_form_stays_as_it_is(questions):
    routes = [question for question in questions if question.question_type == "route_planning"]
    assert routes
    assert all(terse(question) is question for question in routes)
