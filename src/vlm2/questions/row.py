"""Check one row of a question file, and make a question of it.

`RowFields` lists the fields, and docs/reference/questions.md what each may hold. A missing value of pandas (NaN) counts
as null, except in `question`, `ground_truth` and a `scene_name` that must be there: these refuse it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn

from pydantic import BaseModel, Field, FiniteFloat, Strict, StrictInt, StrictStr, StringConstraints, ValidationError

from .question import LETTERS, Question, option_text
from .question_type import QuestionType
from .tasks import question_type

DEFAULT_TYPE = "question"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
LETTER = re.compile(rf"\(?([{LETTERS}])\)?[.:]?(?:(?<=[.:)])\s+(?P<words>.+))?", re.IGNORECASE | re.DOTALL)
SHOWN = 60  # characters of a value that an error shows

Text = Annotated[str, StringConstraints(strict=True, pattern=r"\S")]
Name = Annotated[str, StringConstraints(strict=True, pattern=r"^[^\x00]*$")]
Seconds = Annotated[FiniteFloat, Strict()]


class RowFields(BaseModel, frozen=True):
    """The fields whose type does not depend on other fields. A description completes "write …" in an error."""

    question_type: Name = Field("", description="a text, or leave it out")
    options: Annotated[tuple[Text, ...], Field(min_length=2, max_length=len(LETTERS))] | None = Field(
        None, description=f"a list of two to {len(LETTERS)} texts, or null"
    )
    question: Text = Field(description="a text")
    times: tuple[Seconds, ...] = Field((), description="a list of seconds")
    answers: tuple[Text, ...] = Field((), description="a list of texts")
    scene_name: Name | StrictInt = Field("", description="the video's name as a text")
    dataset: Name = Field("", description="a text, or leave it out")
    id: StrictStr | StrictInt = Field("", description="a text or a whole number")


@dataclass(frozen=True)
class QuestionRow:
    """A checked row: its question, the name of its video (`scene`) and the video's folder (`dataset`), and its id.

    Text that the row lacks is "", also in `question.ground_truth`.
    """

    question: Question
    scene: str = ""
    dataset: str = ""
    id: str = ""


def read_row(
    values: Mapping[str, Any], *, scene: bool = False, truth: bool = False, lettered: bool = True
) -> QuestionRow:
    """Check a row and return it as a record. `scene` and `truth` require a scene_name and a ground_truth.

    Without `lettered`, options may lack their letters. Raises ValueError that names a field, what it contains, and what
    to write.
    """
    needed = ["question", *(["scene_name"] if scene else []), *(["ground_truth"] if truth else [])]
    lacking = [name for name in needed if values.get(name) is None]
    if lacking:
        raise ValueError(f"it lacks {', '.join(lacking)} (it has {', '.join(map(str, values)) or 'nothing'})")
    values = {name: value for name, value in values.items() if name in needed or not _is_missing(name, value)}
    fields = _fields(values)
    if scene and not str(fields.scene_name).strip():
        _refuse("scene_name", fields.scene_name)
    kind = question_type(fields.question_type or DEFAULT_TYPE)
    if lettered and fields.options is not None:
        _check_letters(fields.options)
    question = Question(
        question_type=kind.name,
        question=fields.question,
        options=fields.options,
        ground_truth=_truth(values.get("ground_truth"), kind, fields.options),
        times=fields.times,
        answers=fields.answers,
    )
    return QuestionRow(question, str(fields.scene_name), fields.dataset, str(fields.id))


def read_text(value: Any, field: str) -> str:
    """Return a text unchanged. Raises ValueError for any other value and for an empty text."""
    if not isinstance(value, str) or not value.strip():
        _refuse(field, value, "write a text")
    return value


def _fields(values: dict[str, Any]) -> RowFields:
    """Check the types of a row's fields. Raises ValueError for the first that has a wrong one."""
    try:
        return RowFields.model_validate(values)
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        value = values[field]
        if field == "options" and isinstance(value, str) and value.lstrip().startswith(("[", "(", "{")):
            raise ValueError(
                f'the options are a text that looks like a list, {_shown(value)}; write a list: ["A. …", …]'
            ) from None
        _refuse(field, value)


def _check_letters(options: tuple[str, ...]) -> None:
    pairs = list(zip(LETTERS, options, strict=False))
    if not all(option.startswith(f"{letter}. ") and option[3:].strip() for letter, option in pairs):
        expected = ", ".join(f"{letter}. …" for letter, _ in pairs)
        _refuse("options", list(options), f"they begin with their letters: {expected}")


def _truth(value: Any, kind: QuestionType, options: tuple[str, ...] | None) -> str:
    """Return the ground truth in the form of a model's reply, "" for null.

    With options, "(B)", "b" and "B. chair" (if option B is a chair) are B. A count of 3.0 is 3. Raises ValueError for a
    value without a clear meaning.
    """
    if value is None:
        return ""
    is_plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    text = str(value).strip() if is_plain and value not in (math.inf, -math.inf) else ""
    if options is not None:
        return _letter(value, text, options)
    if not kind.is_number:
        if not text or text.lower() == "nan":
            _refuse("ground_truth", value, "write a number, words, or an option's letter, or null")
        return text
    if not NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        expected = f"a finite number in digits without its unit (the type is {kind.name}), or null"
        _refuse("ground_truth", value, f"write {expected}")
    if not kind.is_count:
        return text
    if not float(text).is_integer():
        _refuse("ground_truth", value, "a count is a whole number")
    return str(int(float(text)))


def _letter(value: Any, text: str, options: tuple[str, ...]) -> str:
    """Return the letter of the option that `text` names. Raises ValueError, with `value`, if it names none."""
    by_letter = dict(zip(LETTERS, map(option_text, options), strict=False))
    match = LETTER.fullmatch(text)
    letter = match[1].upper() if match else ""
    if match is None or letter not in by_letter:
        letters = ", ".join(by_letter)
        _refuse("ground_truth", value, f"that is no letter of the {len(options)} options; write one of {letters}")
    words, option = match["words"], by_letter[letter]
    if words and words.strip().casefold() != option.strip().casefold():
        _refuse("ground_truth", value, f"but option {letter} is {_shown(option)}; write a letter")
    return letter


def _refuse(field: str, value: Any, what: str = "") -> NoReturn:
    """Raise the ValueError that names a field, what it holds, and `what` to write (by default its description)."""
    verb = "are" if field in ("options", "times", "answers") else "is"
    what = what or f"write {RowFields.model_fields[field].description}"
    raise ValueError(f"the {field} {verb} {_shown(value)}; {what}") from None


def _is_missing(field: str, value: Any) -> bool:
    is_nan = isinstance(value, float) and math.isnan(value) and field != "ground_truth"
    return value is None or is_nan or (field == "options" and value == [])


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
