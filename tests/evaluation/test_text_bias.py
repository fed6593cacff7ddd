"""Which questions the text alone gives away, and the score on the others."""

from answered import ITEMS
from toyruns import TOY

from vlm2.evaluation.scores import Sample
from vlm2.evaluation.text_bias import chance_samples, debiased, debiased_scores, open_questions


def samples(*scores: float) -> list[Sample]:
    return [Sample(item, "", {"score": score}) for item, score in zip(ITEMS, scores, strict=False)]


def test_a_question_is_given_away_from_a_score_of_one_half_on():
    text_only = samples(0.0, 0.49, 0.5, 1.0)
    assert open_questions(text_only) == {ITEMS[0].id, ITEMS[1].id}


def test_only_questions_that_the_text_only_run_answered_wrongly_are_kept():
    kept = debiased(samples(1.0, 0.2, 0.7, 0.9, 0.3), open_questions(samples(0.0, 1.0, 0.1)))
    assert [sample.values["score"] for sample in kept] == [1.0, 0.7]


def test_without_a_blind_run_the_constant_answers_decide():
    run = samples(*[0.9] * len(ITEMS))
    constant = chance_samples(TOY, run, "plain")  # says A and 3
    wrong = [sample.item.id for sample in constant if sample.item.answers[0] not in ("A", "3")]
    found = debiased_scores(TOY, run, "plain")
    assert found["text_only"] == "chance" and 0 < found["questions"] == len(wrong) < len(ITEMS)
    assert found["summary"]["overall"] == 0.9
    assert debiased_scores(TOY, constant, "plain")["summary"]["overall"] < 0.5


def test_nothing_is_left_where_the_text_gives_all_away():
    run = [Sample(ITEMS[2], "A", {"score": 1.0})]  # the truth is A
    assert debiased_scores(TOY, run, "plain") == {"text_only": "chance", "questions": 0, "summary": {}}
