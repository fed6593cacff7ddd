"""Homes: questions about 120 generated homes whose furniture, textures and plans were never trained on.

Forty videos each of under a minute, of one to two, and of over two; the tasks of VSI-Bench and the categories of
VSTI-Bench, scored by their rules. The questions are pinned in this package, the videos are made where they are wanted
(see `suite`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ...cache import cache_folder
from ...questions.row import read_row
from ...questions.tasks import columns, numbers, question_types
from ..benchmark import Benchmark, Item, Loaded, Scorer, Values
from ..home_suite import Pin, Span, Suite, make_home, read_pins
from ..vsi_metrics import DIRECTIONS, constant_replies, task_means, type_means
from . import vsi_bench, vsti_bench

TASKS: Mapping[str, tuple[str, ...]] = {**columns("vsi"), **columns("vsti")}
"""The tasks that homes may ask, each with its question types: VSI-Bench's eight, VSTI-Bench's five categories."""

NUMBERS = numbers("vsi") | numbers("vsti")

SUITE = Suite(
    version=1,
    seed=251120644,
    spans=(
        Span("short", (25.0, 58.0), (1, 2)),
        Span("mid", (62.0, 118.0), (1, 2, 3)),
        Span("long", (122.0, 290.0), (2, 3, 4)),
    ),
    count=40,
    families=("vsi", "vsti"),
    types=tuple(kind for kinds in TASKS.values() for kind in kinds),
    per_type=8,
)


def load(source: str | Path | None = None, videos: str | Path | None = None, limit: int | None = None) -> Loaded:
    """Read the pinned questions; `limit` keeps the first homes, which are of all lengths by turns. The videos are in
    `videos` (by default in vlm2's cache) or will be made there.

    Raises ValueError for a source, since there is only one, and where nothing is pinned.
    """
    if source is not None:
        raise ValueError(
            f"The homes of this benchmark are pinned, so it takes no --data (given: {source}). Questions of your own "
            "homes are in VSI-Bench's form: vlm2 eval vsi_bench --data FOLDER/questions.jsonl --videos FOLDER/videos"
        )
    pins, folder = read_pins(SUITE), _folder(videos)
    items = tuple(item for pin in pins.homes[:limit] for item in _items(pin, folder))
    return Loaded(items, f"sha256:{pins.revision}")


def provide(item: Item) -> None:
    """Make the video of an item's home, or check the record of the one there is. Raises ValueError for another home."""
    assert item.video is not None
    plot = next(plot for plot in SUITE.plots() if plot.name == item.group)
    make_home(SUITE, plot, item.video.parents[1])


def _folder(videos: str | Path | None) -> Path:
    return cache_folder() / f"homes-{SUITE.version}" if videos is None else Path(videos)


def _items(pin: Pin, folder: Path) -> Iterable[Item]:
    counts: dict[str, int] = {}
    for row in pin.questions:
        question = read_row(row, truth=True).question
        number = counts[question.question_type] = counts.get(question.question_type, -1) + 1
        yield Item(
            id=f"{pin.name}/{question.question_type}/{number}",
            video=folder / "videos" / f"{pin.name}.mp4",
            group=pin.name,
            question_type=question.question_type,
            prompt=question.prompt(),
            question=question.question,
            options=question.options,
            answers=question.accepted,
            length=pin.seconds,
        )


def _scorer(of_vsi: Scorer) -> Scorer:
    def scorer(item: Item, reply: str) -> Values:
        return (vsti_bench.official if item.question_type in question_types("vsti") else of_vsi)(item, reply)

    return scorer


SCORERS: Mapping[str, Scorer] = {name: _scorer(of_vsi) for name, of_vsi in vsi_bench.SCORERS.items()}
"""VSI-Bench's rules and their variants; questions of VSTI-Bench's types are scored by its one rule."""


def summary(scores: Iterable[tuple[str, Values]]) -> dict[str, float]:
    """Return `overall`, the mean of the tasks; and every task, the mean of its question types, which follow it."""
    types = type_means((question_type, values["score"]) for question_type, values in scores)
    tasks = task_means(types, TASKS)
    if not tasks:
        return {}
    means = {**types, **tasks}
    order = dict.fromkeys(name for task, kinds in TASKS.items() for name in (task, *kinds) if name in means)
    return {"overall": sum(tasks.values()) / len(tasks)} | {name: means[name] for name in order}


def chance(items: Sequence[Item]) -> dict[str, str]:
    """Answer every question of a type with what is right most often."""
    return constant_replies(items, NUMBERS, worded=DIRECTIONS)


BENCHMARK = Benchmark(
    name="homes",
    version=SUITE.version,
    load=load,
    scorers=SCORERS,
    default="official",
    summary=summary,
    headline="overall",
    chance=chance,
    numbers=NUMBERS,
    provide=provide,
)
