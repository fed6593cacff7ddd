"""VSI-Bench (arXiv 2412.14171): 5,130 questions of eight tasks about 288 videos of real scans."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ...questions.question import PREFIX
from ...questions.row import read_row
from ...questions.tasks import columns, numbers, question_types
from ..benchmark import Benchmark, Item, Loaded
from ..question_source import FindVideo, QuestionSource, Values, check_options, load_items, make_item
from ..vsi_metrics import DIRECTIONS, RULES, constant_replies, task_summary

QUESTIONS = QuestionSource(
    title="VSI-Bench",
    files=("vsi_bench_test.json", "test.jsonl", "test.json"),
    fields=("id", "dataset", "scene_name", "question_type", "question", "options", "ground_truth"),
    split="test",
    page="the data set nyu-visionx/VSI-Bench on the Hugging Face hub",
    hub="nyu-visionx/VSI-Bench",
)
TASKS, TYPES, NUMBERS = columns("vsi"), frozenset(question_types("vsi")), numbers("vsi")


def load(source: str | Path | None = None, videos: str | Path | None = None, limit: int | None = None) -> Loaded:
    """Read the questions; videos are `DATASET/SCENE.mp4` or `SCENE.mp4` in their folder. See `benchmark.Loader`.

    A question file in this form may have types of its own; each of them is a task of its own in the summary.
    """
    return load_items(QUESTIONS.read(source), _item, videos, limit)


def _item(values: Values, find: FindVideo) -> Item:
    row = read_row(values, scene=True, truth=True)
    check_options(row.question, TYPES, NUMBERS, QUESTIONS.title)
    paths = [f"{row.dataset}/{row.scene}.mp4"] if row.dataset else []
    return make_item(row, find(*paths, f"{row.scene}.mp4"), f"{PREFIX}\n{row.question.prompt()}")


BENCHMARK = Benchmark(
    name="vsi_bench",
    version=1,
    load=load,
    scorers=RULES,
    summary=partial(task_summary, tasks=TASKS),
    headline="overall",
    chance=partial(constant_replies, worded=DIRECTIONS),
)
