"""Train the reader of questions on utterances: `vlm2 train intents --out runs/intents`."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Dataset

from ...models.intent_reader import EncodedQuestions, IntentReader, IntentReaderConfig
from ...query.intents import NONE, OUTSIDE, intents, slots
from ..loop import process_rank, train_stage
from ..recipe import claim_folder
from ..stage import Objective, Optimiser, RunConfig, StageConfig
from ..utterances import FOLDER, TaggedQuestion, Utterance, fill, read_utterances

IGNORED = -100  # a word whose slot does not count
POOL = 16  # batches
SLOT_WEIGHT = 2.0  # of the words' loss beside that of the intent


@dataclass(frozen=True)
class IntentTraining(RunConfig, StageConfig):
    """Training of the reader. `out` receives checkpoints, log, the reader and metrics.json."""

    out: str = "runs/intents"  # folder of the run
    start: str | None = None  # a reader to train further: its folder; it says what is used of the language model
    log_every: int = 20  # steps between two lines of the log
    steps: int = 864  # of a batch each; 470 are once through our utterances
    optimiser: Optimiser = field(default_factory=lambda: Optimiser(6e-4, warmup=0.1, weight_decay=0.01))
    batch: int = 32  # questions in a step
    utterances: str = str(FOLDER)  # folder of text files with lines such as `count | How many {things} are there?`
    held_out: float = 0.05  # share of the utterances that are measured at the end instead of trained
    language: str = "smollm2-135m-instruct"  # language model whose layers are used: a part, folder or hub name
    frozen: int = 6  # layers that stay as they are
    tuned: int = 10  # layers behind them that get adapters
    rank: int = 12  # of the adapters


def recipe() -> IntentTraining:
    """Return the configuration of a first training; the packaged reader was trained in three runs (see its card)."""
    return IntentTraining()


def run(config: IntentTraining) -> IntentReader:
    """Train, and leave the reader in `out`/reader. Raises ValueError where `out` holds a training with other settings,
    for several processes, and if the reader in `start` has other intents or slots."""
    if process_rank()[1] > 1:
        raise ValueError("`vlm2 train intents` is for one process; run it without torchrun.")
    out = Path(config.out)
    claim_folder(out, config, apart=("out", "loader_workers"))
    utterances = read_utterances(Path(config.utterances))
    random.Random(config.seed).shuffle(utterances)
    held_out = utterances[: round(config.held_out * len(utterances))]
    torch.manual_seed(config.seed)
    labels = (*intents(), NONE), (OUTSIDE, *slots())
    if config.start is None:
        reader = IntentReader(IntentReaderConfig(*labels, config.language, config.frozen, config.tuned, config.rank))
    elif (reader := IntentReader.load(Path(config.start))).config.intents + reader.config.slots != sum(labels, ()):
        raise ValueError(f"The reader in {config.start} knows other intents or slots than the operators have now.")
    questions = FilledUtterances(utterances[len(held_out) :], config.batch, config.seed)
    train_stage(config, "training", config, IntentObjective(reader), questions)
    reader.eval().save(out / "reader")
    if held_out:
        rng = random.Random(config.seed)
        scores = measure(reader, [fill(utterance, rng) for utterance in held_out])
        (out / "metrics.json").write_text(json.dumps(scores, indent=1))
        print(json.dumps(scores, indent=1))
    return reader


class FilledUtterances(Dataset):
    """Batches of filled utterances: all of them once, then again in another order and with other phrases.

    `POOL` batches are filled together and sorted by length before they are cut. Batch i is always the same.
    """

    def __init__(self, utterances: list[Utterance], batch: int, seed: int) -> None:
        self.utterances, self.batch, self.seed = utterances, batch, seed

    def __getitem__(self, index: int) -> list[TaggedQuestion]:
        """Fill the utterances of a pool, and return one of its batches."""
        pool, place = divmod(index, POOL)
        rng = random.Random(f"{self.seed}, {pool}")
        first = pool * POOL * self.batch
        filled = [fill(self._at(first + at), rng) for at in range(POOL * self.batch)]
        filled.sort(key=lambda question: len(question.words))
        start = rng.sample(range(POOL), POOL)[place] * self.batch
        return filled[start : start + self.batch]

    def _at(self, place: int) -> Utterance:
        turn, index = divmod(place, len(self.utterances))
        return self.utterances[_order(len(self.utterances), self.seed, turn)[index]]


@cache
def _order(count: int, seed: int, turn: int) -> list[int]:
    return random.Random(f"{seed}, turn {turn}").sample(range(count), count)


class IntentObjective(Objective):
    """Cross-entropy of the intent, plus `SLOT_WEIGHT` times that of the words' slots where there is an intent."""

    def __init__(self, reader: IntentReader) -> None:
        super().__init__()
        self.reader = reader

    def forward(self, example: list[TaggedQuestion]) -> dict[str, Float[Tensor, ""]]:
        """Return the losses of a batch."""
        encoded = self.reader.encode([question.words for question in example])
        truth, tags = targets(self.reader.config, example, encoded)
        intents, words = self.reader(encoded)
        parts = {
            "intent": functional.cross_entropy(intents, truth, label_smoothing=0.02),
            "slot": functional.cross_entropy(words.flatten(0, 1), tags.flatten(), ignore_index=IGNORED),
        }
        return parts | {"loss": parts["intent"] + SLOT_WEIGHT * parts["slot"]}


def targets(
    config: IntentReaderConfig, questions: list[TaggedQuestion], encoded: EncodedQuestions
) -> tuple[Int[Tensor, " questions"], Int[Tensor, "questions words"]]:
    """Return the places of the intents and of the words' slots among the labels."""
    tags = torch.full(encoded.ends.shape, IGNORED)
    for row, question in zip(tags, questions, strict=True):
        if question.intent != NONE:
            row[: len(question.tags)] = torch.tensor([config.slots.index(tag) for tag in question.tags])
    return torch.tensor([config.intents.index(question.intent) for question in questions]), tags


@torch.inference_mode()
def measure(reader: IntentReader, questions: list[TaggedQuestion]) -> dict[str, float]:
    """Return as "intent" the share of questions with the right intent, and as "exact" that with all slots right too."""
    found, exact = 0, 0
    for question in questions:
        encoded = reader.encode([question.words])
        truth, tags = targets(reader.config, [question], encoded)
        intents, words = reader(encoded)
        right = bool(intents.argmax(-1) == truth)
        found += right
        exact += right and bool(((words.argmax(-1) == tags) | (tags == IGNORED)).all())
    return {"intent": found / len(questions), "exact": exact / len(questions)}
