"""Homes: questions about 120 generated homes whose furniture, textures and plans were never trained on.

Forty videos each of under a minute, of one to two, and of over two; the tasks of VSI-Bench and the categories of
VSTI-Bench, scored by their rules. The questions are pinned in this package, the videos are made on demand (see
`home_suite`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from ...cache import cache_folder
from ...questions.row import read_row
from ...questions.tasks import columns
from ..benchmark import Benchmark, Item, Loaded, Scorer, Truth
from ..home_suite import HomeSpec, HomeSuite, LengthBand, PinnedHome, make_home, read_pins, rebuild
from ..question_source import make_item
from ..vsi_metrics import DIRECTIONS, RULES, constant_replies, task_summary
from . import vsti_bench

TASKS: Mapping[str, tuple[str, ...]] = {**columns("vsi"), **columns("vsti")}
"""The tasks of version 1, each with its question types: VSI-Bench's eight, VSTI-Bench's five categories."""

SUITE = HomeSuite(
    version=1,
    seed=251120644,
    bands=(
        LengthBand("short", (25.0, 58.0), (1, 2)),
        LengthBand("mid", (62.0, 118.0), (1, 2, 3)),
        LengthBand("long", (122.0, 290.0), (2, 3, 4)),
    ),
    count=40,
    families=("vsi", "vsti"),
    types=tuple(kind for kinds in TASKS.values() for kind in kinds),
    per_type=8,
)


def load(source: str | Path | None = None, videos: str | Path | None = None, limit: int | None = None) -> Loaded:
    """Read the pinned questions. `limit` keeps the first homes; the three lengths take turns. The videos are in
    `videos` (by default in vlm2's cache) or will be made there.

    Raises ValueError for a source, since the questions are pinned, and where nothing is pinned.
    """
    if source is not None:
        raise ValueError(
            f"The homes of this benchmark are pinned, so it takes no --data (given: {source}). Questions of your own "
            "homes are in VSI-Bench's form: vlm2 eval vsi_bench --data FOLDER/questions.jsonl --videos FOLDER/videos"
        )
    folder = cache_folder() / f"homes-{SUITE.version}" if videos is None else Path(videos)
    pins = read_pins(SUITE)
    items = tuple(item for home in list(pins.homes.values())[:limit] for item in _items(home, folder))
    return Loaded(items, f"sha256:{pins.revision}")


def provide(item: Item) -> None:
    """Make the video of an item's home, or check the record of the video that exists. Raises ValueError for another
    home."""
    assert item.video is not None
    make_home(SUITE, _spec(item), item.video.parents[1])


def truth(item: Item) -> Truth:
    """Return the truth about an item's home. Makes the video as `provide` does: the record describes what it shows."""
    assert item.video is not None
    spec = _spec(item)
    return Truth(make_home(SUITE, spec, item.video.parents[1]), partial(rebuild, SUITE, spec))


def _spec(item: Item) -> HomeSpec:
    return next(home for home in SUITE.homes() if home.name == item.group)


def _items(home: PinnedHome, folder: Path) -> Iterable[Item]:
    counts: dict[str, int] = {}
    for row in home.questions:
        kind = row["question_type"]
        number = counts[kind] = counts.get(kind, -1) + 1
        read = read_row({**row, "id": f"{home.name}/{kind}/{number}", "scene_name": home.name}, truth=True)
        item = make_item(read, folder / "videos" / f"{home.name}.mp4", read.question.prompt())
        yield replace(item, length=home.seconds)


def _scorer(rule: Scorer) -> Scorer:
    """Return VSI-Bench's rule, but VSTI-Bench's one rule for questions of its types."""
    return lambda item, reply: (RULES["official"] if item.question_type in vsti_bench.TYPES else rule)(item, reply)


BENCHMARK = Benchmark(
    name="homes",
    version=SUITE.version,
    load=load,
    scorers={name: _scorer(rule) for name, rule in RULES.items()},
    summary=partial(task_summary, tasks=TASKS),
    headline="overall",
    chance=partial(constant_replies, worded=DIRECTIONS),
    provide=provide,
    truth=truth,
)
