"""The predictions of a run on disk: one JSON line a reply, written at once, put in order at the end.

Each process of several (`accelerate launch`) writes its own file, `predictions.RANK.jsonl`; the last process joins
them. After a kill all complete lines are kept; a line that was cut off is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

from .benchmark import Item

PREDICTIONS = "predictions.jsonl"


@dataclass(frozen=True)
class Prediction:
    """A model's reply to an item, and the number of frames that it saw. The file has not the item's `video`."""

    item: Item
    text: str
    frames: int = 0

    def to_line(self) -> bytes:
        """Return the line of the file."""
        fields = asdict(self.item)
        del fields["video"]
        row = fields | {"prediction": self.text, "frames_seen": self.frames}
        return json.dumps(row, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Prediction:
        """Read a line of the file."""
        row: dict[str, Any] = json.loads(line)
        row = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
        text, frames = row.pop("prediction"), row.pop("frames_seen")
        return cls(Item(video=None, **row), text, frames)


def read_predictions(out: Path) -> dict[str, Prediction]:
    """Read every complete line of a run's files, by item id."""
    found: dict[str, Prediction] = {}
    for file in prediction_files(out):
        for line in file.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):
                prediction = Prediction.from_line(line)
                found.setdefault(prediction.item.id, prediction)
    return found


class PredictionWriter:
    """The file that this process writes to. `done` has the ids of the predictions of all processes at its opening."""

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
        yield PredictionWriter(stream, set(read_predictions(out)))


def join(out: Path, ids: Sequence[str]) -> bool:
    """Write all predictions to one file in the order of `ids`, if all are there; return whether they are."""
    with locked(out):
        found = read_predictions(out)
        if any(id not in found for id in ids):
            return False
        whole = b"".join(found[id].to_line() for id in ids)
        if not (out / PREDICTIONS).exists() or (out / PREDICTIONS).read_bytes() != whole:
            write_whole(out / PREDICTIONS, whole)
        for file in prediction_files(out):
            if file.name != PREDICTIONS:
                file.unlink()
    return True


def write_whole(file: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all; one process at a time (see `locked`)."""
    partial = file.with_name(f".{file.name}.partial")
    partial.write_bytes(content)
    partial.replace(file)


def write_json(file: Path, content: Mapping[str, Any]) -> None:
    """Write a record as JSON, as `write_whole` does."""
    write_whole(file, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Let one process at a time change a run's folder."""
    with FileLock(out / ".lock"):
        yield


def prediction_files(out: Path) -> list[Path]:
    """Return the files of a run with predictions: one, or one a process."""
    return sorted(out.glob("predictions*.jsonl"))
