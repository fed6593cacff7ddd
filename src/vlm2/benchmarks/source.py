"""Where a benchmark's questions come from: a data set on the hub, or files on the disk; and where its videos are."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .benchmark import Item, Loaded

Row = Mapping[str, Any]
FindVideo = Callable[..., Path | None]
"""Returns the first of the paths given that is a file in the folder of videos, else None."""

HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?")


@dataclass(frozen=True)
class Records:
    """The rows of a question file, their revision (see `Loaded`), and the folder where they were found."""

    rows: tuple[Row, ...]
    revision: str
    folder: Path | None = None


@dataclass(frozen=True)
class Questions:
    """How a benchmark's questions are published.

    `files` are the names that its question file goes by, `fields` what each of its rows has, `hub` the data set that
    its authors keep on the hub (None: they keep none), `split` the part of a data set, `page` where to get the files.
    """

    title: str
    files: tuple[str, ...]
    fields: tuple[str, ...]
    split: str
    page: str
    hub: str | None = None

    def read(self, source: str | Path | None = None) -> Records:
        """Read the questions from the hub, a file (JSON, JSON lines or Parquet), or a folder that holds one.

        `source` is as in `benchmark.Loader`. Raises ValueError where there is nothing to read, or something else.
        """
        source = source or self.hub
        if source is None:
            raise ValueError(f"{self.title} has no data set of its authors on the hub: {self._advice()}")
        path = Path(source).expanduser()
        if path.is_file():
            rows, folder = _read_file(path), path.parent
        elif path.is_dir():
            file = next((path / name for name in self.files if (path / name).is_file()), None)
            rows, folder = self._read_data_set(path) if file is None else _read_file(file), path
        elif HUB_NAME.fullmatch(str(source)):
            rows, revision = _read_hub(str(source), self.split)
            return Records(self._checked(rows, source), revision)
        else:
            raise ValueError(f"{source} is no file, no folder and no hub name (OWNER/NAME): {self._advice()}")
        rows = self._checked(rows, source)
        return Records(rows, f"sha256:{_digest(rows)}", folder)

    def _read_data_set(self, folder: Path) -> list[Row]:
        """Read a folder that was downloaded from the hub as it is."""
        if not any(folder.rglob("*.parquet")) and not any(folder.glob("*.json*")):
            raise ValueError(f"{folder} holds no questions: {self._advice()}")
        return list(_data_sets().load_dataset(str(folder), split=self.split))

    def _checked(self, rows: list[Row], source: str | Path) -> tuple[Row, ...]:
        if not rows:
            raise ValueError(f"{source} holds no questions: {self._advice()}")
        for number, row in enumerate(rows):
            lacking = [field for field in self.fields if field not in row]
            if lacking:
                raise ValueError(
                    f"Row {number} of {source} lacks {', '.join(lacking)} (it has {', '.join(row)}); "
                    f"these are no questions of {self.title}: {self._advice()}"
                )
        return tuple(rows)

    def _advice(self) -> str:
        return f"give {self.files[0]} or a folder that holds it ({self.page})."


def collect(
    records: Records, item: Callable[[Row, FindVideo], Item], videos: str | Path | None = None, limit: int | None = None
) -> Loaded:
    """Make an item of each row, or of the first `limit` ones; name the videos that are not there.

    Raises ValueError for a limit below 1, a folder of videos that is none, and for ids that are not unique.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"A limit of {limit} leaves nothing to ask; give 1 or more.")
    folder = records.folder if videos is None else Path(videos).expanduser()
    if folder is not None and not folder.is_dir():
        raise ValueError(f"{folder} is no folder; give the one that holds the videos.")

    def find(*paths: str) -> Path | None:
        files = [] if folder is None else [folder / path for path in paths]
        return next((file for file in files if file.is_file()), None)

    items = tuple(item(row, find) for row in records.rows[:limit])
    twice = [id for id, times in Counter(item.id for item in items).items() if times > 1]
    if twice:
        raise ValueError(f"{len(twice)} question ids are there more than once: {', '.join(twice[:5])}.")
    return Loaded(items, records.revision, tuple(dict.fromkeys(item.group for item in items if item.video is None)))


def join(left: Records, right: Records, key: str) -> Records:
    """Add to each row of `left` the fields of the row of `right` with its key. Raises ValueError for one without."""
    others = {row[key]: row for row in right.rows}
    lacking = [str(row[key]) for row in left.rows if row[key] not in others]
    if lacking:
        raise ValueError(f"{len(lacking)} questions have no answer in the file beside them: {', '.join(lacking[:5])}.")
    rows = tuple({**others[row[key]], **row} for row in left.rows)
    return Records(rows, f"sha256:{_digest(rows)}", left.folder)


def _read_file(file: Path) -> list[Row]:
    """Read rows from a file; of a JSON object (SQA3D has one) the first list in it."""
    if file.suffix == ".parquet":
        _data_sets()
        from pyarrow import parquet  # pyright: ignore[reportMissingImports]

        return parquet.read_table(file).to_pylist()
    text = file.read_text(encoding="utf-8")
    try:
        if file.suffix == ".jsonl":
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{file} is no JSON ({error}); it may be cut off: get it again.") from None
    if isinstance(content, dict):
        content = next((value for value in content.values() if isinstance(value, list)), [])
    return content


def _read_hub(source: str, split: str) -> tuple[list[Row], str]:
    """Read a data set from the hub: its rows, and `NAME@COMMIT`."""
    data_sets = _data_sets()
    from huggingface_hub import HfApi

    name, _, revision = source.partition("@")
    try:
        commit = HfApi().dataset_info(name, revision=revision or None).sha
        return list(data_sets.load_dataset(name, split=split, revision=commit)), f"{name}@{commit}"
    except Exception as error:  # the hub, its HTTP client and datasets have no family of errors in common
        raise ValueError(
            f"The data set {source} could not be read from the hub ({error}). Without the hub, give a local copy."
        ) from error


def _data_sets() -> Any:
    try:
        import datasets  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise ValueError(
            "Reading a data set or a Parquet file needs the package datasets: pip install 'vlm2[eval]'. JSON files are "
            "read without it."
        ) from None
    return datasets


def _digest(rows: tuple[Row, ...]) -> str:
    """Return the sha256 of what the rows say, whatever file they came in."""
    return hashlib.sha256(json.dumps(rows, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
