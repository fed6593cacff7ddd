"""Read question files: JSON lines, JSON or Parquet, each row with its place in the file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from .question import readable

Made = TypeVar("Made")

LINE_ENDINGS = (".jsonl", ".ndjson")
BEGINNING = 40  # characters of a question that an error shows
NO_JSON = "it is no JSON"
OTHERS = 5  # further bad rows that an error names
TEXT_FIELDS = ("question", "text")
ID_FIELDS = ("id", "question_id")
UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # its byte order marks


@dataclass(frozen=True)
class FileRow:
    """One row of a question file.

    `place` is "line 7" or "question 7" (both count from 1); `values` are its fields by name. `fault` is the reason why
    the row cannot be read, else ""; then `values` is empty.
    """

    place: str
    values: Mapping[str, Any]
    fault: str = ""

    @property
    def id(self) -> Any:
        """Return the row's id as the file has it, or None."""
        return next((self.values[field] for field in ID_FIELDS if self.values.get(field) is not None), None)

    @property
    def name(self) -> str:
        """Return the place with the row's id and the beginning of its question, if it has them."""
        name = self.place
        if isinstance(self.id, str | int):
            name += f", id {ascii(self.id[:BEGINNING]) if isinstance(self.id, str) else str(self.id)[:BEGINNING]}"
        text = next((self.values[field] for field in TEXT_FIELDS if isinstance(self.values.get(field), str)), "")
        if text.strip():
            text = " ".join(readable(text).split())
            name += f', "{text[:BEGINNING]}{"…" if len(text) > BEGINNING else ""}"'
        return name


def read_rows(file: str | Path) -> tuple[FileRow, ...]:
    """Read the rows of a question file, whatever its line ends, with or without a byte order mark.

    A file is JSON lines, a JSON array, a JSON object that contains the array (as SQA3D's), or Parquet. The content, not
    the name, decides which form of JSON it is. Blank lines are skipped. A row that cannot be read has a `fault` (see
    `convert`). Raises ValueError for a file that does not exist, is not UTF-8, or is not JSON as a whole.
    """
    file = Path(file)
    if not file.is_file():
        raise ValueError(f"There is no file {file}; give a question file: JSON lines, one question a line, or JSON.")
    if file.suffix == ".parquet":
        return number_rows(_read_parquet(file))
    text = _read_text(file)
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        return ()
    in_lines = file.suffix in LINE_ENDINGS
    try:
        content = _decode(text)
    except ValueError as error:
        first = _line(*lines[0])  # a whole value on the first line, and more behind it: JSON lines
        if first.fault.startswith(NO_JSON) and (not in_lines or lines[0][1].lstrip().startswith("[")):
            raise ValueError(f"{file} is no JSON ({error}); it may be cut off: get it again.") from None
        return tuple(_line(number, line) for number, line in lines)
    contents = _inner(content, in_lines)
    if in_lines and len(lines) == 1 and contents == [content]:
        return (_line(*lines[0]),)
    return number_rows(contents)


def number_rows(contents: Iterable[Any]) -> tuple[FileRow, ...]:
    """Return rows that have no lines of their own as "question 1", "question 2", …"""
    return tuple(_row(f"question {number}", content) for number, content in enumerate(contents, 1))


def convert(source: str | Path, rows: Iterable[FileRow], make: Callable[[Mapping[str, Any]], Made]) -> list[Made]:
    """Return what `make` makes of every row's fields.

    A row cannot be used if it has a fault, if `make` raises a ValueError, or if its id is not unique. Then raises a
    ValueError of one line: the source, the first such row and its fault, and the places of the others.
    """
    made: list[Made] = []
    wrong: list[tuple[FileRow, str]] = []
    places: dict[str, str] = {}  # by id
    for row in rows:
        try:
            if row.fault:
                raise ValueError(row.fault)
            made.append(make(row.values))
            if row.id is not None and (place := places.setdefault(str(row.id), row.place)) != row.place:
                raise ValueError(f"its id is also that of {place}; give every question an id of its own")
        except ValueError as error:
            wrong.append((row, str(error)))
    if not wrong:
        return made
    (row, fault), *others = wrong
    named = ", ".join(other.place for other, _ in others[:OTHERS])
    more = f" and {len(others) - OTHERS} more" if len(others) > OTHERS else ""
    also = f" {len(others)} more cannot be used: {named}{more}." if others else ""
    raise ValueError(f"{source}, {row.name}: {fault}.{also}")


def data_sets() -> Any:
    """Return the package `datasets`. Raises ValueError with the install command if it is not installed."""
    try:
        import datasets  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise ValueError(
            "Reading a data set or a Parquet file needs the package datasets: pip install 'vlm2[eval]'. JSON files are "
            "read without it."
        ) from None
    return datasets


def _read_text(file: Path) -> str:
    data = file.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        what = "it is UTF-16" if data.startswith(UTF_16) else f"line {line} holds the byte 0x{data[error.start]:02x}"
        raise ValueError(f"{file} is no text in UTF-8: {what}. Save it as UTF-8.") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _read_parquet(file: Path) -> list[Any]:
    data_sets()
    from pyarrow import ArrowException, parquet  # pyright: ignore[reportMissingImports]

    try:
        return parquet.read_table(file).to_pylist()
    except ArrowException as error:
        said = str(error).partition("\n")[0]
        raise ValueError(f"{file} is no Parquet file ({said}); it may be cut off: get it again.") from None


def _decode(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}" if "\n" in text.strip() else f"column {error.colno}"
        raise ValueError(f"{error.msg} at {where}") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError:  # Python reads no integer of more than 4,300 digits
        raise ValueError("a number in it has too many digits") from None


def _line(number: int, line: str) -> FileRow:
    try:
        content = _decode(line)
    except ValueError as error:
        return FileRow(f"line {number}", {}, f"{NO_JSON} ({error})")
    return _row(f"line {number}", content)


def _row(place: str, content: Any) -> FileRow:
    if not isinstance(content, Mapping):
        kind = {list: "an array", str: "a string", type(None): "null"}.get(type(content), "a plain value")
        return FileRow(place, {}, f"it is {kind}; write a JSON object with the question's fields")
    try:
        json.dumps(content, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        fault = r"it holds half a character (a lone surrogate such as \ud83d); write the character itself"
        return FileRow(place, {}, fault)
    return FileRow(place, content)


def _inner(content: Any, in_lines: bool) -> list[Any]:
    """Return the rows in a JSON document: an array, the first array of objects in an object, or one question alone.

    A question's own options and answers are arrays of strings.
    """
    if not isinstance(content, dict):
        return content if isinstance(content, list) else [content]
    arrays = [value for value in content.values() if isinstance(value, list)]
    of_objects = [array for array in arrays if array and all(isinstance(one, dict) for one in array)]
    if "question" in content or not (of_objects or arrays) or (in_lines and not of_objects):
        return [content]
    return (of_objects or arrays)[0]
