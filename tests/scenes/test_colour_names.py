"""Colours of things in pictures."""

from __future__ import annotations

import pytest

from vlm2.scenes.colour_names import colour_name, seen_colours


@pytest.mark.parametrize(
    ("srgb", "words"),
    [
        ((250, 248, 245), ["white"]),
        ((185, 175, 165), ["white", "grey"]),
        ((140, 138, 135), ["grey", "white"]),
        ((90, 90, 90), ["grey"]),
        ((20, 20, 20), ["black"]),
        ((120, 80, 50), ["brown"]),
        ((200, 30, 30), ["red"]),
        ((120, 130, 150), ["blue"]),
    ],
)
def test_a_pale_thing_is_white_or_grey(srgb: tuple[int, ...], words: list[str]) -> None:
    found = seen_colours([part / 255 for part in srgb])
    assert sorted(found, key=lambda word: -found[word]) == words
    assert sum(found.values()) == pytest.approx(1.0)
    if len(words) == 1:
        assert colour_name([part / 255 for part in srgb]) == words[0]
