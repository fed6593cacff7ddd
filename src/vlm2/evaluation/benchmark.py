"""Benchmarks: questions about videos, rules that score the replies, and a summary of the scores.

A benchmark is one file in `benchmarks/` with a module-level `BENCHMARK`. The file's name is the benchmark's name. Its
`version` rises whenever an item, a prompt or a score changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from .. import registry

if TYPE_CHECKING:
    from ..homes.home import Home
    from ..scenes.record import Scene

BENCHMARKS = f"{__package__}.benchmarks"


@dataclass(frozen=True)
class Item:
    """One question about a video.

    `id` is unique in the benchmark. `video` is the file to watch, None if it was not found. `group` names the video or
    scene; items are grouped and resampled by it. `prompt` is the exact text for the model; `question` is the question
    in it. `options` are "A. left", "B. right", … or None. `answers` are the accepted truths: one letter with options,
    else numbers or words. `length` is that of the video in seconds, None if unknown. `frames` is the number of evenly
    spaced frames that the question counts ("in frame 3 of 32"), None for other questions.
    """

    id: str
    video: Path | None
    group: str
    question_type: str
    prompt: str
    question: str
    options: tuple[str, ...] | None
    answers: tuple[str, ...]
    length: float | None = None
    frames: int | None = None

    @property
    def numeric(self) -> bool:
        """Whether the question asks for a number: it has no options, and its truth is a number."""
        try:
            return self.options is None and math.isfinite(float(self.answers[0]))
        except ValueError:
            return False


@dataclass(frozen=True)
class Loaded:
    """A benchmark's items, and where they are from.

    `revision` is `NAME@COMMIT` of a data set on the hub, or `sha256:…` of the local files. `missing_videos` names the
    groups without a video file, in order, each once. Their items are included, with `video` None.
    """

    items: tuple[Item, ...]
    revision: str
    missing_videos: tuple[str, ...] = ()


Values = Mapping[str, float]
"""The scores of one reply (0–1) by the metric's name."""

Scorer = Callable[[Item, str], Values]
"""Scores a model's reply to an item."""

Summary = Callable[[Iterable[tuple[str, Values]]], dict[str, float]]
"""Sums up any part of a benchmark, given as question types with the scores of replies. Empty for no replies."""

Corpus = Callable[[Sequence[tuple[Item, str]]], dict[str, float]]
"""Computes metrics that need all items and replies together (BLEU, …: 0–1, CIDEr: 0–10)."""

Provide = Callable[[Item], None]
"""Makes the video of an item if it is not there yet. Raises ValueError if it cannot."""


@dataclass(frozen=True)
class Truth:
    """The truth about a video of a generated home: its record, and a function that builds the home to render it."""

    scene: Scene
    home: Callable[[], Home]


FindTruth = Callable[[Item], Truth]
"""Returns the truth about an item's video; makes the video if it is not there yet."""

Chance = Callable[[Sequence[Item]], dict[str, str]]
"""Returns replies, by item id, that use only how often each answer is right ("frequency chance")."""


@runtime_checkable
class Loader(Protocol):
    """Read a benchmark.

    `source` is None (the published data set, from the hub), a hub name (`OWNER/NAME` or `OWNER/NAME@REVISION`), a local
    question file, or a folder that holds it; `videos` the folder of the videos, by default the folder of the source;
    `limit` keeps the first items only. Raises ValueError for a source that is none, or holds something else.
    """

    def __call__(
        self, source: str | Path | None = None, videos: str | Path | None = None, limit: int | None = None
    ) -> Loaded: ...


@dataclass(frozen=True)
class Benchmark:
    """A benchmark and its rules.

    `scorers` are the rules by name: the official ones first, then variants that other code uses. `headline` names the
    value of the summary by which models are compared. `most_tokens` limits a reply (greedy decoding). `provide` is set
    where the benchmark makes its own videos, `truth` where the truth about them is known.
    """

    name: str
    version: int
    load: Loader
    scorers: Mapping[str, Scorer]
    summary: Summary
    headline: str
    chance: Chance
    most_tokens: int = 16
    corpus: Corpus | None = None
    provide: Provide | None = None
    truth: FindTruth | None = None

    @property
    def default(self) -> str:
        """The name of the official scorer."""
        return next(iter(self.scorers))

    def scorer(self, name: str | None = None) -> Scorer:
        """Return a scorer by its name, or the default one. Raises ValueError naming the ones there are."""
        if name is not None and name not in self.scorers:
            raise ValueError(f"{self.name} has no scorer called {name!r}. Choose one of: {', '.join(self.scorers)}.")
        return self.scorers[name or self.default]


def benchmarks() -> dict[str, str]:
    """Return every benchmark's name with the first line of its docstring. Imports none of them."""
    return registry.entries(BENCHMARKS, "BENCHMARK")


def find(name: str) -> Benchmark:
    """Import a benchmark. Raises ValueError naming the ones there are."""
    return registry.load(BENCHMARKS, name, "BENCHMARK", "benchmark").BENCHMARK


def by_video(items: Iterable[Item]) -> dict[str, list[Item]]:
    """Group items by the video or scene that they ask about, in order."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.group, []).append(item)
    return groups
