"""Prompts taken apart, and results as answers."""

from __future__ import annotations

import pytest

from vlm2.objects import Result, TrackView
from vlm2.questions.question import LETTER_REQUEST, PREFIX, SIMPLE_REQUEST, WORD_REQUEST
from vlm2.streaming.answer import Answer, Evidence
from vlm2.streaming.object_answers import answer_of, guess_of, split_prompt

VIEWS = (
    TrackView(frame=2, time=1.0, share=0.1),
    TrackView(frame=4, time=2.0, share=0.3),
    TrackView(frame=2, time=1.0, share=0.4),
)


@pytest.mark.parametrize(
    ("prompt", "question", "options"),
    [
        ("How many chairs are there?", "How many chairs are there?", None),
        (f"{PREFIX}\nHow many?\n{WORD_REQUEST}", "How many?", None),
        (f"How many?\n{SIMPLE_REQUEST}", "How many?", None),
        (
            f"{PREFIX}\nWhich?\nOptions:\nA. left\nB. right\n{LETTER_REQUEST}",
            "Which?",
            ["A. left", "B. right"],
        ),
        ("Which?\n(A) left\n(B) right", "Which?", ["(A) left", "(B) right"]),
        ("Which?\nA: left\nB) right", "Which?", ["A: left", "B) right"]),
        ("I sit.\nWhat is left of me?", "I sit. What is left of me?", None),
        ("  spaces  \n\n here ", "spaces here", None),
    ],
)
def test_prompts_are_taken_apart(prompt, question, options) -> None:
    assert split_prompt(prompt) == (question, options)


def test_one_line_that_looks_like_an_option_is_none() -> None:
    assert split_prompt("Is it here?\nA. Smith lives here") == ("Is it here? A. Smith lives here", None)


def test_a_result_becomes_an_answer_with_its_frames() -> None:
    result = Result(
        status="ok",
        value=1.42,
        unit="m",
        uncertainty=0.3,
        confidence=0.8,
        tracks=(1, 2),
        frames=VIEWS,
        sentence="About 1.42 m.",
        query="distance(chair, table)",
    )
    answer = answer_of(result)
    assert (answer.text, answer.sentence, answer.value, answer.unit) == ("1.42", "About 1.42 m.", 1.42, "m")
    assert (answer.source, answer.status, answer.confidence, answer.uncertainty) == ("objects", "ok", 0.8, 0.3)
    assert answer.query == "distance(chair, table)"
    assert [seen.time for seen in answer.evidence] == [1.0, 2.0]
    assert [seen.weight for seen in answer.evidence] == pytest.approx([0.625, 0.375])


def test_views_without_a_share_count_alike() -> None:
    views = tuple(view.model_copy(update={"share": 0.0}) for view in VIEWS[:2])
    answer = answer_of(Result(status="ok", value=2, frames=views))
    assert [(seen.time, seen.weight) for seen in answer.evidence] == [(1.0, 0.5), (2.0, 0.5)]


def test_a_refusal_is_its_sentence() -> None:
    answer = answer_of(Result(status="not_seen", sentence="I have not seen a sofa."))
    assert answer.text == answer.sentence == "I have not seen a sofa."
    assert answer.status == "not_seen" and answer.value is None and answer.evidence == ()


def test_a_guess_says_why_it_is_one() -> None:
    tokens = Answer("blue", (Evidence(1.0, 1.0),), 0.2, prefilled=7)
    guess = guess_of(tokens, Result(status="unsupported", sentence="I do not understand the question."))
    assert (guess.text, guess.status, guess.source, guess.prefilled) == ("blue", "guess", "tokens", 7)
    assert guess.sentence == "I do not understand the question. The language model guesses: blue"
    assert guess.evidence == tokens.evidence and guess.confidence is None
