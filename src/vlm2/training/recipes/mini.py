"""Train mini on cached homes, after `vlm2 train geometry`: `vlm2 train mini --cache runs/cache/train`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from peft.helpers import disable_input_dtype_casting

from ...models import VLM2ForConditionalGeneration, VLM2Processor
from ...models.checkpoint import load_adapters
from ...models.precision import multiplies_bfloat16
from ...models.presets import preset
from ...models.recall import ObjectEvidence
from ...questions import ask_all
from ...questions.question import Question
from ...questions.tasks import numbers
from ..counting import count_examples, fit_count_head
from ..examples import ChooseFrames, FrameExamples, HomeExamples
from ..home_cache import CachedHome, cache_geometry, open_cache
from ..loop import process_rank, train_stage
from ..model_card import read_records, training_record, write_card
from ..model_switches import ModelSwitches
from ..question_answering import SupervisionWeights, TextQuestionAnswering, VideoQuestionAnswering
from ..question_sampler import Phase, QuestionSampler, TextOnlyQuestions, by_task
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
    letter_steps: int = 180  # the first steps: options with the answer in the prompt, and typical sizes
    typical_steps: int = 300  # the next steps: typical answers to all types; the rest: mostly answers in the prompt
    letters: QuestionSampler = field(default_factory=lambda: QuestionSampler(16, 0.0, terse=0.8, with_answer=1.0))
    sizes: QuestionSampler = field(default_factory=lambda: QuestionSampler(6, 0.0, terse=0.7))
    typical: QuestionSampler = field(default_factory=lambda: QuestionSampler(20, terse=0.75, with_answer=0.1))
    copied: QuestionSampler = field(default_factory=lambda: QuestionSampler(20, terse=0.6, with_answer=0.8))


@dataclass(frozen=True)
class VideoQuestionConfig(StageConfig):
    """A step is one home. Its frames pass the representation and the dual memory once. Several questions are answered
    behind the memory's slots, with the facts in the prompt that a session would retrieve.

    The learning rate of the modules is a tenth of that in token grounding; a greater one undoes the grounding."""

    steps: int = 60  # 0: without this stage
    optimiser: Optimiser = field(default_factory=lambda: Optimiser(7e-5, lora_learning_rate=7e-4))
    questions: QuestionSampler = field(default_factory=lambda: QuestionSampler(16, terse=0.6))
    drill_steps: int = 0  # the first steps that have drills (rule-based questions) as well
    most_frames: int = 120  # of a home; longer ones are thinned
    weights: SupervisionWeights = field(default_factory=SupervisionWeights)


@dataclass(frozen=True)
class CopyTuningConfig(StageConfig):
    """The adapters learn once more, without video, to copy the answer in the prompt."""

    steps: int = 100  # 0: without this stage
    optimiser: Optimiser = field(default_factory=lambda: Optimiser(5e-4, lora_weight_decay=0.01))
    questions: QuestionSampler = field(default_factory=lambda: QuestionSampler(20, terse=0.6, with_answer=0.8))


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
    copying: CopyTuningConfig = field(default_factory=CopyTuningConfig)


def recipe() -> MiniConfig:
    """Return the configuration of the whole training: some 85 minutes on two CPU cores."""
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
    examples = HomeExamples(homes, *sampling, drilled=answering.drill_steps, choose=choose)
    measured = HomeExamples(held_out, *sampling, choose=choose) if held_out else None
    objective = VideoQuestionAnswering(model, processor, config.row, answering.weights)
    grounding, from_text = TokenGrounding(model, objective.grounding), TextQuestionAnswering(objective)
    warm_up_questions, copied_questions = text_questions(config, homes)
    if config.grounded_from is not None:
        grounding.load_grounded(config.grounded_from)
    if config.adapters is not None:
        load_adapters(model, config.adapters)
    with disable_input_dtype_casting(model.language_model):
        if config.grounded_from is None:
            train_stage(config, GROUNDING, config.grounding, grounding, FrameExamples(homes, config.grounding.frames))
        if config.adapters is None:
            train_stage(config, "warm_up", config.warm_up, from_text, warm_up_questions)
        if answering.steps:
            fit_counts(objective, examples)
        train_stage(config, "answering", answering, objective, examples, measured)
        train_stage(config, "copying", config.copying, from_text, copied_questions)
    fit_counts(objective, examples)  # the answering has changed the recall's evidence
    checkpoint = Path(config.out) / "checkpoint"
    model.save_pretrained(checkpoint, dtype=torch.bfloat16)
    processor.save_pretrained(checkpoint)
    write_card(checkpoint, training)


def text_questions(config: MiniConfig, homes: Sequence[CachedHome]) -> tuple[TextOnlyQuestions, TextOnlyQuestions]:
    """Return the examples of the text warm-up and of the copy tuning."""
    warm_up, copying = config.warm_up, config.copying
    questions = [question for home in homes for question in ask_all(home.scene, seed=config.seed)]
    pool, typical = by_task(questions), TypicalAnswers(questions).answer
    choices = {task: found for task, found in pool.items() if task not in numbers()}
    sizes = {"object_size_estimation": pool["object_size_estimation"]}
    phases = [
        Phase(warm_up.letter_steps, ((warm_up.letters, choices, None), (warm_up.sizes, sizes, typical))),
        Phase(warm_up.letter_steps + warm_up.typical_steps, ((warm_up.typical, pool, typical),)),
        Phase(sys.maxsize, ((warm_up.copied, pool, typical),)),
    ]
    copied = [Phase(sys.maxsize, ((copying.questions, pool, typical),))]
    return TextOnlyQuestions(phases, config.seed), TextOnlyQuestions(copied, config.seed)


def build_model(config: MiniConfig) -> tuple[VLM2ForConditionalGeneration, VLM2Processor]:
    """Build the model to train, with the trained geometry encoder, and its processor."""
    encoder = open_encoder(config.geometry)
    settings = config.model.apply(preset(config.preset))
    settings.geometry_config.settings = encoder.config.to_dict()
    model = VLM2ForConditionalGeneration(settings)
    model.geometry.load_state_dict(encoder.state_dict())
    return model, VLM2Processor.from_config(settings)


def fit_counts(objective: VideoQuestionAnswering, examples: HomeExamples) -> None:
    """Fit the model's count head, if it has one, to the recall's evidence of the homes, and use it from then on."""
    if objective.model.counting is not None:
        objective.eval()
        things = count_examples(recalled_homes(objective, examples))
        fit_count_head(objective.model.counting, things, seed=examples.seed)
        objective.uses_counting = True


@torch.no_grad()
def recalled_homes(
    objective: VideoQuestionAnswering, examples: HomeExamples
) -> Iterator[tuple[ObjectEvidence, Sequence[Question]]]:
    """Yield the recall's evidence of each home, from the frames that training shows, and the home's questions."""
    device = objective.device
    for home in examples.homes:
        features = examples.shown(home).features.to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=multiplies_bfloat16(device)):
            recalled = objective.slots(features)[2]
        if recalled is not None:
            yield recalled, ask_all(home.scene, seed=examples.seed)
