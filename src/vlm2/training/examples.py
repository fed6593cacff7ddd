"""Training examples: a video's features with several questions about it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.utils.data import Dataset

from ..models import FrameFeatures
from ..questions import ask_all
from ..questions.question import Question
from .annotations import Annotations
from .home_cache import CachedHome
from .question_sampler import Pool, QuestionSampler, by_task, shuffle_options
from .video_cache import CachedVideo

ChooseFrames = Callable[[CachedHome, FrameFeatures], Int[Tensor, " chosen"]]
"""Chooses which of a home's cached frames are shown."""


@dataclass(frozen=True)
class FrameTruth:
    """The true content of frames. It is known for generated homes only."""

    categories: Int[Tensor, "frames patches"]  # index into VOCABULARY
    coordinates: Float[Tensor, "frames patches 3"]  # metres, in the first frame's camera frame

    def __getitem__(self, frames: Int[Tensor, " chosen"]) -> FrameTruth:
        """Return the truth about some frames."""
        return FrameTruth(self.categories[frames], self.coordinates[frames])

    def to(self, device: torch.device) -> FrameTruth:
        """Return the truth on a device."""
        return FrameTruth(self.categories.to(device), self.coordinates.to(device))


@dataclass(frozen=True)
class Example:
    """One video: the features of its frames, questions about it, and the truth about its frames, if it is known."""

    features: FrameFeatures
    questions: tuple[Question, ...] = ()
    truth: FrameTruth | None = None

    def __getitem__(self, frames: Int[Tensor, " chosen"]) -> Example:
        """Return the example with some of its frames."""
        return replace(self, features=self.features[frames], truth=None if self.truth is None else self.truth[frames])


class HomeExamples(Dataset):
    """Examples of cached homes; each home once in every pass, in another order each time. Item i is always the same.

    An example shows at most `most_frames` frames, or those that `choose` chooses.
    """

    def __init__(
        self,
        homes: Sequence[CachedHome],
        sampler: QuestionSampler,
        most_frames: int,
        seed: int,
        choose: ChooseFrames | None = None,
    ) -> None:
        self.homes, self.sampler, self.most_frames = homes, sampler, most_frames
        self.seed, self.choose = seed, choose
        self.pools: dict[int, Pool] = {}

    def __len__(self) -> int:
        """Return the number of examples in one pass."""
        return len(self.homes)

    def __getitem__(self, index: int) -> Example:
        epoch, place = divmod(index, len(self.homes))
        which = int(np.random.default_rng([self.seed, epoch]).permutation(len(self.homes))[place])
        home, rng = self.homes[which], np.random.default_rng([self.seed, 1, index])
        if which not in self.pools:
            self.pools[which] = by_task(ask_all(home.scene, seed=self.seed))
        questions = self.sampler.draw(self.pools[which], rng)
        thinned = home.frames >= 48 and rng.random() < 0.5
        return replace(self._shown(home, 2 if thinned else 1), questions=questions)

    def _shown(self, home: CachedHome, least_stride: int) -> Example:
        """Read the frames of a home that training shows: those that `choose` chooses, or at most `most_frames` evenly
        spread ones."""
        if self.choose is None:
            return read_home(home, max(least_stride, math.ceil(home.frames / self.most_frames)))
        whole = read_home(home)
        return whole[self.choose(home, whole.features)]


def read_home(home: CachedHome, stride: int = 1) -> Example:
    """Read every `stride`-th frame of a home, without questions."""
    categories = home.tensor("patch_categories")[::stride].long()
    return Example(home.features(stride), truth=FrameTruth(categories, home.coordinates()[::stride]))


class FrameExamples(Dataset):
    """Examples of about `frames` single frames, of one home after another, without questions."""

    def __init__(self, homes: Sequence[CachedHome], frames: int) -> None:
        self.homes, self.frames = homes, frames

    def __getitem__(self, index: int) -> Example:
        home = self.homes[index % len(self.homes)]
        return read_home(home, max(1, home.frames // self.frames))


class VideoExamples(Dataset):
    """Videos with up to `count` of their questions: each question once in every pass, in another order each time.

    Item i is always the same. Options are shuffled, unless `shuffled` is off; then the order is that of the files.
    """

    def __init__(
        self,
        cached: Mapping[Path, CachedVideo],
        questions: Annotations,
        count: int,
        seed: int,
        shuffled: bool = True,
    ) -> None:
        self.cached, self.questions, self.count = cached, questions, count
        self.seed, self.shuffled = seed, shuffled
        self.parts = [
            (number, video, first)
            for number, video in enumerate(sorted(questions))
            for first in range(0, len(questions[video]), count)
        ]

    def __len__(self) -> int:
        """Return the number of examples in one pass."""
        return len(self.parts)

    def __getitem__(self, index: int) -> Example:
        epoch, place = divmod(index, len(self.parts))
        number, video, first = self._order(self.parts, 4, epoch)[place]
        chosen = self._order(self.questions[video], 5, epoch, number)[first : first + self.count]
        if self.shuffled:
            rng = np.random.default_rng([self.seed, 6, index])
            chosen = [shuffle_options(question, rng) for question in chosen]
        return Example(self.cached[video].features(), tuple(chosen))

    def _order(self, values: list, *key: int) -> list:
        """Return the values in the order that belongs to a key, or as they are."""
        if not self.shuffled:
            return values
        return [values[i] for i in np.random.default_rng([self.seed, *key]).permutation(len(values))]


class Mixture(Dataset):
    """`length` examples, each of a source drawn with the probabilities `weights` (of any sum), which gives its examples
    in its own order. A source has an example for every index from 0 on, always the same.

    Item i does not depend on earlier accesses, so a resumed run and one on several processes train on the same data.
    Raises ValueError for weights that are not one a source, below 0, or all 0.
    """

    def __init__(self, sources: Sequence[Dataset], weights: Sequence[float], length: int, seed: int) -> None:
        shares = np.asarray(weights, dtype=float)
        if len(shares) != len(sources) or (shares < 0).any() or not 0 < shares.sum() < np.inf:
            raise ValueError(
                f"The weights {list(weights)} do not mix {len(sources)} sources: give each a weight of 0 or more, and "
                "one of them more than 0."
            )
        self.sources = sources
        rng = np.random.default_rng([seed, 3])
        self.chosen = rng.choice(len(sources), size=length, p=shares / shares.sum())
        self.places = np.empty(length, dtype=int)  # how often the same source was chosen before
        for source in range(len(sources)):
            mine = self.chosen == source
            self.places[mine] = np.arange(mine.sum())

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, index: int) -> Any:
        return self.sources[self.chosen[index]][int(self.places[index])]
