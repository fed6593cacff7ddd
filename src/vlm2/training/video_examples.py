"""Training examples of a user's videos."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from torch.utils.data import Dataset

from .annotations import Annotations
from .examples import Example
from .question_sampler import shuffle_options
from .video_cache import CachedVideo


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
