"""Names are found in a user's words."""

import pytest

from vlm2.query.words import plural
from vlm2.questions.english import names
from vlm2.scenes.vocabulary import ANSWERS_ONLY, QUESTIONS_ONLY, SYNONYMS, VOCABULARY, category_index, named


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How many chairs are in this room?", ["chair"]),
        ("Is the trash bin left of the TV stand?", ["trash bin", "tv stand"]),
        ("Are the boxes by the couch or by the television?", ["box", "sofa", "tv"]),
        ("Is my bedroom bigger than the doorway?", []),  # neither a bed nor a door
        ("Where is the s\u0131nk, the S\u0130NK and the \u017fofa?", []),  # letters that count as i and s elsewhere
        ("chair, table, chair", ["chair", "table", "chair"]),
    ],
)
def test_names_are_found_in_order_whole_and_in_plural(text, expected):
    assert [VOCABULARY[name] for _, _, name in named(text)] == expected


def test_the_place_of_a_name_covers_its_words():
    text = "Is the coat rack here?"
    ((start, end, _),) = named(text)
    assert text[start:end] == "coat rack"


@pytest.mark.parametrize("category", VOCABULARY[1:])
def test_plurals_and_what_people_say_are_understood(category):
    for text in (category, plural(category), plural(category).capitalize()):
        assert [VOCABULARY[name] for _, _, name in named(f"How many {text}?")] == [category]
    for other in {*names(category), *SYNONYMS.get(category, ())} - ANSWERS_ONLY:
        assert [VOCABULARY[name] for _, _, name in named(f"Where is the {other}?")] == [category], other


def test_every_synonym_stands_for_a_name_and_is_none_itself():
    others = [other for names in SYNONYMS.values() for other in names]
    assert all(category_index(name) for name in SYNONYMS) and not any(category_index(other) for other in others)
    assert set(others) >= ANSWERS_ONLY | QUESTIONS_ONLY and not ANSWERS_ONLY & QUESTIONS_ONLY
