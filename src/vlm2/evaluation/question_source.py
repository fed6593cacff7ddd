"""Sources of a benchmark's questions (a data set on the hub, or local files) and of its videos."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..questions.file import FileRow, convert, data_sets, number_rows, read_rows
from ..questions.question import Question
from ..questions.row import QuestionRow, read_row
from .benchmark import Item, Loaded

Values = Mapping[str, Any]
FindVideo = Callable[..., Path | None]
"""Returns the first of the paths given that is a file in the folder of videos, else None."""

HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?")


@dataclass(frozen=True)
class Records:
    """The rows of a question file, their revision (see `Loaded`), the source that was read, and its folder, if any."""

    rows: tuple[FileRow, ...]
    revision: str
    source: str
    folder: Path | None = None

    def joined(self, other: Records, key: str) -> Records:
        """Add to each row the fields of the other's row with the same key. Raises ValueError for a row without one."""
        others = {str(row.values[key]): row.values for row in other.rows}
        lacking = [str(row.values[key]) for row in self.rows if str(row.values[key]) not in others]
        if lacking:
            raise ValueError(
                f"{len(lacking)} questions of {self.source} have no answer in {other.source}: {', '.join(lacking[:5])}."
            )
        rows = tuple(replace(row, values={**others[str(row.values[key])], **row.values}) for row in self.rows)
        return replace(self, rows=rows, revision=f"sha256:{_digest(rows)}")


@dataclass(frozen=True)
class QuestionSource:
    """How a benchmark's questions are published.

    `files` are the possible names of its question file, `fields` those of each row, `hub` its authors' data set on the
    hub (None: there is none), `split` the part of a data set, and `page` the place where the files can be got.
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
        if not path.exists():
            if not HUB_NAME.fullmatch(str(source)):
                raise ValueError(f"{source} is no file, no folder and no hub name (OWNER/NAME): {self._advice()}")
            contents, revision = _read_hub(str(source), self.split)
            return Records(self._checked(number_rows(contents), source), revision, str(source))
        folder = path if path.is_dir() else path.parent
        names = self.files if path.is_dir() else (path.name,)
        file = next((folder / name for name in names if (folder / name).is_file()), None)
        rows = number_rows(self._read_data_set(folder)) if file is None else read_rows(file)
        rows = self._checked(rows, file or folder)
        return Records(rows, f"sha256:{_digest(rows)}", str(file or folder), folder)

    def _read_data_set(self, folder: Path) -> list[Values]:
        """Read a folder that was downloaded from the hub as it is."""
        if not any(folder.rglob("*.parquet")) and not any(folder.glob("*.json*")):
            raise ValueError(f"{folder} holds no questions: {self._advice()}")
        return list(data_sets().load_dataset(str(folder), split=self.split))

    def _checked(self, rows: tuple[FileRow, ...], source: str | Path) -> tuple[FileRow, ...]:
        if not rows:
            raise ValueError(f"{source} holds no questions: {self._advice()}")
        convert(source, rows, self._check)
        return rows

    def _check(self, values: Values) -> None:
        lacking = [field for field in self.fields if field not in values]
        if lacking:
            raise ValueError(
                f"it lacks {', '.join(lacking)} (it has {', '.join(map(str, values)) or 'nothing'}); these are no "
                f"questions of {self.title}: {self._advice().rstrip('.')}"
            )

    def _advice(self) -> str:
        return f"give {self.files[0]} or a folder that holds it ({self.page})."


def load_items(
    records: Records,
    item: Callable[[Values, FindVideo], Item],
    videos: str | Path | None = None,
    limit: int | None = None,
) -> Loaded:
    """Make an item of each row, or of the first `limit` ones; name the missing videos.

    Raises ValueError for a limit below 1, for a folder of videos that does not exist, and for rows that `item` refuses.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"A limit of {limit} leaves nothing to ask; give 1 or more.")
    folder = records.folder if videos is None else Path(videos).expanduser()
    if folder is not None and not folder.is_dir():
        raise ValueError(f"{folder} is no folder; give the one that holds the videos.")

    def find(*paths: str) -> Path | None:
        files = [] if folder is None else [folder / path for path in paths]
        return next((file for file in files if file.is_file()), None)

    def identified(values: Values) -> Item:
        made = item(values, find)
        if not made.id:
            raise ValueError("it has no id; give every question an id of its own")
        return made

    items = tuple(convert(records.source, records.rows[:limit], identified))
    return Loaded(items, records.revision, tuple(dict.fromkeys(item.group for item in items if item.video is None)))


def make_item(
    row: QuestionRow, video: Path | None, prompt: str, question_type: str | None = None, frames: int | None = None
) -> Item:
    """Make an item of a checked row; `question_type` replaces the row's."""
    question = row.question
    return Item(
        id=row.id,
        video=video,
        group=row.scene,
        question_type=question_type or question.question_type,
        prompt=prompt,
        question=question.question,
        options=question.options,
        answers=question.accepted,
        frames=frames,
    )


def check_options(question: Question, types: Container[str], numbers: Container[str], title: str) -> None:
    """Raise ValueError where a question of a published type has options though its type is in `numbers`, or none."""
    kind, has_options = question.question_type, question.options is not None
    if kind in types and has_options == (kind in numbers):
        raise ValueError(f"a question of type {kind} has {'no' if has_options else 'two or more'} options in {title}")


def read_answered(values: Values, answers: Any) -> QuestionRow:
    """Check a row of ScanQA's form (question_id, scene_id, question); `answers` are texts, at least one."""
    named = {"id": "question_id", "scene_name": "scene_id", "question": "question"}
    row = read_row({name: values[field] for name, field in named.items()} | {"answers": answers}, scene=True)
    if not row.question.answers:
        raise ValueError("it has no answers; write a list of texts")
    return row


def scannet_video(row: QuestionRow, find: FindVideo) -> Path | None:
    """Return the video of a scan of ScanNet, `scannet/SCENE.mp4` or `SCENE.mp4`, or None where there is none."""
    return find(f"scannet/{row.scene}.mp4", f"{row.scene}.mp4")


def _read_hub(source: str, split: str) -> tuple[list[Values], str]:
    """Read a data set from the hub: its rows, and `NAME@COMMIT`."""
    hub = data_sets()
    from huggingface_hub import HfApi

    name, _, revision = source.partition("@")
    try:
        commit = HfApi().dataset_info(name, revision=revision or None).sha
        return list(hub.load_dataset(name, split=split, revision=commit)), f"{name}@{commit}"
    except Exception as error:  # the hub, its HTTP client and datasets have no family of errors in common
        raise ValueError(
            f"The data set {source} could not be read from the hub ({error}). Without the hub, give a local copy."
        ) from error


def _digest(rows: tuple[FileRow, ...]) -> str:
    """Return the sha256 of the rows' fields; it does not depend on the file format."""
    return hashlib.sha256(
        json.dumps([dict(row.values) for row in rows], sort_keys=True, ensure_ascii=False, default=str).encode()
    ).hexdigest()
