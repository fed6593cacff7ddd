"""Train mini on cached homes, after `vlm2 train geometry`: `vlm2 train mini --cache runs/cache/train`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from peft.helpers import disable_input_dtype_casting

from ...models import VLM2ForConditionalGeneration, VLM2Processor
from ...models.checkpoint import load_adapters
from ...models.presets import preset
from ...questions import ask_all
from ..examples import ChooseFrames, FrameExamples, HomeExamples
from ..home_cache import CachedHome, cache_geometry, open_cache
from ..loop import process_rank, train_stage
from ..model_card import read_records, training_record, write_card
from ..model_switches import ModelSwitches
from ..question_answering import SupervisionWeights, TextQuestionAnswering, VideoQuestionAnswering
from ..question_sampler import QuestionSampler, TextOnlyQuestions, by_task
from ..recipe import claim_folder
from ..stage import Optimiser, RunConfig, StageConfig
from ..token_grounding import TokenGrounding
from ..typical_answers import TypicalAnswers
from .geometry import open_encoder

GROUNDING = "grounding"  # the name of the first stage
RESUMED = ("out", "loader_workers", "grounded_from")  # settings that may differ when a training is continued


@dataclass(frozen=True)
class TokenGroundingConfig(StageConfig):
    """Single frames' tokens learn what they show and where it is, without the language model."""

    steps: int = 2500  # 0: without this stage
    optimiser: Optimiser = field(default_factory=lambda: Optimiser(7e-4))
    frames: int = 64  # in a step


@dataclass(frozen=True)
class TextWarmUpConfig(StageConfig):
    """The adapters learn from questions without a video what the words alone determine: the form of an answer, the
    length of a sofa, the usual number of chairs. A step costs a tenth of one behind a video."""

    steps: int = 640  # 0: without this stage
    optimiser: Optimiser = field(default_factory=lambda: Optimiser(1e-3, lora_weight_decay=0.01))
    questions: QuestionSampler = field(default_factory=lambda: QuestionSampler(20, terse=0.75))


@dataclass(frozen=True)
class VideoQuestionConfig(StageConfig):
    """A step is one home. Its frames pass the representation and the dual memory once. Several questions are answered
    behind the memory's slots.

    The learning rate of the modules is a tenth of that in token grounding; a greater one undoes the grounding."""

    steps: int = 60  # 0: without this stage
    optimiser: Optimiser = field(default_factory=lambda: Optimiser(7e-5, lora_learning_rate=7e-4))
    questions: QuestionSampler = field(default_factory=lambda: QuestionSampler(16, terse=0.6))
    most_frames: int = 120  # of a home; longer ones are thinned
    weights: SupervisionWeights = field(default_factory=SupervisionWeights)


@dataclass(frozen=True)
class MiniConfig(RunConfig):
    """Training of the representation, memory, projector and LoRA on questions about generated homes. The vision
    encoder, the geometry encoder and the language model stay frozen."""

    out: str = "runs/mini"  # folder of the run
    save_every: int = 30  # steps between two checkpoints
    cache: str = "runs/cache/train"  # cached homes to train on
    validation: str | None = None  # cached homes on which the held-out loss is measured
    geometry: str = "runs/geometry/encoder"  # folder of a trained compact π³
    preset: str = "mini"  # configuration of the model
    model: ModelSwitches = field(default_factory=ModelSwitches)
    adapters: str | None = None  # checkpoint whose adapters replace the text warm-up
    grounded_from: str | None = None  # `grounding` folder of another run, which replaces that stage
    row: int = 128  # tokens in a row of packed questions
    grounding: TokenGroundingConfig = field(default_factory=TokenGroundingConfig)
    warm_up: TextWarmUpConfig = field(default_factory=TextWarmUpConfig)
    answering: VideoQuestionConfig = field(default_factory=VideoQuestionConfig)


def recipe() -> MiniConfig:
    """Return the configuration of the whole training."""
    return MiniConfig()


def run(config: MiniConfig, choose: ChooseFrames | None = None) -> None:
    """Train the stages, continuing from their checkpoints; leave model and card in `out`/checkpoint.

    `choose` chooses the frames that are shown. Raises ValueError under torchrun, and where `out` holds a training with
    other settings.
    """
    if process_rank()[1] > 1:
        raise ValueError("mini is trained by one process; start it without torchrun.")
    torch.manual_seed(config.seed)
    model, processor = build_model(config)
    encoder = model.config.vision_config.name
    homes = open_cache(config.cache, encoder)
    held_out = open_cache(config.validation, encoder) if config.validation else []
    claim_folder(config.out, config, RESUMED)
    training = [*read_records(config.geometry), training_record("mini", config, homes)]
    cache_geometry([*homes, *held_out], model.frame_encoder.windows)
    answering = config.answering
    sampling = (answering.questions, answering.most_frames, config.seed)
    examples = HomeExamples(homes, *sampling, choose=choose)
    measured = HomeExamples(held_out, *sampling, choose=choose) if held_out else None
    objective = VideoQuestionAnswering(model, processor, config.row, answering.weights)
    grounding, from_text = TokenGrounding(model, objective.grounding), TextQuestionAnswering(objective)
    if config.grounded_from is not None:
        grounding.load_grounded(config.grounded_from)
    if config.adapters is not None:
        load_adapters(model, config.adapters)
    with disable_input_dtype_casting(model.language_model):
        if config.grounded_from is None:
            train_stage(config, GROUNDING, config.grounding, grounding, FrameExamples(homes, config.grounding.frames))
        if config.adapters is None:
            train_stage(config, "warm_up", config.warm_up, from_text, text_questions(config, homes))
        train_stage(config, "answering", answering, objective, examples, measured)
    checkpoint = Path(config.out) / "checkpoint"
    model.save_pretrained(checkpoint, dtype=torch.bfloat16)
    processor.save_pretrained(checkpoint)
    write_card(checkpoint, training)


def text_questions(config: MiniConfig, homes: Sequence[CachedHome]) -> TextOnlyQuestions:
    """Return the examples of the text warm-up: questions with their typical answers."""
    questions = [question for home in homes for question in ask_all(home.scene, seed=config.seed)]
    typical = TypicalAnswers(questions).answer
    return TextOnlyQuestions(config.warm_up.questions, by_task(questions), typical, config.seed)


def build_model(config: MiniConfig) -> tuple[VLM2ForConditionalGeneration, VLM2Processor]:
    """Build the model to train, with the trained geometry encoder, and its processor."""
    encoder = open_encoder(config.geometry)
    settings = config.model.apply(preset(config.preset))
    settings.geometry_config.settings = encoder.config.to_dict()
    model = VLM2ForConditionalGeneration(settings)
    model.geometry.load_state_dict(encoder.state_dict())
    return model, VLM2Processor.from_config(settings)
