"""ScanQA (arXiv 2112.10482), validation split: 4,675 free-form questions about scans of ScanNet."""

from __future__ import annotations

from pathlib import Path

from ...questions.question import SIMPLE_REQUEST
from ..benchmark import Benchmark, Item, Loaded
from ..caption_metrics import caption_metrics
from ..exact_match import commonest_answers, exact_match, summarize
from ..question_source import FindVideo, QuestionSource, Values, load_items, make_item, read_answered, scannet_video

QUESTIONS = QuestionSource(
    title="ScanQA",
    files=("ScanQA_v1.0_val.json",),
    fields=("question_id", "scene_id", "question", "answers"),
    split="validation",
    page="its authors' repository is ATR-DBI/ScanQA on GitHub",
)
STARTS = (
    ("color", ("what color", "what is the color")),
    ("nature", ("what type", "what shape", "what kind")),
    ("place", ("where is",)),
    ("number", ("how many",)),
    ("object", ("what is",)),
)
"""The paper's question types by how a question starts; the first that fits, and "other" for the rest."""


def load(source: str | Path | None = None, videos: str | Path | None = None, limit: int | None = None) -> Loaded:
    """Read the questions; videos are `scannet/SCENE.mp4` or `SCENE.mp4` in their folder. See `benchmark.Loader`."""
    return load_items(QUESTIONS.read(source), _item, videos, limit)


def question_type(question: str) -> str:
    """Return color, nature (of an object), place, number, object, or other."""
    return next((kind for kind, starts in STARTS if question.lower().startswith(starts)), "other")


def _item(values: Values, find: FindVideo) -> Item:
    row = read_answered(values, values["answers"])
    text = row.question.question
    return make_item(row, scannet_video(row, find), f"{text}\n{SIMPLE_REQUEST}", question_type(text))


BENCHMARK = Benchmark(
    name="scanqa",
    version=1,
    load=load,
    scorers={"exact_match": exact_match},
    summary=summarize,
    headline="em",
    chance=commonest_answers,
    most_tokens=512,
    corpus=caption_metrics,
)
