"""Questions of a user's own: JSON lines about a folder of videos, in the form that `vlm2 homes make` writes.

One object a line:

| field | what |
|---|---|
| `scene_name` | the video's name in the folder, with or without its ending |
| `question` | the question |
| `ground_truth` | the answer: a letter where there are options, else a number or words |
| `options` | "A. left", "B. right", …; null or absent where the question has none |
| `dataset` | a folder within the folder, where the video is in one; may be absent |
| `question_type` | a name of the user's own; may be absent |
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..questions.question import LETTERS, Question

ENDINGS = (".mp4", ".mkv", ".mov", ".webm", ".avi", ".m4v")
SHOWN = 6  # complaints in one error

Annotations = dict[Path, list[Question]]
"""Questions by the video that they are about."""


def read_annotations(file: str | Path, videos: str | Path) -> Annotations:
    """Read questions, and find their videos in a folder.

    Raises ValueError for a file or folder that is not there, and one that names every line that cannot be used (the
    first of them, where they are many) with what is wrong with it.
    """
    file, folder = Path(file).expanduser(), Path(videos).expanduser()
    if not file.is_file():
        raise ValueError(f"There is no file of questions {file}; give JSON lines, such as homes/questions.jsonl.")
    if not folder.is_dir():
        raise ValueError(f"There is no folder of videos {folder}.")
    found: Annotations = {}
    wrong: list[str] = []
    for number, line in _lines(file):
        try:
            record = _record(line)
            found.setdefault(_video(record, folder), []).append(_question(record))
        except ValueError as error:
            wrong.append(f"line {number}: {error}")
    if wrong:
        more = f"\n  and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise ValueError(
            f"{len(wrong)} lines of {file} cannot be used:\n  " + "\n  ".join(wrong[:SHOWN]) + more + "\nMend or "
            "delete them. docs/training.md shows the form."
        )
    if not found:
        raise ValueError(f"{file} holds no questions; write one JSON object a line (docs/training.md shows the form).")
    return found


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{file} is no text in UTF-8; give JSON lines.") from None
    return ((number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip())


def _record(line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON ({error.msg} at column {error.colno})") from None
    if not isinstance(record, dict):
        raise ValueError(f"it is {type(record).__name__}, not an object with scene_name, question and ground_truth")
    lacking = [name for name in ("scene_name", "question", "ground_truth") if record.get(name) in (None, "")]
    if lacking:
        raise ValueError(f"it lacks {', '.join(lacking)} (it has {', '.join(record) or 'nothing'})")
    return record


def _video(record: dict[str, Any], folder: Path) -> Path:
    name = str(record["scene_name"])
    places = [folder / str(record["dataset"]), folder] if record.get("dataset") else [folder]
    names = [name, *(name + ending for ending in ENDINGS)]
    video = next((place / n for place in places for n in names if (place / n).is_file()), None)
    if video is None:
        raise ValueError(f"no video {name} ({', '.join(ENDINGS)}) is in {' or '.join(map(str, places))}")
    return video


def _question(record: dict[str, Any]) -> Question:
    text, truth, options = record["question"], record["ground_truth"], record.get("options")
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"the question is {text!r}; write a text")
    if isinstance(truth, bool) or not isinstance(truth, str | int | float) or not str(truth).strip():
        raise ValueError(f"the ground_truth is {truth!r}; write a number, words, or an option's letter")
    if options is not None:
        if not isinstance(options, list) or not 2 <= len(options) <= len(LETTERS):
            raise ValueError(f"the options are {options!r}; write a list of two to {len(LETTERS)}, or null")
        letters = tuple(LETTERS[: len(options)])
        expected = [f"{letter}. …" for letter in letters]
        if not all(str(o).startswith(f"{letter}. ") for o, letter in zip(options, letters, strict=True)):
            raise ValueError(f"the options are {options!r}; they begin with their letters: {', '.join(expected)}")
        if truth not in letters:
            raise ValueError(f"the ground_truth is {truth!r}, which is no letter of the {len(options)} options")
    return Question(
        question_type=str(record.get("question_type") or "question"),
        question=text.strip(),
        options=None if options is None else tuple(map(str, options)),
        ground_truth=str(truth).strip(),
    )
