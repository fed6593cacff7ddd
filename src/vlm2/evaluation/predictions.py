"""The predictions of a run on disk: one JSON line a reply, written at once, and sorted at the end.

Each of several processes (`accelerate launch`) writes its own file, `predictions.RANK.jsonl`, and the last one joins
the files. After a kill, all complete lines are kept and a line that was cut off is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

from ..cache import whole_file
from .benchmark import Item

PREDICTIONS = "predictions.jsonl"


@dataclass(frozen=True)
class StoredAnswer:
    """The details of a reply by a respondent with an object memory. The fields are those of `streaming.Answer`.

    `source` is "objects" where a query answered, else "tokens": the query was refused, and the language model guessed.
    """

    source: str
    status: str
    value: bool | int | float | str | tuple[str, ...] | None = None
    unit: str | None = None
    uncertainty: float | None = None
    confidence: float | None = None
    query: str | None = None
    sentence: str = ""

    @classmethod
    def of(cls, answer: object, **given: Any) -> StoredAnswer:
        """Copy the fields from a record that has them; `given` replaces some."""
        names = (field.name for field in fields(cls) if field.name not in given)
        return cls(**{name: getattr(answer, name) for name in names}, **given)


@dataclass(frozen=True)
class Prediction:
    """A model's reply to an item, and the number of frames that it saw. `answer` is None for a respondent without an
    object memory. The file leaves out the item's `video`."""

    item: Item
    text: str
    frames: int = 0
    answer: StoredAnswer | None = None

    def to_line(self) -> bytes:
        """Return the line of the file."""
        columns = asdict(self.item)
        del columns["video"]
        row = columns | {"prediction": self.text, "frames_seen": self.frames}
        if self.answer is not None:
            row["answer"] = asdict(self.answer)
        return json.dumps(row, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Prediction:
        """Read a line of the file."""
        row: dict[str, Any] = json.loads(line)
        answer = row.pop("answer", None)
        text, frames = row.pop("prediction"), row.pop("frames_seen")
        stored = None if answer is None else StoredAnswer(**_with_tuples(answer))
        return cls(Item(video=None, **_with_tuples(row)), text, frames, stored)


def _with_tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def read_predictions(out: Path) -> dict[str, Prediction]:
    """Read the predictions in a run's files, by item id."""
    return {id: Prediction.from_line(line) for id, line in _lines(out).items()}


def _lines(out: Path) -> dict[str, bytes]:
    """Return every complete line of a run's files, by item id."""
    lines = [line for file in prediction_files(out) for line in file.read_bytes().splitlines(keepends=True)]
    return {json.loads(line)["id"]: line for line in lines if line.endswith(b"\n")}


class PredictionWriter:
    """The file to which this process writes. `done` holds the ids of the items that have a prediction: at the opening
    those of all processes, then also those added here."""

    def __init__(self, file: IO[bytes], done: set[str]) -> None:
        self._file, self.done = file, done

    def add(self, prediction: Prediction) -> None:
        """Write one prediction at once. Raises ValueError for an item that has one."""
        if prediction.item.id in self.done:
            raise ValueError(f"{prediction.item.id} was answered already.")
        self._file.write(prediction.to_line())
        self.done.add(prediction.item.id)


@contextmanager
def open_writer(out: Path, rank: int | None = None) -> Iterator[PredictionWriter]:
    """Open a run's predictions for writing; `rank` numbers a process of several.

    Raises ValueError where another process writes to the same file.
    """
    out.mkdir(parents=True, exist_ok=True)
    file = out / (PREDICTIONS if rank is None else f"predictions.{rank}.jsonl")
    lock = FileLock(file.with_name(f".{file.name}.lock"), blocking=False)
    try:
        acquired = lock.acquire()
    except Timeout:
        raise ValueError(
            f"Another process is writing predictions to {out}. Wait for it, or choose another --out."
        ) from None
    with acquired, open(file, "ab+", buffering=0) as stream:
        stream.seek(0)
        stream.truncate(stream.read().rfind(b"\n") + 1)
        yield PredictionWriter(stream, set(_lines(out)))


def join(out: Path, ids: Sequence[str]) -> bool:
    """Write all predictions to one file in the order of `ids`, if all are there; return whether they are."""
    with locked(out):
        lines = _lines(out)
        if any(id not in lines for id in ids):
            return False
        whole = b"".join(lines[id] for id in ids)
        if not (out / PREDICTIONS).exists() or (out / PREDICTIONS).read_bytes() != whole:
            with whole_file(out / PREDICTIONS) as partial:
                partial.write_bytes(whole)
        for file in prediction_files(out):
            if file.name != PREDICTIONS:
                file.unlink()
    return True


def write_json(file: Path, content: Mapping[str, Any]) -> None:
    """Write a record as JSON, the whole file at once."""
    with whole_file(file) as partial:
        partial.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


def locked(out: Path) -> AbstractContextManager:
    """Let one process at a time change a run's folder."""
    return FileLock(out / ".lock")


def prediction_files(out: Path) -> list[Path]:
    """Return the files of a run with predictions: one, or one a process."""
    return sorted(out.glob("predictions*.jsonl"))
