"""VSI-Bench (arXiv 2412.14171): 5,130 questions of eight tasks about 288 videos of real scans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ...questions.question import PREFIX
from ...questions.row import read_row
from ...questions.tasks import VSI, numbers, question_types
from ..benchmark import Benchmark, Item, Loaded, Scorer, Values
from ..question_source import FindVideo, Questions, check_options, check_type, collect
from ..question_source import Values as Fields
from ..vsi_metrics import DIRECTIONS, RULES, Rule, aggregate, constant_replies

QUESTIONS = Questions(
    title="VSI-Bench",
    files=("vsi_bench_test.json", "test.jsonl", "test.json"),
    fields=("id", "dataset", "scene_name", "question_type", "question", "options", "ground_truth"),
    split="test",
    page="the data set nyu-visionx/VSI-Bench on the Hugging Face hub",
    hub="nyu-visionx/VSI-Bench",
)


def load(source: str | Path | None = None, videos: str | Path | None = None, limit: int | None = None) -> Loaded:
    """Read the questions; videos are `DATASET/SCENE.mp4` or `SCENE.mp4` in their folder. See `benchmark.Loader`."""
    return collect(QUESTIONS.read(source), _item, videos, limit)


def _item(values: Fields, find: FindVideo) -> Item:
    row = read_row(values, scene=True, truth=True)
    question, scene = row.question, row.scene
    check_type(question.question_type, question_types(VSI), "VSI-Bench")
    check_options(question, numbers(VSI), "VSI-Bench")
    return Item(
        id=row.id,
        video=find(*([f"{row.dataset}/{scene}.mp4"] if row.dataset else []), f"{scene}.mp4"),
        group=scene,
        question_type=question.question_type,
        prompt=f"{PREFIX}\n{question.prompt()}",
        question=question.question,
        options=question.options,
        answers=(question.ground_truth,),
    )


def _scorer(rule: Rule) -> Scorer:
    def scorer(item: Item, reply: str) -> Values:
        return {"score": rule(item.question_type, reply, item.answers[0])}

    return scorer


SCORERS: Mapping[str, Scorer] = {name: _scorer(rule) for name, rule in RULES.items()}
"""The official rule and the variants in the wild; each gives a `score`."""


def summary(scores: Iterable[tuple[str, Values]]) -> dict[str, float]:
    """Return the means by question type and by task, and `overall`, the mean of the eight tasks."""
    return aggregate((question_type, values["score"]) for question_type, values in scores)


def chance(items: Sequence[Item]) -> dict[str, str]:
    """Return the published row's replies: the best constant, the commonest letter, the commonest direction."""
    return constant_replies(items, numbers(VSI), worded=DIRECTIONS)


BENCHMARK = Benchmark(
    name="vsi_bench",
    version=1,
    load=load,
    scorers=SCORERS,
    default="official",
    summary=summary,
    headline="overall",
    chance=chance,
    numbers=numbers(VSI),
)
