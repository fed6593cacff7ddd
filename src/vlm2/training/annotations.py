"""Questions of a user's own about a folder of videos, in the form that `vlm2 homes make` writes.

`questions.row` describes the fields of a row; `scene_name` and `ground_truth` must be there. `scene_name` is the
video's name in the folder, with or without its ending; `dataset` a folder within the folder, where the video is in one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..questions.file import convert, read_rows
from ..questions.question import Question
from ..questions.row import QuestionRow, read_row

ENDINGS = (".mp4", ".mkv", ".mov", ".webm", ".avi", ".m4v")

Annotations = dict[Path, list[Question]]
"""Questions by the video that they are about."""


def read_annotations(file: str | Path, videos: str | Path) -> Annotations:
    """Read questions, and find their videos in a folder.

    Raises ValueError for a missing file or folder, and for lines that cannot be used: it explains the first of them and
    names the others.
    """
    file, folder = Path(file).expanduser(), Path(videos).expanduser()
    if not folder.is_dir():
        raise ValueError(f"There is no folder of videos {folder}.")

    def annotate(values: Mapping[str, Any]) -> tuple[Path, Question]:
        row = read_row(values, scene=True, truth=True)
        return _video(row, folder), row.question

    found: Annotations = {}
    for video, question in convert(file, read_rows(file), annotate):
        found.setdefault(video, []).append(question)
    if not found:
        raise ValueError(
            f"{file} holds no questions; write one JSON object a line (docs/reference/questions.md shows the form)."
        )
    return found


def _video(row: QuestionRow, folder: Path) -> Path:
    places = [folder / row.dataset, folder] if row.dataset else [folder]
    names = [row.scene, *(row.scene + ending for ending in ENDINGS)]
    video = next((place / n for place in places for n in names if (place / n).is_file()), None)
    if video is None:
        raise ValueError(f"no video {row.scene} ({', '.join(ENDINGS)}) is in {' or '.join(map(str, places))}")
    return video
