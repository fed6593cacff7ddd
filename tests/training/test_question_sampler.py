"""Questions of an example: balanced over tasks, options shuffled without losing the answer."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from vlm2.questions import ask_all, question_types
from vlm2.questions.question import Question
from vlm2.scenes.record import Scene
from vlm2.training.question_sampler import QuestionSampler, by_task, shuffle_options, terse

CHOICE = Question("object_rel_distance", "Which is closest?", ("A. chair", "B. tv", "C. bed", "D. sofa"), "C")


def test_shuffled_options_keep_the_answer_and_spread_its_letter():
    rng = np.random.default_rng(0)
    shuffled = [shuffle_options(CHOICE, rng) for _ in range(200)]
    assert all(question.answer_text == "bed" for question in shuffled)
    assert [option[:3] for option in shuffled[0].options] == ["A. ", "B. ", "C. ", "D. "]
    assert min(Counter(question.ground_truth for question in shuffled).values()) > 25


def test_tasks_are_drawn_evenly_whatever_their_number_of_questions():
    pool = by_task([CHOICE] * 99 + [Question("room_size_estimation", "How large?", None, "20.0")])
    drawn = QuestionSampler(400, paraphrased=0.0, terse=0.0).draw(pool, np.random.default_rng(1))
    counts = Counter(question.question_type for question in drawn)
    assert abs(counts["room_size_estimation"] - 200) < 40


def test_a_type_of_no_table_is_a_task_of_its_own():
    pool = by_task([Question("toy_type", "How old?", None, "3"), CHOICE])
    assert [question.question for question in pool["toy_type"]] == ["How old?"]
    assert list(pool)[-1] == "toy_type" and sum(map(len, pool.values())) == 2


def test_a_share_of_the_questions_is_terse_and_keeps_its_answer():
    choice = Question(**{**vars(CHOICE), "slots": {"target": "lamp"}})
    drawn = QuestionSampler(400, paraphrased=0.0, terse=0.5).draw(by_task([choice]), np.random.default_rng(2))
    short = [question for question in drawn if question.question == "Closest to the lamp?"]
    assert abs(len(short) - 200) < 40
    assert all(question.answer_text == "bed" for question in drawn)


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
