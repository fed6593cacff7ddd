"""Fine-tuning on videos and questions of a user's own, beginning from a checkpoint.

Nothing is known about the frames but the answers to the questions, so the answers are all that is learnt from. What
the frozen encoders say of a video is cached once (`footage`); then a step is a few videos, each read through the
memory once with a handful of its questions behind it (`packing`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import PartialState
from peft.helpers import disable_input_dtype_casting
from torch import Tensor
from torch.utils.data import Dataset

from ..models import FrameFeatures, VLM2ForConditionalGeneration, VLM2Processor
from ..questions.question import Question
from . import packing
from .annotations import Annotations, read_annotations
from .examples import Example, Handful, HomeExamples, cache_geometry, shuffle_options
from .home_cache import CachedHome, open_cache
from .loop import LoopConfig, fit, place, share
from .mini import Answering, MiniConfig, parameter_groups
from .mixture import ExampleSource, Mixture
from .video_cache import Footage, Sampling, cache_footage, encoders_key


@dataclass(frozen=True)
class FinetuneConfig:
    """A training on videos of a user's own.

    `questions` are files of JSON lines (see `annotations`), `weights` how often a question of each is asked, against
    the others'; by default all alike. `loop.steps` 0 stands for as many as `epochs` over all the questions take.
    `held_out` is the share of the videos that is kept from training, and on which the loss is measured. `homes` is a
    folder of cached homes (`vlm2 train cache`, then `geometry`), from which `homes_share` of the examples are taken, so
    that what was learnt there is not lost. `model` is the checkpoint to begin from.
    """

    videos: str = "videos"
    questions: tuple[str, ...] = ("questions.jsonl",)
    weights: tuple[float, ...] = ()
    model: str = "mini"
    cache: str = "runs/cache/footage"
    sampling: Sampling = field(default_factory=Sampling)
    loop: LoopConfig = field(
        default_factory=lambda: LoopConfig(
            out="runs/finetune", steps=0, learning_rate=2e-4, accumulate=4, save_every=50, evaluate_every=50
        )
    )
    lora_learning_rate: float = 2e-4
    epochs: float = 3.0
    handful: int = 16  # questions behind one video
    row: int = 128  # tokens in a row of packed questions
    held_out: float = 0.1
    homes: str | None = None
    homes_share: float = 0.2
    checkpointing: bool = False  # spare memory: compute the language model's layers again on the way back


@dataclass(frozen=True)
class VideoQuestions:
    """What a step sees of one video: features, and questions about it."""

    features: FrameFeatures
    questions: tuple[Question, ...]


class Telling(Answering):
    """The loss of the answers alone: no truth about the frames is needed."""

    def __init__(self, model: VLM2ForConditionalGeneration, processor: VLM2Processor, row: int) -> None:
        super().__init__(model, processor, MiniConfig(row=row))
        del self.grounding
        if model.recognition is not None:
            model.recognition.requires_grad_(False)  # only the truth about frames could teach it

    def forward(self, example: Example | VideoQuestions) -> dict[str, Tensor]:
        """Return the loss of the answers' tokens."""
        device = self.model.language_model.get_input_embeddings().weight.device
        tokens, _, recalled = self.watched(example.features.to(device))
        video, recollections = tokens.flatten(0, 1), [recalled] * len(example.questions)
        answer, _ = self.answer_loss(video, example.questions, recollections, counting=self.model.counting)
        return {"loss": answer, "answer": answer}


class FootageExamples(Dataset):
    """Videos with handfuls of their questions: in every passage each question once, in another order, its options
    shuffled; item i is always the same."""

    def __init__(
        self,
        footage: Mapping[Path, Footage],
        questions: Annotations,
        handful: int,
        seed: int,
        shuffled: bool = True,
    ) -> None:
        self.footage, self.questions, self.handful = footage, questions, handful
        self.seed, self.shuffled = seed, shuffled
        self.videos = sorted(questions)
        counts = [math.ceil(len(questions[video]) / handful) for video in self.videos]
        self.parts = [(which, part) for which, count in enumerate(counts) for part in range(count)]

    def __len__(self) -> int:
        """Return the number of examples in one passage."""
        return len(self.parts)

    def __getitem__(self, index: int) -> VideoQuestions:
        epoch, at = divmod(index, len(self.parts))
        which, part = self.parts[at]
        if self.shuffled:
            which, part = self.parts[np.random.default_rng([self.seed, 4, epoch]).permutation(len(self.parts))[at]]
        video = self.videos[which]
        asked = self.questions[video]
        order = np.arange(len(asked))
        if self.shuffled:
            order = np.random.default_rng([self.seed, 5, epoch, which]).permutation(len(asked))
        chosen = [asked[i] for i in order[part * self.handful : (part + 1) * self.handful]]
        if self.shuffled:
            rng = np.random.default_rng([self.seed, 6, index])
            chosen = [shuffle_options(question, rng) for question in chosen]
        return VideoQuestions(self.footage[video].features(), tuple(chosen))


def split_videos(videos: Sequence[Path], share: float, seed: int) -> frozenset[Path]:
    """Choose the videos that are held out: about `share` of them; of two or more at least one, where a share is
    wanted. Raises ValueError where none would be left to train on."""
    if not 0 <= share < 1:
        raise ValueError(f"held_out={share} is no share of the videos; give 0 (none) or more, below 1.")
    count = max(round(share * len(videos)), 1 if share and len(videos) > 1 else 0)
    if count and count >= len(videos):
        raise ValueError(f"held_out={share} leaves none of {len(videos)} videos to train on; give less, or 0.")
    order = np.random.default_rng([seed, 7]).permutation(len(videos))
    ordered = sorted(videos)
    return frozenset(ordered[i] for i in order[:count])


