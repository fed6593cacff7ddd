"""VSTI-Bench (VLM-3R, arXiv 2505.20279): about 6,000 questions on how the camera moves and where it is to objects."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from ...questions.question import PREFIX
from ...questions.row import read_row, read_text
from ...questions.tasks import columns, numbers, question_types
from ..benchmark import Benchmark, Item, Loaded
from ..benchmark import Values as Scores
from ..question_source import FindVideo, QuestionSource, Values, check_options, load_items, make_item
from ..vsi_metrics import RULES, constant_replies, task_summary, type_means

QUESTIONS = QuestionSource(
    title="VSTI-Bench",
    files=("test.json", "test_corrected.json", "test.jsonl"),
    fields=("id", "video_path", "question_type", "question", "options", "mc_answer", "ground_truth"),
    split="test",
    page="the data set Journey9ni/vstibench on the Hugging Face hub",
    hub="Journey9ni/vstibench",
)
CATEGORIES, TYPES, NUMBERS = columns("vsti"), frozenset(question_types("vsti")), numbers("vsti")
FRAMES = re.compile(r"\bframe \d+ of (\d+)\b")


def load(source: str | Path | None = None, videos: str | Path | None = None, limit: int | None = None) -> Loaded:
    """Read the questions; videos are at their `video_path`, or `scannet/SCENE.mp4` or `SCENE.mp4`, in their folder.

    An erratum of July 2026 changed answers (6,042 questions became 5,736): name the revision beside a score. See
    `benchmark.Loader`.
    """
    return load_items(QUESTIONS.read(source), _item, videos, limit)


def _item(values: Values, find: FindVideo) -> Item:
    path = PurePosixPath(read_text(values["video_path"], "video_path"))
    kind = read_text(values["question_type"], "question_type")
    number = kind in NUMBERS if kind in TYPES else values["mc_answer"] is None
    answer = "ground_truth" if number else "mc_answer"
    if values[answer] is None:
        raise ValueError(f"its {answer} is null; a question of type {kind} needs it")
    kept = {name: values[name] for name in ("id", "question_type", "question")}
    options = None if number else values["options"]
    fields = {**kept, "scene_name": path.stem, "options": options, "ground_truth": values[answer]}
    row = read_row(fields, scene=True, truth=True, lettered=False)
    check_options(row.question, TYPES, NUMBERS, QUESTIONS.title)
    frames = FRAMES.search(row.question.question)
    return make_item(
        row,
        find(str(path), f"scannet/{path.name}", path.name),
        f"{PREFIX}\n{row.question.prompt()}",
        frames=int(frames.group(1)) if frames else None,
    )


def summary(scores: Iterable[tuple[str, Scores]]) -> dict[str, float]:
    """Return the means by category and question type, and of both: `five_categories` (the papers'), `nine_types`.

    `nine_types` is what the released code prints. The means of a partial run are over the questions that were asked.
    """
    scores = list(scores)
    rows, types = task_summary(scores, CATEGORIES, "five_categories"), type_means(scores)
    return {**rows, "nine_types": sum(types.values()) / len(types)} if types else {}


BENCHMARK = Benchmark(
    name="vsti_bench",
    version=1,
    load=load,
    scorers={"official": RULES["official"]},  # VLM-3R's code has VSI-Bench's official rule
    summary=summary,
    headline="five_categories",
    chance=constant_replies,
)
