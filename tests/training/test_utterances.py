"""Utterances: the packaged ones fit the intents, and their slots are filled as tagged."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from vlm2.query import Unplanned
from vlm2.query.intents import NONE, OUTSIDE, intents, phrases, plain_question, slots_of
from vlm2.query.planners.rules import plan
from vlm2.training.utterances import Utterance, fill, read_utterances


@pytest.fixture(scope="module")
def packaged() -> list[Utterance]:
    return read_utterances()


def test_every_intent_has_utterances(packaged) -> None:
    counts = Counter(utterance.intent for utterance in packaged)
    assert counts.keys() == {*intents(), NONE}
    assert min(counts.values()) >= 100


def test_utterances_differ(packaged) -> None:
    assert len(set(packaged)) >= 0.95 * len(packaged)  # short ones coincide


def test_filled_slots_make_plain_questions(packaged) -> None:
    rng = random.Random(0)
    planned = 0
    some = rng.sample([utterance for utterance in packaged if utterance.intent != NONE], 300)
    for utterance in some:
        question = fill(utterance, rng)
        assert len(question.words) == len(question.tags) and question.intent == utterance.intent
        assert set(question.tags) <= {OUTSIDE, *slots_of(question.intent)}
        plain = plain_question(question.intent, phrases(question.words, question.tags))
        assert plain is not None, utterance
        planned += not isinstance(plan(plain), Unplanned)
    assert planned >= 0.75 * len(some)  # the rest: nouns and phrases that the rules do not know


def test_questions_without_an_intent_have_no_slots(packaged) -> None:
    rng = random.Random(0)
    for utterance in [utterance for utterance in packaged if utterance.intent == NONE][:100]:
        assert set(fill(utterance, rng).tags) == {OUTSIDE}


def test_filling_varies_and_repeats_with_its_seed() -> None:
    utterance = Utterance("distance", "How far is the {a} from the {b}?")
    filled = [fill(utterance, random.Random(seed)) for seed in range(20)]
    assert len(set(filled)) > 15
    assert fill(utterance, random.Random(3)) == filled[3]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("How many {things}?", "known intent"),
        ("counts | How many {things}?", "known intent"),
        ("count | How many?", "slots"),
        ("count | How many {things} in the {room}?", "slots"),
        ("count | How many {things} and {things}?", "slots"),
    ],
)
def test_bad_lines_are_named(tmp_path, line, reason) -> None:
    (tmp_path / "words.txt").write_text(f"# a comment\ncount | {{things}}?\n{line}\n")
    with pytest.raises(ValueError, match=rf"words\.txt, line 3: .*{reason}"):
        read_utterances(tmp_path)
