"""Training examples: a video's features with several questions about it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor
from torch.utils.data import Dataset

from ..models import FrameFeatures
from ..questions import ask_all
from ..questions.question import Question
from .annotations import Annotations
from .drills import DRILLS, drills
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

    def __getitem__(self, frames: Tensor) -> FrameTruth:
        """Return the truth about some frames."""
        return FrameTruth(self.categories[frames], self.coordinates[frames])


@dataclass(frozen=True)
class Example:
    """One video: the features of its frames, questions about it, and the truth about its frames, if it is known."""

    features: FrameFeatures
    questions: tuple[Question, ...]
    truth: FrameTruth | None = None


class HomeExamples(Dataset):
    """`length` examples of cached homes; item i is the same for one seed, and differs between passes over the homes.

    An example shows at most `most_frames` frames, or those that `choose` chooses. In the first `drilled` examples a
    sample of drills precedes the questions.
    """

    def __init__(
        self,
        homes: Sequence[CachedHome],
        length: int,
        sampler: QuestionSampler,
        most_frames: int,
        seed: int,
        drilled: int = 0,
        choose: ChooseFrames | None = None,
    ) -> None:
        self.homes, self.length, self.sampler, self.most_frames = homes, length, sampler, most_frames
        self.seed, self.drilled, self.choose = seed, drilled, choose
        self.orders: dict[int, np.ndarray] = {}
        self.pools: dict[int, Pool] = {}

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Example:
        epoch, place = divmod(index, len(self.homes))
        if epoch not in self.orders:
            self.orders[epoch] = np.random.default_rng([self.seed, epoch]).permutation(len(self.homes))
        which = int(self.orders[epoch][place])
        home, rng = self.homes[which], np.random.default_rng([self.seed, 1, index])
        if which not in self.pools:
            asked = list(ask_all(home.scene, seed=self.seed))
            self.pools[which] = by_task(asked) | drills(home.scene, asked)
        questions = self.sampler.draw(self.pools[which], rng)
        if index < self.drilled:
            only = {kind: found for kind, found in self.pools[which].items() if kind in DRILLS}
            questions = self.sampler.draw(only, rng) + questions
        stride = self.stride(home)
        if stride == 1 and home.frames >= 48 and rng.random() < 0.5:
            stride = 2
        return replace(self.shown(home, stride), questions=questions)

    def stride(self, home: CachedHome) -> int:
        """Return the stride that leaves at most `most_frames` frames of a home."""
        return max(1, -(-home.frames // self.most_frames))

    def shown(self, home: CachedHome, stride: int) -> Example:
        """Read the frames of a home that training shows: every `stride`-th, or those that `choose` chooses."""
        if self.choose is None:
            return self.read(home, stride)
        whole = self.read(home)
        assert whole.truth is not None
        frames = self.choose(home, whole.features)
        return replace(whole, features=whole.features[frames], truth=whole.truth[frames])

    def read(self, home: CachedHome, stride: int = 1) -> Example:
        """Read every `stride`-th frame of a home, without questions."""
        categories = home.tensor("patch_categories")[::stride].long()
        return Example(home.features(stride), (), FrameTruth(categories, home.coordinates()[::stride]))


class FrameExamples(Dataset):
    """`length` examples of about `frames` single frames, of one home after another, without questions."""

    def __init__(self, examples: HomeExamples, frames: int, length: int) -> None:
        self.examples, self.frames, self.length = examples, frames, length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Example:
        home = self.examples.homes[index % len(self.examples.homes)]
        return self.examples.read(home, max(1, home.frames // self.frames))


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
        self.videos = sorted(questions)
        parts = [math.ceil(len(questions[video]) / count) for video in self.videos]
        self.parts = [(which, part) for which, number in enumerate(parts) for part in range(number)]

    def __len__(self) -> int:
        """Return the number of examples in one pass."""
        return len(self.parts)

    def __getitem__(self, index: int) -> Example:
        epoch, at = divmod(index, len(self.parts))
        which, part = self.parts[at]
        if self.shuffled:
            which, part = self.parts[np.random.default_rng([self.seed, 4, epoch]).permutation(len(self.parts))[at]]
        video = self.videos[which]
        questions = self.questions[video]
        order = np.arange(len(questions))
        if self.shuffled:
            order = np.random.default_rng([self.seed, 5, epoch, which]).permutation(len(questions))
        chosen = [questions[i] for i in order[part * self.count : (part + 1) * self.count]]
        if self.shuffled:
            rng = np.random.default_rng([self.seed, 6, index])
            chosen = [shuffle_options(question, rng) for question in chosen]
        return Example(self.cached[video].features(), tuple(chosen))
