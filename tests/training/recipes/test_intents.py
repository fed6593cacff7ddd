"""The recipe of the reader of questions at toy size: it learns, measures, saves, and continues."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from toys import toy_language_model, toy_tokenizer
from toytraining import losses

from vlm2.models.intent_reader import IntentReader
from vlm2.training.recipes import intents
from vlm2.training.recipes.intents import FilledUtterances, IntentTraining, measure
from vlm2.training.utterances import Utterance, fill

UTTERANCES = """
# toy
count | How many {things} are there?
count | {things}, how many?
where | Where is the {thing}?
where | Tell me the place of the {thing}
none | Why is there a {thing}?
none | Buy a {thing}!
"""


@pytest.fixture
def training(tmp_path):
    """Return a function that gives the configuration of a tiny training."""
    language, wordings = tmp_path / "language", tmp_path / "utterances"
    toy_language_model().save_pretrained(language)
    toy_tokenizer().save_pretrained(language)
    wordings.mkdir()
    (wordings / "toy.txt").write_text(UTTERANCES)

    def make(**changes) -> IntentTraining:
        config = IntentTraining(
            out=str(tmp_path / "run"), utterances=str(wordings), language=str(language), frozen=1, tuned=1, rank=2,
            batch=4, steps=6, log_every=1, held_out=0.2,
        )  # fmt: skip
        return replace(config, **changes)

    return make


def test_the_recipe_learns_and_saves(training, tmp_path) -> None:
    rate = replace(IntentTraining().optimiser, learning_rate=2e-2)
    trained = intents.run(training(steps=30, optimiser=rate))
    found = losses(tmp_path / "run" / "training")
    assert found[30] < 0.7 * found[1]
    assert set(json.loads((tmp_path / "run" / "metrics.json").read_text())) == {"intent", "exact"}
    loaded = IntentReader.load(tmp_path / "run" / "reader")
    questions = [["How", "many", "lamps", "?"], ["Where", "is", "it"]]
    for ours, theirs in zip(trained(trained.encode(questions)), loaded(loaded.encode(questions)), strict=True):
        torch.testing.assert_close(ours, theirs, atol=0.1, rtol=0.1)  # saved in bfloat16
    assert (tmp_path / "run" / "reader" / "model.safetensors").stat().st_size < 100_000  # without the language model


def test_other_settings_are_refused(training) -> None:
    intents.run(training(steps=1))
    with pytest.raises(ValueError, match="rank"):
        intents.run(training(steps=1, rank=3))


def test_a_reader_is_trained_further(training, tmp_path) -> None:
    intents.run(training(steps=1))
    reader = tmp_path / "run" / "reader"
    before = load_file(reader / "model.safetensors")
    further = intents.run(training(steps=0, out=str(tmp_path / "further"), start=str(reader)))
    assert all(torch.equal(before[name], value.bfloat16()) for name, value in further.trained().items())
    settings = json.loads((reader / "config.json").read_text())
    (reader / "config.json").write_text(json.dumps(settings | {"intents": settings["intents"][::-1]}))
    with pytest.raises(ValueError, match="other intents"):
        intents.run(training(out=str(tmp_path / "other"), start=str(reader)))


def test_batches_repeat_and_hold_every_utterance() -> None:
    utterances = [Utterance("count", f"{number} {{things}}") for number in range(64)]
    batches = FilledUtterances(utterances, 4, 0)
    pool = [question for index in range(16) for question in batches[index]]
    assert sorted(int(question.words[0]) for question in pool) == list(range(64))
    assert batches[3] == FilledUtterances(utterances, 4, 0)[3] != batches[4]
    assert all(max(lengths) - min(lengths) <= 4 for lengths in ([len(q.words) for q in batches[i]] for i in range(16)))


def test_measure_counts_intents_and_words(training, tmp_path) -> None:
    reader = intents.run(training(steps=1))
    question = fill(Utterance("count", "How many {things}?"), random.Random(0))
    with torch.no_grad():
        for layer, label, labels in (
            (reader.intent, "count", reader.config.intents),
            (reader.slot, "things", reader.config.slots),
        ):
            layer.weight.zero_()
            layer.bias.zero_()
            layer.bias[labels.index(label)] = 1.0
    assert measure(reader, [question]) == {"intent": 1.0, "exact": 0.0}
