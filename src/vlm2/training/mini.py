"""Stage 2: the 3D-aware representation, memory, projector and LoRA, trained on questions about generated homes.

The vision encoder, the geometry encoder and the language model stay frozen. Five parts, one after another:

1. Naming: single frames' tokens learn to say what is there and where; no language model.
2. Reading: the adapters learn from questions without any video what words alone tell (how an answer looks, how long a
   sofa is, how many chairs a home has). A question costs a tenth of what it costs behind a video.
3. Counting: a small network learns from what the recall makes of every home (`vlm2.training.counting`).
4. Answering: a step is one home. Its frames pass through the 3D-aware representation and the dual memory once, and a
   handful of questions is answered behind what the memory holds at the end, each told what a session would tell it.
5. Saying: the adapters learn once more, without video, that what is told is the answer. Then counting is learnt anew,
   since answering changes what the recall makes of a home.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from peft.helpers import disable_input_dtype_casting
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from ..models import FrameFeatures
from ..models.checkpoint import load_adapters
from ..models.precision import multiplies_bfloat16
from ..models.recall import Counting, ObjectEvidence, append_recalled, infer
from ..models.recall.recognition import Recognition, word_embeddings
from ..questions import ask_all
from ..questions.question import Question
from ..questions.tasks import numbers
from . import packing
from .attention_supervision import named_tokens, point
from .counting import counted, fit_counting
from .examples import Example, Handful, HomeExamples, Pool, by_task, cache_geometry
from .home_cache import CachedHome, open_cache
from .loop import LoopConfig, Trained, fit, last_checkpoint, place
from .model_card import record, records, write_card
from .recipe import claim
from .token_grounding import Grounding, pool2, pooled_categories
from .typical_answers import Typical

NAMING = "grounding"  # the folder of the first part
RESUMED = ("loop.out", "loop.workers", "named")  # what may be another where a training goes on
MakeExamples = Callable[..., HomeExamples]
"""Makes the examples of homes, from what `HomeExamples` takes."""


@dataclass(frozen=True)
class MiniConfig:
    """The second stage. `loop` is of the answering, its learning rate that of the modules: a tenth of what they were
    named with, or a few steps of answers undo the naming. `changes` are to the preset's configuration; the homes in
    `validation` are held out, to measure the loss on. With `adapters`, a checkpoint that is given, what words alone
    tell is taken over from its language model, and the reading is left out. `named` is the folder of a finished naming,
    of another run with the same representation, to take over instead of naming anew."""

    cache: str = "runs/cache/train"
    geometry: str = "runs/geometry/encoder"  # a trained compact π³
    preset: str = "mini"
    changes: dict[str, Any] = field(default_factory=dict)
    validation: str | None = None
    adapters: str | None = None
    named: str | None = None
    loop: LoopConfig = field(
        default_factory=lambda: LoopConfig(out="runs/mini", steps=60, learning_rate=7e-5, save_every=30)
    )
    lora_learning_rate: float = 7e-4
    grounding_learning_rate: float = 7e-4
    reading_learning_rate: float = 1e-3
    handful: Handful = field(default_factory=lambda: Handful(questions=16, terse=0.6))  # a home
    drill_steps: int = 0  # the first of those behind videos, which ask a handful of drills as well
    most_frames: int = 120  # a home; longer ones are thinned
    row: int = 128  # tokens in a row of packed questions
    grounding_steps: int = 2500  # without the language model, before all else
    grounding_frames: int = 64  # frames a step of those
    reading_steps: int = 640  # without video, before the answers
    letter_steps: int = 180  # the first of those: options that are told, and typical sizes
    typical_steps: int = 300  # those after: typical answers to questions of all kinds; in the others most are told
    saying_steps: int = 100  # last of all, without video: what is told is said
    saying_learning_rate: float = 5e-4
    letters: Handful = field(default_factory=lambda: Handful(questions=16, terse=0.8, paraphrased=0.0, told=1.0))
    typical: Handful = field(default_factory=lambda: Handful(questions=6, terse=0.7, paraphrased=0.0))
    reading: Handful = field(default_factory=lambda: Handful(questions=20, terse=0.75, told=0.1))
    telling: Handful = field(default_factory=lambda: Handful(questions=20, terse=0.6, told=0.8))
    what_weight: float = 0.3
    where_weight: float = 0.1
    look_weight: float = 0.5


class Answering(Trained):
    """The loss of one home's questions."""

    def __init__(self, model, processor, config: MiniConfig) -> None:
        super().__init__()
        self.model, self.processor, self.settings = model, processor, config
        self.counts = False  # whether counting has been learnt
        words = word_embeddings(model.language_model.get_input_embeddings(), processor.tokenizer)
        recognition = Recognition(words.shape[1]) if model.recognition is None else model.recognition
        recognition.words.copy_(words)
        self.grounding = Grounding(recognition)
        packing.register()
        self.before, self.after = processor.prefix_ids()

    def forward(self, example: Example) -> dict[str, Tensor]:
        """Return the losses: next token of the answers, and the grounding of the tokens that the answers rest on."""
        device = self.grounding.place.weight.device
        features = example.features.to(device)
        tokens, frames, recalled = self.watched(features)
        shown = pooled_categories(example.categories.to(device)[frames], features.grid)
        video, recollections = tokens.flatten(0, 1), [recalled] * len(example.questions)
        counting = self.model.counting if self.counts else None
        answer, look = self.answer_loss(video, example.questions, recollections, shown.flatten(0, 1) > 0, counting)
        places = pool2(example.coordinates.to(device)[frames], features.grid)
        what, where = self.grounding(tokens, shown, places)
        weights = self.settings
        loss = answer + weights.what_weight * what + weights.where_weight * where + weights.look_weight * look
        return {"loss": loss, "answer": answer, "what": what, "where": where, "look": look}

    def watched(
        self, features: FrameFeatures
    ) -> tuple[Float[Tensor, "slots tokens text_dim"], Int[Tensor, " slots"], ObjectEvidence | None]:
        """Return a video's tokens a slot, the slots' frames, and what the model's recall, if any, makes of them."""
        tokens, frames = self.model.frame_tokens(features)
        places, times = features.patch_coordinates[frames], features.times[frames]
        return tokens, frames, self.model.recollect(tokens, places, times, features.grid)

    def answer_loss(
        self,
        video: Float[Tensor, "tokens text_dim"],
        questions: Sequence[Question],
        recollections: Sequence[ObjectEvidence | None],
        shown: Bool[Tensor, "tokens categories"] | None = None,
        counting: Counting | None = None,
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Return the loss of the answers' tokens behind a video of any length, every question weighing the same, and
        that of looking where the named things are `shown`. `recollections` has for each question what is recalled of
        its home, or None; numbers of things are told by `counting`, where that has been learnt."""
        language = self.model.language_model
        embed = language.get_input_embeddings()
        texts = [question.prompt() for question in questions]
        for index, recollection in enumerate(recollections):
            if recollection is not None:
                texts[index] = append_recalled(texts[index], infer(recollection, texts[index], counting))
        prompts = [self.processor.question_ids(text) for text in texts]
        answers = [self.processor.answer_ids(q.ground_truth) for q in questions]
        prefix = len(self.before) + len(video) + len(self.after)
        packed = packing.pack(prefix, prompts, answers, self.settings.row)
        pointing = None
        if shown is not None and self.settings.look_weight:
            names = [named_tokens(text, self.processor.offsets(text)) for text in texts]
            pointing = point(names, packed.starts, shown, len(self.before), prefix)
            packed = replace(packed, pointing=pointing)
        fixed = [torch.tensor([ids], device=video.device) for ids in (self.before, self.after)]
        rows = embed(packed.token_ids.to(video.device).reshape(1, -1))
        before, after = embed(fixed[0]), embed(fixed[1])
        sequence = torch.cat([before, video[None].to(before.dtype), after, rows], 1)
        hidden = self.model.language_backbone(
            inputs_embeds=sequence,
            position_ids=packed.position_ids.to(video.device),
            use_cache=False,
            packing=packed,
        ).last_hidden_state
        logits = language.get_output_embeddings()(hidden[0, packed.sources.to(video.device)])
        losses = functional.cross_entropy(logits.float(), packed.targets.to(video.device), reduction="none")
        owner = packed.owner.to(video.device)
        lengths = torch.bincount(owner).float()
        look = losses.new_zeros(()) if pointing is None else pointing.loss().to(losses)
        return (losses / lengths[owner]).sum() / len(questions), look


class GroundingFrames(torch.utils.data.Dataset):
    """Batches of frames from one home after another, for grounding without the language model."""

    def __init__(self, examples: HomeExamples, frames: int, length: int) -> None:
        self.examples, self.frames, self.length = examples, frames, length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Example:
        home = self.examples.homes[index % len(self.examples.homes)]
        return self.examples.example(home, max(1, home.frames // self.frames), ())


class Naming(Trained):
    """The loss of grounding single frames, no memory: a quick start for representation and projector."""

    def __init__(self, answering: Answering) -> None:
        super().__init__()
        self.model, self.grounding = answering.model, answering.grounding

    def forward(self, example: Example) -> dict[str, Tensor]:
        """Return the grounding losses of every frame's own tokens."""
        device = self.grounding.place.weight.device
        features = example.features.to(device)
        tokens = self.model.projector(self.model.represent(features), features.grid)
        shown = pooled_categories(example.categories.to(device), features.grid)
        places = pool2(example.coordinates.to(device), features.grid)
        what, where = self.grounding(tokens, shown, places)
        return {"loss": what + 0.5 * where, "what": what, "where": where}


def take_named(answering: Answering, folder: str) -> None:
    """Take over what a naming in `folder` has learnt. Raise ValueError where it holds none, or another model's."""
    last = last_checkpoint(folder)
    if last is None:
        raise ValueError(f"There is no naming in {folder}; give the folder `grounding` of a training, or none.")
    naming, found = Naming(answering), load_file(last / "model.safetensors")
    parts = ("grounding.", "model.representation.", "model.projector.", "model.recognition.")
    mine = naming.state_dict()
    learnt = [name for name in mine if name.startswith(parts)]
    differing = [name for name in learnt if name not in found or found[name].shape != mine[name].shape]
    if differing:
        raise ValueError(f"{folder} is a naming of another model; tensors that differ: {differing[:8]}.")
    naming.load_state_dict(mine | {name: found[name] for name in learnt})  # memory and adapters stay as they are


class Sheets(torch.utils.data.Dataset):
    """Handfuls of questions of all homes, without their videos.

    All answers follow by rules: the letter that is told, what the words alone make likeliest (`typical`), and at last
    that what is told is the answer, as the recall will tell it. From rules the adapters find in tens of steps that an
    answer hangs on the name of the thing, or on the option's words; from the answers of ever new homes, which scatter,
    they learn for hundreds of steps no more than what all have in common.
    """

    def __init__(self, homes: Sequence[CachedHome], config: MiniConfig) -> None:
        questions = [question for home in homes for question in ask_all(home.scene, seed=config.loop.seed)]
        self.pool, self.typical, self.config = by_task(questions), Typical.of(questions), config
        self.choices = {task: found for task, found in self.pool.items() if task not in numbers()}

    def __len__(self) -> int:
        return self.config.reading_steps

    def __getitem__(self, index: int) -> tuple[Question, ...]:
        config, rng = self.config, np.random.default_rng([self.config.loop.seed, 2, index])
        if index < config.letter_steps:
            return config.letters.draw(self.choices, rng) + config.typical.draw(self.sizes, rng, self.typical.answer)
        if index < config.letter_steps + config.typical_steps:
            return config.reading.draw(self.pool, rng, self.typical.answer)
        return config.telling.draw(self.pool, rng, self.typical.answer)

    @property
    def sizes(self) -> Pool:
        """The questions about sizes alone."""
        return {"object_size_estimation": self.pool["object_size_estimation"]}


class Reading(Trained):
    """The loss of questions asked without a video: trains the adapters alone."""

    def __init__(self, answering: Answering) -> None:
        super().__init__()
        self.language_model = answering.model.language_model
        self.answer_loss = answering.answer_loss

    def forward(self, example: Sequence[Question]) -> dict[str, Tensor]:
        """Return the loss of the answers."""
        embedding = self.language_model.get_input_embeddings().weight
        unseen = [None] * len(example)
        return {"loss": self.answer_loss(embedding.new_empty(0, embedding.shape[1]), example, unseen)[0]}


def parameter_groups(module: nn.Module, rate: float, lora_rate: float) -> list[dict]:
    """Separate LoRA, with its own learning rate, from the modules."""
    trained = [(n, p) for n, p in module.named_parameters() if p.requires_grad]
    groups = [
        {"params": [p for n, p in trained if "lora_" not in n], "lr": rate},
        {"params": [p for n, p in trained if "lora_" in n], "lr": lora_rate, "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def load_parts(config: MiniConfig):
    """Build the model to train, with the trained geometry encoder inside, and its processor."""
    from ..models import VLM2ForConditionalGeneration, VLM2Processor
    from ..models.presets import changed, preset
    from .geometry import open_encoder

    encoder = open_encoder(config.geometry)
    settings = changed(preset(config.preset), config.changes)
    settings.geometry |= {"name": "pi3", "config": encoder.config.to_dict()}
    model = VLM2ForConditionalGeneration(settings)
    model.geometry.load_state_dict(encoder.state_dict())
    return model, VLM2Processor.from_config(settings)


def learn_counting(answering: Answering, examples: HomeExamples) -> None:
    """Fit the model's counting, if it has one, to what its recall makes of the homes; from then on counts are told."""
    if answering.model.counting is not None:
        answering.eval()
        things = counted(recollections(answering, examples))
        fit_counting(answering.model.counting, things, seed=examples.seed)
        answering.counts = True


@torch.no_grad()
def recollections(answering: Answering, examples: HomeExamples) -> Iterator[tuple[ObjectEvidence, list[Question]]]:
    """Yield what the model's recall makes of each home, of the frames that training shows, and its questions."""
    device = answering.grounding.place.weight.device
    for home in examples.homes:
        questions = tuple(ask_all(home.scene, seed=examples.seed))
        features = examples.example(home, examples.stride(home), questions).features.to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=multiplies_bfloat16(device)):
            recalled = answering.watched(features)[2]
        if recalled is not None:
            yield recalled, list(questions)


def train_mini(config: MiniConfig, make_examples: MakeExamples = HomeExamples) -> None:
    """Run the parts of stage 2, going on from their checkpoints; leave model and card in `loop.out`/checkpoint.

    Raises ValueError under torchrun, and where `loop.out` holds a training with other settings.
    """
    if place()[1] > 1:
        raise ValueError("mini is trained by one process; start it without torchrun.")
    torch.manual_seed(config.loop.seed)
    model, processor = load_parts(config)
    encoder = model.config.vision["name"]
    homes = open_cache(config.cache, encoder)
    others = open_cache(config.validation, encoder) if config.validation else []
    claim(config.loop.out, config, RESUMED)
    training = [*records(config.geometry), record("mini", config, homes)]
    cache_geometry([*homes, *others], model.frame_encoder.windows)
    examples = make_examples(
        homes,
        config.loop.steps * config.loop.accumulate,
        config.handful,
        config.most_frames,
        config.loop.seed,
        config.drill_steps,
    )
    held_out = make_examples(others, len(others), config.handful, config.most_frames, config.loop.seed)
    answering = Answering(model, processor, config)
    naming = replace(config.loop, out=f"{config.loop.out}/{NAMING}", steps=config.grounding_steps, accumulate=1)
    naming = replace(naming, learning_rate=config.grounding_learning_rate)
    if config.named is None:
        fit(Naming(answering), GroundingFrames(examples, config.grounding_frames, naming.steps), naming)
    else:
        take_named(answering, config.named)
    model.language_backbone.config._attn_implementation = packing.ATTENTION
    with disable_input_dtype_casting(model.language_model):
        reading = replace(naming, out=f"{config.loop.out}/reading", steps=config.reading_steps)
        reading = replace(reading, learning_rate=config.reading_learning_rate)
        if config.adapters is None:
            fit(Reading(answering), Sheets(homes, config), reading)
        else:
            load_adapters(model, config.adapters)
        if config.loop.steps:
            learn_counting(answering, examples)
        groups = parameter_groups(answering, config.loop.learning_rate, config.lora_learning_rate)
        fit(answering, examples, config.loop, groups, held_out if others else None)
        saying = replace(reading, out=f"{config.loop.out}/saying", steps=config.saying_steps)
        telling = replace(config, letter_steps=0, typical_steps=0, reading_steps=config.saying_steps)
        fit(Reading(answering), Sheets(homes, telling), replace(saying, learning_rate=config.saying_learning_rate))
    learn_counting(answering, examples)
    checkpoint = Path(config.loop.out) / "checkpoint"
    model.save_pretrained(checkpoint, dtype=torch.bfloat16)
    processor.save_pretrained(checkpoint)
    write_card(checkpoint, training)
