"""Answers as cards of at most 80 columns, without colours if the output is not a terminal; and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from ...questions.question import Question
    from ...streaming import Answer
    from ..ask.mark import Mark

WIDTH = 80
LABEL = 11  # columns of the labels on the left
EVIDENCE_SHOWN = 3
GUESS = "by the language model, from the memory's tokens"


def console() -> Console:
    """Return the console for cards."""
    from rich.console import Console

    made = Console(highlight=False, markup=False, emoji=False)
    made.width = min(made.width, WIDTH)
    return made


def answer_row(question: str, answer: Answer) -> dict[str, Any]:
    """Return a question and its answer for JSON, with the evidence rounded to four digits."""
    evidence = [{key: round(value, 4) for key, value in asdict(frame).items()} for frame in answer.evidence]
    names = ("sentence", "value", "unit", "uncertainty", "confidence", "query")
    known = {name: getattr(answer, name) for name in names if getattr(answer, name) not in (None, "")}
    origin = {"source": answer.source, "status": answer.status} | ({"vlm": answer.vlm} if answer.vlm else {})
    known["runtime"] = answer.runtime
    return {"question": question, "answer": answer.text, **origin, **known, "evidence": evidence}


def print_card(on: Console, question: Question, answer: Answer, mark: Mark | None, title: str = "Question") -> None:
    """Print a question, its answer, its evidence, and the truth if there is a `mark`."""
    _print(on, title, "\n".join([question.question.strip(), *(question.options or ())]), "bold")
    by_vlm = answer.vlm is not None and mark is None  # its name and the check belong to its answer
    words = answer.sentence if by_vlm else _in_words(question, answer.text)
    _print(on, "Answer", words, "yellow" if by_vlm else "green" if mark is None or mark.right else "red")
    if mark is not None:
        _print(on, "Truth", f"{_in_words(question, question.ground_truth)}  {_verdict(mark, on.encoding)}")
    if answer.sentence not in ("", answer.text, words):
        _print(on, "In words", answer.sentence, "dim")
    elif answer.source == "tokens":
        _print(on, "A guess", GUESS, "dim")
    if answer.evidence:
        shown = [f"{clock(seen.time)} ({seen.weight:.0%})" for seen in answer.evidence[:EVIDENCE_SHOWN]]
        if answer.vlm is not None:
            shown = [clock(seen.time) for seen in answer.evidence]  # all weigh the same
        _print(on, "Looked at", ", ".join(shown), "dim")
    on.print()


def print_note(on: Console, text: str) -> None:
    """Print a note about all cards, wrapped at words."""
    _print(on, "", text, "dim", indent=0)


def clock(seconds: float) -> str:
    """Return a time as minutes and seconds: 75.25 gives "1:15.2"."""
    tenths = round(seconds * 10)
    return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"


def _in_words(question: Question, text: str) -> str:
    """Return the option if the text is an option's letter, else the text."""
    letter = text.strip().rstrip(".")
    return next((option for option in question.options or () if option.partition(".")[0] == letter), text)


def _verdict(mark: Mark, encoding: str) -> str:
    signs = ("✗ ", "✓ ") if encoding.startswith("utf") else ("", "")
    verdict = signs[mark.right] + ("right" if mark.right else "wrong")
    return verdict if mark.accuracy is None else f"{verdict} (mean relative accuracy {mark.accuracy:.0%})"


def _print(on: Console, label: str, text: str, style: str = "", indent: int = LABEL) -> None:
    """Print a text beside its label, wrapped at words. Line breaks of the text are kept."""
    from rich.text import Text

    shown = "".join(character for character in text if character.isprintable() or character == "\n")
    for number, line in enumerate(Text(shown or "(no words)", style).wrap(on, on.width - indent)):
        line.rstrip()
        on.print(Text.assemble((f"{'' if number else label:{indent}}", "dim"), line), soft_wrap=True)
