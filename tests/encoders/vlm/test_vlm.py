"""The names of vision-language models, and what is left of their words."""

from __future__ import annotations

import pytest

from vlm2.encoders.vlm import LONGEST, VLMError, answer_words, load_vlm


@pytest.mark.parametrize("name", ["", "hub:", "SmolVLM2", "ftp://localhost/v1", "homes"])
def test_other_names_are_refused_with_what_is_possible(name: str) -> None:
    with pytest.raises(VLMError, match="give hub:NAME .* or the address"):
        load_vlm(name)


def test_words_are_one_line_without_thoughts() -> None:
    assert answer_words("<think>It may be\nA.</think>\n\n A red\n chair. ", "x") == "A red chair."
    assert answer_words("word " * LONGEST, "x").endswith("…") and len(answer_words("word " * LONGEST, "x")) == LONGEST
    with pytest.raises(VLMError, match="^x gave no words"):
        answer_words("<think>Hm.</think>\n", "x")
