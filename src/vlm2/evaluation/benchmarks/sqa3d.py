"""SQA3D (arXiv 2210.07474), test split: 3,519 questions of one who stands somewhere in a scan of ScanNet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...questions.question import WORD_REQUEST
from ...questions.row import read_text
from ..benchmark import Benchmark, Item, Loaded
from ..exact_match import commonest_answers, exact_match, summarize
from ..question_source import FindVideo, Questions, Values, collect, join, read_answered, scannet_item

PAGE = "sqa_task/balanced of the archive on Zenodo, record 7792397"

QUESTIONS = Questions(
    title="SQA3D",
    files=("v1_balanced_questions_test_scannetv2.json",),
    fields=("question_id", "scene_id", "situation", "question"),
    split="test",
    page=PAGE,
)

ANNOTATIONS = Questions(
    title="SQA3D (answers)",
    files=("v1_balanced_sqa_annotations_test_scannetv2.json",),
    fields=("question_id", "answers"),
    split="test",
    page=PAGE,
)

WORDS = ("what", "is", "how", "can", "which")


def load(source: str | Path | None = None, videos: str | Path | None = None, limit: int | None = None) -> Loaded:
    """Read the questions and, from the file beside them, their answers; videos are `scannet/SCENE.mp4` or `SCENE.mp4`.

    See `benchmark.Loader`.
    """
    questions = QUESTIONS.read(source)
    if questions.folder is None:
        raise ValueError(f"These questions of SQA3D have no answers; give the folder of both published files ({PAGE}).")
    answered = join(questions, ANNOTATIONS.read(questions.folder), "question_id")
    return collect(answered, _item, videos, limit)


def question_type(question: str) -> str:
    """Return the word that a question begins with ("What's" is what), where the papers have a column for it, or
    "others"."""
    return next((word for word in WORDS if question.lower().startswith(word)), "others")


def _item(values: Values, find: FindVideo) -> Item:
    row = read_answered(values, _answers(values["answers"]))
    situation = read_text(values["situation"], "situation")
    question = row.question.question
    return scannet_item(row, find, question_type(question), f"{situation} {question}\n{WORD_REQUEST}")


def _answers(value: Any) -> Any:
    """Return the texts of published answers, `{"answer": "piano", …}` each; anything else as it is."""
    if not isinstance(value, list) or not all(isinstance(answer, Mapping) for answer in value):
        return value
    return [answer.get("answer") for answer in value]


BENCHMARK = Benchmark(
    name="sqa3d",
    version=1,
    load=load,
    scorers={"exact_match": exact_match},
    default="exact_match",
    summary=summarize,
    headline="em",
    chance=commonest_answers,
    most_tokens=512,
)
