"""VSTI-Bench (VLM-3R, arXiv 2505.20279): about 6,000 questions on how the camera moves and where it is to objects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from ...questions.question import PREFIX
from ...questions.row import read_row, read_text
from ...questions.tasks import columns, numbers, question_types
from ..benchmark import Benchmark, Item, Loaded, Values
from ..question_source import FindVideo, Questions, check_options, check_type, collect
from ..question_source import Values as Fields
from ..vsi_metrics import constant_replies, first_word, plain_number, relative_accuracy, task_means, type_means

QUESTIONS = Questions(
    title="VSTI-Bench",
    files=("test.json", "test_corrected.json", "test.jsonl"),
    fields=("id", "video_path", "question_type", "question", "options", "mc_answer", "ground_truth"),
    split="test",
    page="the data set Journey9ni/vstibench on the Hugging Face hub",
    hub="Journey9ni/vstibench",
)

VSTI = "vsti"

FRAMES = re.compile(r"\bframe \d+ of (\d+)\b")


def load(source: str | Path | None = None, videos: str | Path | None = None, limit: int | None = None) -> Loaded:
    """Read the questions; videos are at their `video_path`, or `scannet/SCENE.mp4` or `SCENE.mp4`, in their folder.

    An erratum of July 2026 changed answers (6,042 questions became 5,736): name the revision beside a score. See
    `benchmark.Loader`.
    """
    return collect(QUESTIONS.read(source), _item, videos, limit)


def _item(values: Fields, find: FindVideo) -> Item:
    path = PurePosixPath(read_text(values["video_path"], "video_path"))
    kind = read_text(values["question_type"], "question_type")
    check_type(kind, question_types(VSTI), "VSTI-Bench")
    number = kind in numbers(VSTI)
    answer = "ground_truth" if number else "mc_answer"
    if values[answer] is None:
        raise ValueError(f"its {answer} is null; a question of type {kind} needs it")
    row = read_row(
        {
            "id": values["id"],
            "scene_name": path.stem,
            "question_type": kind,
            "question": values["question"],
            "options": None if number else values["options"],
            "ground_truth": values[answer],
        },
        scene=True,
        truth=True,
        lettered=False,
    )
    question = row.question
    check_options(question, numbers(VSTI), "VSTI-Bench")
    frames = FRAMES.search(question.question)
    return Item(
        id=row.id,
        video=find(str(path), f"scannet/{path.name}", path.name),
        group=row.scene,
        question_type=kind,
        prompt=f"{PREFIX}\n{question.prompt()}",
        question=question.question,
        options=question.options,
        answers=(question.ground_truth,),
        frames=int(frames.group(1)) if frames else None,
    )


def official(item: Item, reply: str) -> Values:
    """Score a reply (`score`) as VLM-3R's code does: its first word, as a number (MRA) or as an option's letter."""
    if item.question_type in numbers(VSTI):
        return {"score": relative_accuracy(plain_number(reply), float(item.answers[0]))}
    return {"score": float(first_word(reply).lower() == item.answers[0].lower())}


def summary(scores: Iterable[tuple[str, Values]]) -> dict[str, float]:
    """Return the means by question type and category, and of both: `five_categories` (the papers'), `nine_types`.

    `nine_types` is what the released code prints. A partial run's means are over what it asked.
    """
    types = type_means((question_type, values["score"]) for question_type, values in scores)
    categories = task_means(types, columns(VSTI))
    if not types:
        return {}
    means = {"five_categories": categories, "nine_types": types}
    return {**types, **categories, **{name: sum(of.values()) / len(of) for name, of in means.items()}}


def chance(items: Sequence[Item]) -> dict[str, str]:
    """Return the best constant for numbers and the commonest letter for choices."""
    return constant_replies(items, numbers(VSTI))


BENCHMARK = Benchmark(
    name="vsti_bench",
    version=1,
    load=load,
    scorers={"official": official},
    default="official",
    summary=summary,
    headline="five_categories",
    chance=chance,
    numbers=numbers(VSTI),
)
