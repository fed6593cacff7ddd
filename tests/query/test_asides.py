"""Asides: clauses that change nothing are taken out, clauses that narrow the question stay."""

from __future__ import annotations

import pytest

from vlm2.query import call_of
from vlm2.query.adjuncts import TOKEN
from vlm2.query.asides import without_asides
from vlm2.query.planners.rules import plan


@pytest.mark.parametrize(
    ("text", "core"),
    [
        ("if you don't mind , how far is it ?", "how far is it ?"),
        ("one more thing : how far is it ?", "how far is it ?"),
        ("because we want to rent it out , how big is it ?", ". how big is it ?"),
        ("to plan the move , i need the area", ". i need the area"),
        ("i have to buy a box for the lamp . how long is it ?", "the lamp . how long is it ?"),
        ("the lamp has to go through a door . how long is it ?", "the lamp . how long is it ?"),
    ],
)
def test_politeness_and_purposes_are_taken_out(text: str, core: str) -> None:
    assert without_asides(tuple(TOKEN.findall(text))) == tuple(core.split())


@pytest.mark.parametrize(
    "text",
    [
        "if you stand by the bed , how far is it ?",
        "i want to know how big it is .",
        "i want to count only the small ones . how many are there ?",
        "for the kitchen , how many lamps are there ?",
        "before i moved in , how many lamps were there ?",
        "i want to buy a lamp . how many lamps will there be ?",
        "i am going to the bed . where is the lamp ?",
    ],
)
def test_a_clause_that_may_narrow_the_question_stays(text: str) -> None:
    assert without_asides(tuple(TOKEN.findall(text))) == tuple(TOKEN.findall(text))


@pytest.mark.parametrize(
    ("question", "call"),
    [
        ("What is the distance from the sofa, no wait, I mean from the lamp to the bed?", "distance(lamp, bed)"),
        ("I am checking whether the lamp fits into my van, so what is its longest side?", "size(lamp)"),
    ],
)
def test_a_question_is_read_without_its_asides(question: str, call: str) -> None:
    assert call_of(plan(question)) == call
