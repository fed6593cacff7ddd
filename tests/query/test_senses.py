"""Words by their sense: the forms of verbs."""

from __future__ import annotations

import pytest

from vlm2.query.senses import either, nouns, verbs


@pytest.mark.parametrize(
    ("verb", "forms"),
    [
        ("face", "face faces faced facing"),
        ("stand", "stand stands stood standing"),
        ("map", "map maps mapped mapping"),
        ("identify", "identify identifies identified identifying"),
        ("reach", "reach reaches reached reaching"),
    ],
)
def test_a_verb_has_its_forms(verb: str, forms: str) -> None:
    assert verbs(verb) >= set(forms.split())


def test_a_pattern_prefers_the_longer_word() -> None:
    assert either(nouns("side")) == "(?:sides|side)"
