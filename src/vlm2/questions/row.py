"""Check one row of a question file, and make a question of it.

| field | what |
|---|---|
| `question` | a text |
| `ground_truth` | a letter where there are options, a number for the types of numbers, else words or a number |
| `options` | "A. left", "B. right", … (two to eight); null, [] or absent where there are none |
| `question_type` | a name; "question" where it is absent |
| `scene_name`, `dataset` | the video's name and its folder |
| `id`, `times`, `answers` | see `Question.to_vsi`; may be absent |

A missing value of pandas (NaN) is the same as null, except in `ground_truth`, where it is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .question import LETTERS, Question, option_text
from .tasks import question_type

DEFAULT_TYPE = "question"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
LETTER = re.compile(rf"\(?([{LETTERS}])\)?[.:]?", re.IGNORECASE)
LETTER_AND_TEXT = re.compile(rf"(?:\(([{LETTERS}])\)|([{LETTERS}])[.:)])\s+(.+)", re.IGNORECASE | re.DOTALL)
SHOWN = 60  # characters of a value that an error shows


@dataclass(frozen=True)
class QuestionRow:
    """A checked row: its question; `scene` names the video and `dataset` its folder, "" where the row does not say.

    `question.ground_truth` is "" where the row has none.
    """

    question: Question
    scene: str = ""
    dataset: str = ""
    id: str = ""


def read_row(
    values: Mapping[str, Any], *, scene: bool = False, truth: bool = False, lettered: bool = True
) -> QuestionRow:
    """Check a row and return it as a record; `scene` and `truth` say that these must be there.

    Without `lettered`, options may lack their letters and stay as they are. Raises ValueError that says what a field
    holds and what it should hold.
    """
    needed = ["question", *(["scene_name"] if scene else []), *(["ground_truth"] if truth else [])]
    lacking = [name for name in needed if values.get(name) is None]
    if lacking:
        raise ValueError(f"it lacks {', '.join(lacking)} (it has {', '.join(map(str, values)) or 'nothing'})")
    kind = _name(values, "question_type") or DEFAULT_TYPE
    options = read_options(values.get("options"), lettered)
    return QuestionRow(
        question=Question(
            question_type=kind,
            question=read_text(values["question"], "question"),
            options=options,
            ground_truth=read_truth(values.get("ground_truth"), kind, options),
            times=_times(values.get("times")),
            answers=read_answers(values.get("answers")),
        ),
        scene=read_scene(values["scene_name"]) if scene else _name(values, "scene_name", numbers=True),
        dataset=_name(values, "dataset"),
        id=read_id(values.get("id")),
    )


def read_text(value: Any, field: str) -> str:
    """Return a text as it stands. Raises ValueError for anything else and for one without words."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"the {field} is {_shown(value)}; write a text")
    return value


def read_scene(value: Any) -> str:
    """Return a scene's name; a whole number is a name, too (scans have such). Raises ValueError for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError(f"the scene_name is {_shown(value)}; write the video's name as a text")
    return value


def read_id(value: Any) -> str:
    """Return an id, "" for null. Raises ValueError for one that is no text and no whole number."""
    if _is_missing(value):
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"the id is {_shown(value)}; write a text or a whole number")
    return str(value)


def read_options(value: Any, lettered: bool = True) -> tuple[str, ...] | None:
    """Return options as they stand, None where there are none. Raises ValueError for what is no list of options."""
    if _is_missing(value) or value == []:
        return None
    if isinstance(value, str) and value.lstrip().startswith(("[", "(", "{")):
        raise ValueError(f'the options are a text that looks like a list, {_shown(value)}; write a list: ["A. …", …]')
    if not isinstance(value, list | tuple) or not 2 <= len(value) <= len(LETTERS):
        raise ValueError(f"the options are {_shown(value)}; write a list of two to {len(LETTERS)}, or null")
    if not all(isinstance(option, str) and option.strip() for option in value):
        raise ValueError(f"the options are {_shown(value)}; each of them is a text")
    pairs = list(zip(LETTERS, value, strict=False))
    if lettered and not all(option.startswith(f"{letter}. ") and option[3:].strip() for letter, option in pairs):
        expected = ", ".join(f"{letter}. …" for letter, _ in pairs)
        raise ValueError(f"the options are {_shown(value)}; they begin with their letters: {expected}")
    return tuple(value)


def read_truth(value: Any, kind: str, options: tuple[str, ...] | None) -> str:
    """Return the ground truth as a model should reply it, "" for null.

    With options, "(B)", "b" and "B. chair" (where B is a chair) are B. A count of 3.0 is 3. Raises ValueError for
    whatever has no such clear meaning.
    """
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not str(value).strip():
        raise ValueError(f"the ground_truth is {_shown(value)}; write {_expected(kind, options)}")
    if options is not None:
        return _letter(value, options)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"the ground_truth is {value}; write {_expected(kind, options)}")
    text = str(value).strip()
    if text.lower() == "nan":
        raise ValueError(f"the ground_truth is {_shown(value)}; write {_expected(kind, options)}")
    is_count = question_type(kind).is_count
    if not question_type(kind).is_number:
        return text
    if not NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise ValueError(f"the ground_truth is {_shown(value)}; write {_expected(kind, options)}")
    if is_count and not float(text).is_integer():
        raise ValueError(f"the ground_truth is {_shown(value)}; a count is a whole number")
    return str(int(float(text))) if is_count else text


def read_answers(value: Any) -> tuple[str, ...]:
    """Return all the replies that are right, none for null. Raises ValueError for what is no list of texts."""
    if _is_missing(value):
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(answer, str) and answer.strip() for answer in value):
        raise ValueError(f"the answers are {_shown(value)}; write a list of texts")
    return tuple(value)


def _letter(value: Any, options: tuple[str, ...]) -> str:
    text, letters = str(value).strip(), LETTERS[: len(options)]
    alone, both = LETTER.fullmatch(text), LETTER_AND_TEXT.fullmatch(text)
    letter, words = "", ""
    if alone:
        letter = alone[1].upper()
    elif both:
        letter, words = (both[1] or both[2]).upper(), both[3]
    if not letter or letter not in letters:
        raise ValueError(
            f"the ground_truth is {_shown(value)}, which is no letter of the {len(options)} options; write one of "
            f"{', '.join(letters)}"
        )
    option = option_text(options[letters.index(letter)])
    if words and words.strip().casefold() != option.strip().casefold():
        raise ValueError(
            f"the ground_truth is {_shown(value)}, but option {letter} is {_shown(option)}; write a letter"
        )
    return letter


def _expected(kind: str, options: tuple[str, ...] | None) -> str:
    if options is not None:
        return f"one of {', '.join(LETTERS[: len(options)])}, or null"
    if question_type(kind).is_number:
        return f"a finite number in digits without its unit (the type is {kind}), or null"
    return "a number, words, or an option's letter, or null"


def _name(values: Mapping[str, Any], field: str, numbers: bool = False) -> str:
    value = values.get(field)
    if _is_missing(value):
        return ""
    if numbers and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(f"the {field} is {_shown(value)}; write a text, or leave it out")
    return value


def _times(value: Any) -> tuple[float, ...]:
    if _is_missing(value):
        return ()
    if not isinstance(value, list | tuple) or not all(_is_time(time) for time in value):
        raise ValueError(f"the times are {_shown(value)}; write a list of seconds")
    return tuple(value)


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
