"""Fine-tune on videos and questions of your own: `vlm2 train finetune --videos videos --questions mine.jsonl`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import PartialState
from peft.helpers import disable_input_dtype_casting

from ...models import VLM2ForConditionalGeneration, VLM2Processor
from ...models.checkpoint import find_checkpoint
from ..annotations import Annotations, read_annotations
from ..examples import HomeExamples, Mixture, VideoExamples
from ..home_cache import CachedHome, cache_geometry, open_cache
from ..loop import examples_per_process, process_rank, train_stage
from ..question_answering import VideoQuestionAnswering
from ..question_sampler import QuestionSampler
from ..stage import Optimiser, RunConfig, StageConfig
from ..video_cache import CachedVideo, Sampling, VideoCache


@dataclass(frozen=True)
class FinetuneConfig(RunConfig):
    """Training on videos of your own, in one stage. The model learns from the answers to the questions only.

    Raises ValueError for shares and weights that cannot be used.
    """

    out: str = "runs/finetune"  # folder of the run
    save_every: int = 50  # steps between two checkpoints
    evaluate_every: int = 50  # steps between two measurements of the held-out loss; 0: never
    videos: str = "videos"  # folder of the videos
    questions: tuple[str, ...] = ("questions.jsonl",)  # files of JSON lines (docs/reference/questions.md)
    weights: tuple[float, ...] = ()  # how often a question of each file is drawn; by default all alike
    model: str = "mini"  # checkpoint to begin from
    cache: str = "runs/cache/videos"  # folder of the videos' cached features
    sampling: Sampling = field(default_factory=Sampling)
    steps: int | None = None  # None: as many as `epochs` take
    epochs: float = 3.0  # passes over all questions
    optimiser: Optimiser = field(default_factory=lambda: Optimiser(2e-4, lora_learning_rate=2e-4, accumulate=4))
    questions_per_video: int = 16  # in one example
    row: int = 128  # tokens in a row of packed questions
    held_out: float = 0.1  # share of the videos on which the held-out loss is measured
    homes: str | None = None  # cached homes (`vlm2 train cache`) to mix in, so that their training is not forgotten
    homes_share: float = 0.2  # share of the examples that are homes
    checkpointing: bool = False  # recompute the language model's layers in the backward pass, to save memory

    def __post_init__(self) -> None:
        StageConfig(self.steps or 0, self.optimiser)  # refuses a negative number of steps
        bad = self.weights and (min(self.weights) < 0 or not 0 < sum(self.weights) < math.inf)
        if bad or len(self.weights) not in (0, len(self.questions)):
            files = f"each of the {len(self.questions)} files of questions"
            raise ValueError(f"weights={self.weights}: give {files} one weight, none below 0, and one above.")
        for name in ("homes_share", "held_out"):
            if not 0 <= (share := getattr(self, name)) < 1:
                raise ValueError(f"{name}={share} is no share; give 0 or more, below 1.")


def recipe() -> FinetuneConfig:
    """Return the configuration for a few dozen videos on two CPU cores or a GPU, beginning from mini."""
    return FinetuneConfig()


def run(config: FinetuneConfig) -> None:
    """Encode the videos that are not cached yet, train (or continue a killed run), and leave a model for
    `vlm2 ask --model` in `out`/checkpoint.

    Raises ValueError for questions and videos that cannot be used, before anything is loaded.
    """
    examples_per_process(config.optimiser.accumulate)
    files = [read_annotations(file, config.videos) for file in config.questions]
    videos = sorted({video for found in files for video in found})
    apart = split_videos(videos, config.held_out, config.seed)
    torch.manual_seed(config.seed)
    model, processor = load_model(config)
    homes = open_cache(config.homes, model.config.vision_config.name) if config.homes else []
    cached = cache_videos(model, processor, videos, config)
    parts = [{video: found for video, found in file.items() if video not in apart} for file in files]
    sources = [VideoExamples(cached, part, config.questions_per_video, config.seed) for part in parts]
    measured: Annotations = {video: [q for file in files for q in file.get(video, [])] for video in apart}
    held_out = VideoExamples(cached, measured, config.questions_per_video, config.seed, shuffled=False)
    objective = VideoQuestionAnswering(model, processor, config.row)
    steps = config.steps
    if steps is None:
        count = config.epochs * sum(map(len, sources)) / (1 - config.homes_share if homes else 1)
        steps = math.ceil(count / config.optimiser.accumulate)
    examples = mix(config, sources, homes, model, steps * config.optimiser.accumulate)
    if config.checkpointing:
        backbone: Any = model.language_backbone  # transformers renamed the method within its version 5
        enable = getattr(backbone, "activation_checkpointing_enable", None) or backbone.gradient_checkpointing_enable
        enable({"use_reentrant": False})
    stage = StageConfig(steps, config.optimiser)
    with disable_input_dtype_casting(model.language_model):
        train_stage(config, "finetune", stage, objective, examples, held_out if apart else None)
    checkpoint, first = Path(config.out) / "checkpoint", process_rank()[0] == 0
    model.save_pretrained(checkpoint, dtype=torch.bfloat16, is_main_process=first)
    if first:
        processor.save_pretrained(checkpoint)


def split_videos(videos: Sequence[Path], share: float, seed: int) -> frozenset[Path]:
    """Choose the videos that are held out: about `share` of them; of two or more at least one, if `share` is above 0.

    Raises ValueError if none would be left to train on.
    """
    count = max(round(share * len(videos)), 1 if share and len(videos) > 1 else 0)
    if count and count >= len(videos):
        raise ValueError(f"held_out={share} leaves none of {len(videos)} videos to train on; give less, or 0.")
    chosen = np.random.default_rng([seed, 7]).permutation(len(videos))[:count]
    return frozenset(sorted(videos)[i] for i in chosen)


def load_model(config: FinetuneConfig) -> tuple[VLM2ForConditionalGeneration, VLM2Processor]:
    """Load the model to begin from. Raises ValueError where there is none of this name."""
    folder = find_checkpoint(config.model)
    return VLM2ForConditionalGeneration.from_pretrained(folder), VLM2Processor.from_pretrained(folder)


def cache_videos(
    model: VLM2ForConditionalGeneration, processor: VLM2Processor, videos: Sequence[Path], config: FinetuneConfig
) -> dict[Path, CachedVideo]:
    """Encode the videos that are not cached yet; several processes share them."""
    from rich.progress import track

    rank, world = process_rank()
    state = PartialState(cpu=not torch.cuda.is_available())
    torch.nn.Module.to(model, state.device)
    cache = VideoCache(Path(config.cache), model, processor, config.sampling)
    mine = track(videos[rank::world], description="Encoding videos", disable=rank > 0)
    found = {video: cache[video] for video in mine}
    state.wait_for_everyone()
    return found | {video: cache[video] for video in videos if video not in found}


def mix(
    config: FinetuneConfig,
    files: Sequence[VideoExamples],
    homes: Sequence[CachedHome],
    model: VLM2ForConditionalGeneration,
    length: int,
) -> Mixture:
    """Mix the files' examples by their weights and numbers, and those of homes by their share."""
    weights = config.weights or (1.0,) * len(files)
    shares = [weight * len(file) for weight, file in zip(weights, files, strict=True)]
    if not homes:
        return Mixture(files, shares, length, config.seed)
    rank, world = process_rank()
    cache_geometry(homes[rank::world], model.frame_encoder.windows)
    PartialState().wait_for_everyone()
    most = config.sampling.frames or config.sampling.most_frames
    others = HomeExamples(homes, QuestionSampler(config.questions_per_video), most, config.seed)
    share = sum(shares) * config.homes_share / (1 - config.homes_share)
    return Mixture([*files, others], [*shares, share], length, config.seed)
