"""Cards: at most 80 columns, nothing cut, no codes where nobody looks at a terminal."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from vlm2.cli.ask.mark import Mark
from vlm2.cli.terminal.cards import clock, console, print_card
from vlm2.questions.question import Question
from vlm2.streaming import Answer
from vlm2.streaming.answer import Evidence

LONG = "Measuring from the closest point of each object [kitchen], which of these objects is the closest to the kettle?"
OPTIONS = ("A. the table [red] in the corner of the very large living room beside the kitchen", "B. sofa")


def card(question: Question, answer: Answer, mark: Mark | None = None, terminal: bool = False, **named) -> str:
    out = io.StringIO()
    on = Console(file=out, force_terminal=terminal, width=80, highlight=False, markup=False, emoji=False)
    print_card(on, question, answer, mark, **named)
    return out.getvalue()


def answer(text: str, **known) -> Answer:
    return Answer(text, tuple(Evidence(75.25 * k, 0.25) for k in range(4)), 1.0, 7, **known)


@pytest.mark.parametrize(
    "text", [LONG, "Wie weit ist der Stuhl? " * 9, "椅子はいくつありますか" * 12, "x" * 300, "a\nb"]
)
def test_a_card_keeps_all_words_in_80_columns(text):
    printed = card(Question("", text, OPTIONS, "B"), answer("B", sentence="It is the sofa. " * 9), Mark(True))
    assert all(cell_len(line) <= 80 and line == line.rstrip() for line in printed.splitlines())
    kept = "".join(printed.replace("Question", "").split())
    assert "".join(text.split()) in kept and "table[red]" in kept and "…" not in printed and "\x1b" not in printed


def test_a_card_names_the_option_the_truth_and_what_was_looked_at():
    printed = card(Question("", "Which?", OPTIONS, "A"), answer("B.", sentence="The sofa is closest."), Mark(False))
    for label, text in (
        ("Answer", "B. sofa"),
        ("In words", "The sofa is closest."),
        ("Looked at", "0:00.0 (25%), 1:15.2 (25%), 2:30.5 (25%)"),
    ):
        assert f"{label:11}{text}\n" in printed
    assert "Truth      A. the table [red] in the corner" in printed and "✗ wrong" in printed
    assert "\x1b" not in card(Question("", "Red \x1b[31m?", None, ""), answer("\x1b]0;x\x07"))
    words = card(Question("", "How far?", None, ""), answer(""), title="At 0:03.0")
    assert words.startswith("At 0:03.0  How far?\nAnswer     (no words)\nA guess    by the language model")
    assert "Truth" not in words


def test_numbers_say_how_close_they_are():
    printed = card(Question("", "How far?", None, "2"), answer("2.2"), Mark(True, 0.8))
    assert "Truth      2  ✓ right (mean relative accuracy 80%)\n" in printed


def test_colour_comes_only_with_a_terminal_and_signs_only_where_they_can_be_written():
    question = Question("", "Which?", OPTIONS, "A")
    assert "\x1b[" in card(question, answer("B"), Mark(False), terminal=True)
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    print_card(Console(file=out, width=80, markup=False), Question("", "Which?", None, "A"), answer("B"), Mark(False))
    out.seek(0)
    assert "Truth      A  wrong\n" in out.read()


def test_a_wide_terminal_has_cards_of_80_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert console().width == 80
    monkeypatch.setenv("COLUMNS", "60")
    assert console().width == 60


def test_times_are_minutes_and_seconds():
    assert [clock(t) for t in (0, 9.96, 59.96, 75.25, 3600)] == ["0:00.0", "0:10.0", "1:00.0", "1:15.2", "60:00.0"]


def test_an_answer_of_the_objects_is_no_guess_of_the_language_model():
    words = "I am not sure that I have seen a laptop: perhaps at 0:00."
    printed = card(Question("", "Is there a laptop?", None, ""), answer(words, source="objects", status="unsure"))
    assert "A guess" not in printed and "In words" not in printed
