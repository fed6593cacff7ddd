"""Questions of an example: balanced over tasks, options shuffled without losing the answer."""

from collections import Counter

import numpy as np

from vlm2.questions.question import Question
from vlm2.train.examples import choose_questions, shuffle_options

CHOICE = Question("object_rel_distance", "Which is closest?", ("A. chair", "B. tv", "C. bed", "D. sofa"), "C")


def test_shuffled_options_keep_the_answer_and_spread_its_letter():
    rng = np.random.default_rng(0)
    shuffled = [shuffle_options(CHOICE, rng) for _ in range(200)]
    assert all(question.answer_text == "bed" for question in shuffled)
    assert [option[:3] for option in shuffled[0].options] == ["A. ", "B. ", "C. ", "D. "]
    assert min(Counter(question.ground_truth for question in shuffled).values()) > 25


def test_tasks_are_drawn_evenly_whatever_their_number_of_questions():
    pool = [CHOICE] * 99 + [Question("room_size_estimation", "How large?", None, "20.0")]
    drawn = choose_questions(pool, 400, 0.0, np.random.default_rng(1))
    counts = Counter(question.question_type for question in drawn)
    assert abs(counts["room_size_estimation"] - 200) < 40
