"""Training examples: a cached home's features with a handful of questions about it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..encoders.geometry.cameras import pool_to_grid, valid_depth
from ..models.frame_features import FrameFeatures
from ..models.windows import FrameInputs, WindowEncoder
from ..questions import ask_all, paraphrase
from ..questions.question import LETTERS, Question, option_text
from ..questions.tasks import columns, question_type
from .digest import weights_hash
from .drills import DRILLS, answered, drills
from .home_cache import CachedHome
from .terse import TerseQuestion, terse

Pool = dict[str, list[Question]]
"""Questions by task, and drills by kind."""


@dataclass(frozen=True)
class Example:
    """One home: the features of its frames, what the patches truly show and where they truly are, and questions."""

    features: FrameFeatures
    categories: Tensor  # frames, patches: index into VOCABULARY
    coordinates: Float[Tensor, "frames patches 3"]  # true, metres, in the first frame's camera frame
    questions: tuple[Question, ...]


def geometry_path(home: CachedHome) -> Path:
    """Where the geometry encoder's outputs for a cached home lie."""
    return home.path.with_suffix(".geometry.safetensors")


def cache_geometry(homes: Sequence[CachedHome], windows: WindowEncoder) -> None:
    """Run the geometry encoder over cached homes as a session would, and keep what the model reads of it.

    The cache holds no images. So where the camera is tracked, the poses are the true ones with the errors of tracked
    ones. Homes of which these outputs are kept already are left alone; those of another encoder are replaced.
    """
    from rich.progress import track

    key = weights_hash(windows.encoder) + (" tracked" if windows.tracking is not None else "")
    new = [home for home in homes if not _has_geometry(home, key)]
    for home in track(new, description="Geometry of the cached homes", disable=not new):
        _cache_geometry(home, windows, key)


def _has_geometry(home: CachedHome, key: str) -> bool:
    if not geometry_path(home).is_file():
        return False
    with safe_open(geometry_path(home), framework="pt") as file:
        return (file.metadata() or {}).get("encoder") == key


@torch.no_grad()
def _cache_geometry(home: CachedHome, windows: WindowEncoder, key: str) -> None:
    device = next(windows.encoder.parameters()).device
    visual_tokens = home.tensor("visual_tokens").float().to(device)
    inputs = FrameInputs(visual_tokens=visual_tokens, grid=home.grid)
    geometry = windows.encode(inputs)
    if windows.tracking is not None:
        poses = as_tracked(home.tensor("world_from_camera").float(), np.random.default_rng(home.scene.seed or 0))
        geometry = replace(geometry, world_from_camera=poses.to(device))
    features = FrameFeatures.join(inputs, geometry, home.tensor("times")).to("cpu")
    tensors = {
        "patch_coordinates": features.patch_coordinates,
        "confidence": features.confidence,
        "geometry_tokens": features.geometry_tokens.to(torch.bfloat16),
        "view_tokens": features.view_tokens.to(torch.bfloat16),
    }
    partial = geometry_path(home).with_suffix(f".{os.getpid()}.partial")
    save_file({k: v.contiguous() for k, v in tensors.items()}, partial, metadata={"encoder": key})
    partial.rename(geometry_path(home))


def as_tracked(world_from_camera: Float[Tensor, "frames 4 4"], rng: np.random.Generator) -> Float[Tensor, "frames 4 4"]:
    """Return a path in the first camera's frame with the errors of a tracked one, which add up.

    They are 0.3° and 1 cm a step and axis; one step in 25 is ten and five times as wrong [choice].
    """
    steps = torch.linalg.inv(world_from_camera[:-1]) @ world_from_camera[1:]
    lost = (rng.random(len(steps)) < 0.04)[:, None]
    turns = torch.from_numpy(np.radians(rng.normal(0, np.where(lost, 3.0, 0.3), (len(steps), 3)))).float()
    shifts = torch.from_numpy(rng.normal(0, np.where(lost, 0.05, 0.01), (len(steps), 3))).float()
    x, y, z = turns.unbind(-1)
    nothing = torch.zeros_like(x)
    skew = torch.stack([nothing, -z, y, z, nothing, -x, -y, x, nothing], -1).unflatten(-1, (3, 3))
    errors = torch.eye(4).repeat(len(steps), 1, 1)
    errors[:, :3, :3], errors[:, :3, 3] = torch.matrix_exp(skew), shifts
    path = [torch.eye(4)]
    for step in steps @ errors:
        path.append(path[-1] @ step)
    return torch.stack(path)


