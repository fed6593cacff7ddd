"""SQA3D (arXiv 2210.07474), test split: 3,519 questions of one who stands somewhere in a scan of ScanNet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ...questions.question import WORD_REQUEST
from ...questions.row import read_text
from ..benchmark import Benchmark, Item, Loaded
from ..exact_match import commonest_answers, exact_match, summarize
from ..question_source import FindVideo, QuestionSource, Values, load_items, make_item, read_answered, scannet_video

QUESTIONS = QuestionSource(
    title="SQA3D",
    files=("v1_balanced_questions_test_scannetv2.json",),
    fields=("question_id", "scene_id", "situation", "question"),
    split="test",
    page="sqa_task/balanced of the archive on Zenodo, record 7792397",
)
ANNOTATIONS = replace(
    QUESTIONS,
    title="SQA3D (answers)",
    files=("v1_balanced_sqa_annotations_test_scannetv2.json",),
    fields=("question_id", "answers"),
)
WORDS = ("what", "is", "how", "can", "which")


def load(source: str | Path | None = None, videos: str | Path | None = None, limit: int | None = None) -> Loaded:
    """Read the questions and, from the file beside them, their answers; videos are `scannet/SCENE.mp4` or `SCENE.mp4`.

    See `benchmark.Loader`.
    """
    questions = QUESTIONS.read(source)
    if questions.folder is None:
        raise ValueError(
            f"These questions of SQA3D have no answers; give the folder of both published files ({QUESTIONS.page})."
        )
    answered = questions.joined(ANNOTATIONS.read(questions.folder), "question_id")
    return load_items(answered, _item, videos, limit)


def question_type(question: str) -> str:
    """Return the word that a question begins with ("What's" is what) if the papers have a column for it, else
    "others"."""
    return next((word for word in WORDS if question.lower().startswith(word)), "others")


def _item(values: Values, find: FindVideo) -> Item:
    answers = values["answers"]
    if isinstance(answers, list) and all(isinstance(answer, Mapping) for answer in answers):
        answers = [answer.get("answer") for answer in answers]  # each is {"answer": "piano", …}
    row = read_answered(values, answers)
    text, situation = row.question.question, read_text(values["situation"], "situation")
    return make_item(row, scannet_video(row, find), f"{situation} {text}\n{WORD_REQUEST}", question_type(text))


BENCHMARK = Benchmark(
    name="sqa3d",
    version=1,
    load=load,
    scorers={"exact_match": exact_match},
    summary=summarize,
    headline="em",
    chance=commonest_answers,
    most_tokens=512,
)