def load_model(config: FinetuneConfig) -> tuple[VLM2ForConditionalGeneration, VLM2Processor]:
    """Load the model to begin from. Raises ValueError where there is none of this name."""
    from ..models.checkpoint import find_checkpoint

    folder = find_checkpoint(config.model)
    return VLM2ForConditionalGeneration.from_pretrained(folder), VLM2Processor.from_pretrained(folder)


def train_finetune(config: FinetuneConfig) -> None:
    """Cache what is not cached yet, train (or go on where a killed run was), and leave a model that `vlm2 ask --model`
    takes in `loop.out`/checkpoint.

    Raises ValueError for questions and videos that cannot be used, before anything is loaded.
    """
    weights = _weights(config)
    share(config.loop.accumulate)
    asked = [read_annotations(file, config.videos) for file in config.questions]
    out = split_videos(sorted({v for source in asked for v in source}), config.held_out, config.loop.seed)
    torch.manual_seed(config.loop.seed)
    model, processor = load_model(config)
    homes = open_cache(config.homes, model.config.vision["name"]) if config.homes else []
    footage = cache_all(model, processor, {v for source in asked for v in source}, config)
    parts = [{video: found for video, found in source.items() if video not in out} for source in asked]
    sources = [FootageExamples(footage, part, config.handful, config.loop.seed) for part in parts]
    loop, examples = _examples(config, sources, weights, homes, model)
    kept: Annotations = {video: [q for source in asked for q in source.get(video, [])] for video in out}
    measured = FootageExamples(footage, kept, config.handful, config.loop.seed, shuffled=False) if out else None
    train(Telling(model, processor, config.row), examples, replace(config, loop=loop), measured)


def train(module: Telling, examples: Dataset, config: FinetuneConfig, held_out: Dataset | None) -> None:
    """Train the objective and save its model."""
    model = module.model
    model.language_backbone.config._attn_implementation = packing.ATTENTION
    if config.checkpointing:
        backbone: Any = model.language_backbone  # transformers renamed the method within its version 5
        enable = getattr(backbone, "activation_checkpointing_enable", None) or backbone.gradient_checkpointing_enable
        enable({"use_reentrant": False})
    groups = parameter_groups(module, config.loop.learning_rate, config.lora_learning_rate)
    with disable_input_dtype_casting(model.language_model):
        fit(module, examples, config.loop, groups, held_out)
    checkpoint = Path(config.loop.out) / "checkpoint"
    first = place()[0] == 0
    model.save_pretrained(checkpoint, dtype=torch.bfloat16, is_main_process=first)
    if first:
        module.processor.save_pretrained(checkpoint)


def cache_all(
    model: VLM2ForConditionalGeneration, processor: VLM2Processor, videos: set[Path], config: FinetuneConfig
) -> dict[Path, Footage]:
    """Encode the videos that are not cached yet; several processes share them."""
    from rich.progress import track

    rank, world = place()
    state = PartialState(cpu=not torch.cuda.is_available())
    torch.nn.Module.to(model, state.device)
    encoders, folder = encoders_key(model), Path(config.cache)

    def cached(video: Path) -> Footage:
        return cache_footage(model, processor, video, folder, config.sampling, encoders)

    mine = track(sorted(videos)[rank::world], description="Encoding videos", disable=rank > 0)
    footage = {video: cached(video) for video in mine}
    state.wait_for_everyone()
    return footage | {video: cached(video) for video in videos - footage.keys()}


def _weights(config: FinetuneConfig) -> tuple[float, ...]:
    """Return the weight of each file of questions. Raises ValueError where they, or that of homes, cannot be used."""
    if config.weights and len(config.weights) != len(config.questions):
        raise ValueError(
            f"weights={config.weights} are {len(config.weights)}, but there are {len(config.questions)} files of "
            "questions; give one weight a file."
        )
    if min(config.weights, default=1.0) < 0 or (config.weights and not any(config.weights)):
        raise ValueError(f"weights={config.weights}: give none below 0, and one above.")
    if not 0 <= config.homes_share < 1:
        raise ValueError(f"homes_share={config.homes_share} is no share of the examples; give 0 or more, below 1.")
    return config.weights or (1.0,) * len(config.questions)


def _examples(
    config: FinetuneConfig,
    found: Sequence[FootageExamples],
    weights: Sequence[float],
    homes: list[CachedHome],
    model: VLM2ForConditionalGeneration,
) -> tuple[LoopConfig, Mixture]:
    """Mix the sources, and say for how many steps."""
    kept = [(source, weight * len(source)) for source, weight in zip(found, weights, strict=True) if len(source)]
    sources: list[ExampleSource] = [source for source, _ in kept]
    shares = [weight for _, weight in kept]
    accumulate, steps = config.loop.accumulate, config.loop.steps
    others = config.homes_share if homes else 0.0
    if steps == 0:
        steps = math.ceil(config.epochs * sum(map(len, found)) / (1 - others) / accumulate)
    length = steps * accumulate
    if homes:
        total = sum(shares)
        sources.append(_home_examples(config, homes, model, length))
        shares.append(total * others / (1 - others))
    return replace(config.loop, steps=steps), Mixture(sources, shares, length, config.loop.seed)


def _home_examples(
    config: FinetuneConfig, homes: list[CachedHome], model: VLM2ForConditionalGeneration, length: int
) -> HomeExamples:
    """Give examples of cached homes, with this model's geometry of them; several processes share that."""
    rank, world = place()
    cache_geometry(homes[rank::world], model.frame_encoder.windows)
    PartialState().wait_for_everyone()
    most = config.sampling.frames or config.sampling.most_frames
    return HomeExamples(homes, length, Handful(config.handful), most, config.loop.seed)