def true_coordinates(home: CachedHome) -> Float[Tensor, "frames patches 3"]:
    """Pool the true points to the patch grid, in the first frame's camera frame (metres)."""
    poses = home.tensor("world_from_camera")
    first_from_camera = torch.linalg.inv(poses[:1]) @ poses
    points = home.tensor("local_points").float()
    local = pool_to_grid(points, home.grid, valid_depth(points))
    return local @ first_from_camera[:, :3, :3].transpose(1, 2) + first_from_camera[:, None, :3, 3]


def shuffle_options(question: Question, rng: np.random.Generator) -> Question:
    """Give the options another order, and the answer its new letter."""
    if question.options is None:
        return question
    texts = [option_text(option) for option in question.options]
    order = rng.permutation(len(texts))
    options = tuple(f"{LETTERS[i]}. {texts[j]}" for i, j in enumerate(order))
    truth = LETTERS[int(np.flatnonzero(order == LETTERS.index(question.ground_truth))[0])]
    return replace(question, options=options, ground_truth=truth)


@dataclass(frozen=True)
class Handful:
    """How many questions are asked at once, and the shares of them in other words and in few words; of those that the
    recall can tell something of, the share that is told the (true) answer."""

    questions: int = 24
    paraphrased: float = 0.15
    terse: float = 0.5
    told: float = 0.0

    def draw(
        self, pool: Pool, rng: np.random.Generator, answer: Callable[[Question], Question] | None = None
    ) -> tuple[Question, ...]:
        """Draw questions: a task, then one of its questions, its options shuffled; `answer` may give another truth."""
        by_task = [questions for questions in pool.values() if questions]
        chosen = []
        for _ in range(self.questions):
            questions = by_task[int(rng.integers(len(by_task)))]
            question = shuffle_options(questions[int(rng.integers(len(questions)))], rng)
            is_told = _tellable(question) and rng.random() < self.told
            question = question if answer is None or is_told else answer(question)
            form = rng.random()
            if form < self.paraphrased and not isinstance(question, TerseQuestion):  # a drill has one wording
                question = paraphrase(question, rng)
            elif form < self.paraphrased + self.terse:
                question = terse(question)
            chosen.append(answered(question) if is_told else question)
        return tuple(chosen)


def _tellable(question: Question) -> bool:
    return bool(question.options) or question_type(question.question_type).recalled


def by_task(questions: Iterable[Question]) -> Pool:
    """Sort questions by their task, in the order of the benchmark's tables; a type of no table is a task of its own."""
    pool: Pool = {task: [] for task in columns()}
    task_of = {kind: task for task, kinds in columns().items() for kind in kinds}
    for question in questions:
        pool.setdefault(task_of.get(question.question_type, question.question_type), []).append(question)
    return pool


class HomeExamples(torch.utils.data.Dataset):
    """Examples of cached homes; item i is deterministic for the seed, and different at each passage over the homes.

    In the first `drilled` examples a handful of drills comes before the questions.
    """

    def __init__(
        self, homes: list[CachedHome], length: int, handful: Handful, most_frames: int, seed: int, drilled: int = 0
    ) -> None:
        self.homes, self.length, self.seed = homes, length, seed
        self.handful, self.most_frames, self.drilled = handful, most_frames, drilled
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
        questions = self.handful.draw(self.pools[which], rng)
        if index < self.drilled:
            only = {kind: found for kind, found in self.pools[which].items() if kind in DRILLS}
            questions = self.handful.draw(only, rng) + questions
        stride = self.stride(home)
        if stride == 1 and home.frames >= 48 and rng.random() < 0.5:
            stride = 2
        return self.example(home, stride, questions)

    def stride(self, home: CachedHome) -> int:
        """Return of how many frames one is read, so that there are `most_frames` at most."""
        return max(1, -(-home.frames // self.most_frames))

    def example(self, home: CachedHome, stride: int, questions: tuple[Question, ...]) -> Example:
        """Read every `stride`-th frame of a home."""
        geometry = load_file(geometry_path(home))
        features = FrameFeatures(
            visual_tokens=home.tensor("visual_tokens")[::stride].float(),
            patch_coordinates=geometry["patch_coordinates"][::stride].float(),
            confidence=geometry["confidence"][::stride].float(),
            geometry_tokens=geometry["geometry_tokens"][::stride].float(),
            view_tokens=geometry["view_tokens"][::stride].float(),
            grid=home.grid,
            times=home.tensor("times")[::stride],
        )
        categories = home.tensor("patch_categories")[::stride].long()
        return Example(features, categories, true_coordinates(home)[::stride], questions)
