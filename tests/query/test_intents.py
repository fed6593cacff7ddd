"""Intents: plain questions that the rules read, and phrases that fill their slots."""

from __future__ import annotations

import pytest

from vlm2.query import Unplanned, parse_call
from vlm2.query.calls import call_of
from vlm2.query.intents import (
    OUTSIDE,
    intents,
    join_words,
    phrases,
    plain_question,
    slots,
    slots_of,
    split_words,
)
from vlm2.query.planners.rules import plan

PHRASES = {
    "a": "red chair", "among": "sofa, the desk or the sink", "at": "bed", "b": "tv stand", "facing": "door",
    "kind": "chair", "kinds": "bedrooms", "room": "kitchen", "target": "lamp on the desk", "thing": "lamp",
    "things": "red chairs", "time": "0:12", "to": "trash bin", "unit": "feet",
}  # fmt: skip


@pytest.mark.parametrize("intent", intents())
def test_the_rules_read_every_plain_question(intent) -> None:
    filled = {slot: PHRASES[slot] for slot, must in slots_of(intent).items() if must}
    question = plain_question(intent, filled)
    query = plan(question)
    assert not isinstance(query, Unplanned), question
    for phrase in filled.values():
        assert phrase.split()[-1].rstrip("s") in call_of(query).replace("(seconds=12.0)", "0:12"), call_of(query)


@pytest.mark.parametrize("intent", [name for name in intents() if "unit" in slots_of(name)])
def test_a_unit_is_asked_for_where_the_question_has_one(intent) -> None:
    unit = "square feet" if intent.startswith("area") else "feet"
    without = {slot: PHRASES[slot] for slot, must in slots_of(intent).items() if must}
    assert "unit" not in without
    assert plan(plain_question(intent, without | {"unit": unit})) == plan(plain_question(intent, without)).model_copy(
        update={"unit": unit}
    )


def test_each_slot_is_tested() -> None:
    assert set(slots()) == PHRASES.keys()


def test_words_and_marks() -> None:
    words = split_words("Hey, what's 1.5 m² at 0:12?")
    assert words == ["Hey", ",", "what's", "1.5", "m²", "at", "0:12", "?"]
    assert join_words(words) == "Hey, what's 1.5 m² at 0:12?"


def test_phrases_come_from_tags() -> None:
    words = split_words("from the sofa, the desk, or sink: nearest to sofa?")
    tags = [OUTSIDE, OUTSIDE, *["among"] * 7, OUTSIDE, OUTSIDE, OUTSIDE, "to", OUTSIDE]
    found = phrases(words, tags)
    assert found == {"among": "sofa, the desk, or sink", "to": "sofa"}
    question = plain_question("nearest_among", found)
    assert plan(question) == parse_call("nearest(sofa, [sofa, desk, sink])")


def test_a_slot_has_one_phrase_that_may_be_repeated() -> None:
    words = split_words("lamp chair Lamp")
    assert phrases(words, ["a", "b", "a"]) == {"a": "lamp", "b": "chair"}
    assert phrases(words, ["a", "a", "b"]) == {"a": "lamp chair", "b": "Lamp"}
    assert phrases(words, ["a", "a", OUTSIDE]) == {"a": "lamp chair"}
    assert phrases(split_words("lamp or chair"), ["a", OUTSIDE, "a"]) is None


def test_a_plain_question_needs_its_phrases_and_no_others() -> None:
    assert plain_question("distance", {"a": "lamp"}) is None
    assert plain_question("distance", {"a": "lamp", "b": ""}) is None
    assert plain_question("distance", {"a": "lamp", "b": "bed", "room": "kitchen"}) is None
    assert plain_question("distance", {"a": "lamp", "b": "bed"}) == "How far is the lamp from the bed?"
    assert plain_question("distance", {"a": "lamp", "b": "bed", "unit": "cm"}) == (
        "How far is the lamp from the bed, in cm?"
    )
