"""Tests of counting."""

from __future__ import annotations

import pytest

from vlm2.questions.tasks.vsi.object_counting import plural, truth
from vlm2.scenes import Scene


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("chair", "chairs"),
        ("shelf", "shelves"),
        ("computer mouse", "computer mice"),
        ("couch", "couches"),
        ("box", "boxes"),
        ("tray", "trays"),
        ("berry", "berries"),
        ("trash bin", "trash bins"),
    ],
)
def test_plural(one: str, many: str) -> None:
    assert plural(one) == many


def test_a_known_count_goes_before_the_boxes(scene: Scene) -> None:
    assert truth(scene, "chair") == 3
    assert truth(scene, "tv") == 1
