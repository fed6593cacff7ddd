"""The predictions of a run on disk: one JSON line a reply, written as it comes, put in order at the end.

A process of several (`accelerate launch`) writes a file of its own, `predictions.RANK.jsonl`; the one that is done last
joins them. Whatever was written before a kill is kept, and what a kill cut off is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

PREDICTIONS = "predictions.jsonl"

Row = dict[str, Any]


def read_rows(out: Path) -> dict[str, Row]:
    """Read every complete line of a run's files, by item id."""
    rows: dict[str, Row] = {}
    for file in _files(out):
        for line in file.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):
                row = json.loads(line)
                rows.setdefault(row["id"], row)
    return rows


def as_line(row: Mapping[str, Any]) -> bytes:
    """Return a row as it stands in the file."""
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


class Ledger:
    """The file that this process writes to. `done` holds the rows of all processes as they were when it was opened."""

    def __init__(self, file: IO[bytes], done: dict[str, Row]) -> None:
        self._file, self.done = file, done

    def add(self, row: Row) -> None:
        """Write one row, now. Raises ValueError for an item that has one already."""
        if row["id"] in self.done:
            raise ValueError(f"{row['id']} was answered already.")
        self._file.write(as_line(row))
        self.done[row["id"]] = row


@contextmanager
def open_ledger(out: Path, rank: int | None = None) -> Iterator[Ledger]:
    """Open a run's predictions for writing; `rank` numbers a process of several.

    Raises ValueError where another process writes to the same file.
    """
    out.mkdir(parents=True, exist_ok=True)
    file = out / (PREDICTIONS if rank is None else f"predictions.{rank}.jsonl")
    with _claimed(file), open(file, "ab+", buffering=0) as stream:
        stream.seek(0)
        text = stream.read()
        stream.truncate(text.rfind(b"\n") + 1)
        yield Ledger(stream, read_rows(out))


def join(out: Path, ids: Sequence[str]) -> bool:
    """Put all predictions into one file in the order of `ids`, if all are there; tell whether they are."""
    with locked(out):
        rows = read_rows(out)
        if any(id not in rows for id in ids):
            return False
        whole = b"".join(as_line(rows[id]) for id in ids)
        file = out / PREDICTIONS
        if not file.exists() or file.read_bytes() != whole:
            write_whole(file, whole)
        for file in _files(out):
            if file.name != PREDICTIONS:
                file.unlink()
    return True


def write_whole(file: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all; one process at a time (see `locked`)."""
    partial = file.with_name(f".{file.name}.partial")
    partial.write_bytes(content)
    partial.replace(file)


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Let one process at a time change a run's folder."""
    with FileLock(out / ".lock"):
        yield


def _files(out: Path) -> list[Path]:
    return sorted(out.glob("predictions*.jsonl"))


@contextmanager
def _claimed(file: Path) -> Iterator[None]:
    lock = FileLock(file.with_name(f".{file.name}.lock"), blocking=False)
    try:
        lock.acquire()
    except Timeout:
        raise ValueError(
            f"Another process is writing predictions to {file.parent}. Wait for it, or choose another --out."
        ) from None
    try:
        yield
    finally:
        lock.release()
