"""Statements against the true map of a home: what is compared, and what is left alone."""

from __future__ import annotations

import pytest

from vlm2 import ObjectMap
from vlm2.objects import Track
from vlm2.objects.track import upright_box
from vlm2.query.claims import check, claims


def thing(id: int, label: str, colour: str | None = None) -> Track:
    return Track(id=id, label=label, box=upright_box((id, 0, 0.5), (0.5, 0.5, 1)), colours=(colour,) if colour else ())


MAP = ObjectMap(
    tracks=(
        *(thing(n, "chair", "white") for n in range(1, 4)),
        thing(4, "table", "beige"),
        thing(5, "refrigerator", "black"),
        thing(6, "lamp"),
    )
)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("I can see five chairs.", "I count 3 chairs"),
        ("There are 2 chairs in the room.", "I count 3 chairs"),
        ("Nine large wooden chairs at the table", "I count 3 chairs"),
        ("There are no chairs.", "I count 3 chairs"),
        ("A dog lies on the sofa.", "I have not seen a sofa"),
        ("There is a television, but no lamp.", "I have not seen a television"),
        ("There is a television, but no lamp.", "I count 1 lamp"),
        ("The table is red.", "The table: beige"),
        ("Next to the white fridge.", "The fridge: black"),
        ("Two blue chairs.", "The chairs: white"),
    ],
)
def test_a_contradiction_is_found(statement: str, words: str) -> None:
    assert any(text.startswith(words) for text in check(MAP, statement).differs)


@pytest.mark.parametrize(
    "statement",
    [
        "There are three white chairs around a table.",
        "Two chairs at the table, one chair is broken.",  # perhaps of several
        "One of the chairs is old.",
        "There is no sofa.",
        "I do not see a sofa; it could be a bed, like a sofa, or there isn't a tv.",
        "The table is brown, the fridge is dark grey.",  # light makes beige brown
        "A red lamp.",  # its colour is not known
        "The picture shows natural light and an aquarium.",
        "A table lamp and a kitchen sofa table.",  # neither a table nor a sofa
        "Yes.",
        "",
        "🙂 ((( 12 of 13 …",
    ],
)
def test_what_agrees_or_cannot_be_compared_is_no_contradiction(statement: str) -> None:
    assert check(MAP, statement).differs == ()


def test_agreement_is_told_from_silence() -> None:
    assert check(MAP, "Three chairs.").agrees == ("I count 3 chairs.",)
    assert check(MAP, "There is no sofa.").agrees == ("I have not seen a sofa.",)
    assert check(MAP, "It is cosy.").agrees == ()


def test_a_sentence_is_in_one_list_only() -> None:
    found = check(MAP, "Three chairs. Five chairs.")
    assert (found.agrees, found.differs) == ((), ("I count 3 chairs.",))


def test_a_claim_has_its_number_colour_and_reach() -> None:
    first, second = claims("Two red chairs and a table in the kitchen.")
    assert (first.things.label, first.things.colour, first.number, first.whole) == ("chair", "red", 2, True)
    assert (second.things.label, second.things.colour, second.number, second.whole) == ("table", None, None, False)
