"""The reader of questions: padding and neighbours change nothing, and only its own weights are saved."""

from __future__ import annotations

import json

import pytest
import torch
from toys import toy_language_model, toy_tokenizer

from vlm2.models.intent_reader import IntentReader, IntentReaderConfig

LONG, SHORT = ["How", "many", "big", "lamps", ",", "please", "?"], ["Where", "?"]


@pytest.fixture
def reader(tmp_path) -> IntentReader:
    toy_language_model().save_pretrained(tmp_path / "language")
    toy_tokenizer().save_pretrained(tmp_path / "language")
    torch.manual_seed(0)
    config = IntentReaderConfig(("count", "none"), ("outside", "things"), str(tmp_path / "language"), 1, 1, 2, 4)
    made = IntentReader(config).eval()
    with torch.no_grad():
        for value in made.trained().values():
            value += 0.1 * torch.randn_like(value)  # adapters start at nothing
    return made


def test_words_end_at_their_last_token(reader) -> None:
    encoded = reader.encode([LONG, SHORT])  # one token a byte
    assert encoded.lengths.tolist() == [len("How many big lamps, please?"), len("Where?")]
    assert encoded.ends[0].tolist() == [2, 7, 11, 17, 18, 25, 26]
    assert encoded.ends[1, :2].tolist() == [4, 5]


@torch.inference_mode()
def test_a_word_without_tokens_gets_one(reader, monkeypatch) -> None:
    tokens = reader.tokenizer
    monkeypatch.setattr(reader, "tokenizer", lambda text, **options: tokens(text.replace("\x04", ""), **options))
    encoded = reader.encode([["\x04", "Where", "?"]])
    assert encoded.lengths.tolist() == [len("  Where?")] and encoded.ends[0].tolist() == [0, 6, 7]
    _, slots = reader(encoded)
    assert slots.shape[1] == 3


@torch.inference_mode()
def test_padding_changes_nothing(reader) -> None:
    intents, slots = reader(reader.encode([LONG, SHORT]))
    alone, words = reader(reader.encode([SHORT]))
    torch.testing.assert_close(intents[1:], alone)
    torch.testing.assert_close(slots[1:, :2], words)


@torch.inference_mode()
def test_tuned_layers_read_in_both_directions(reader) -> None:
    _, first = reader(reader.encode([["lamp", "one"]]))
    _, second = reader(reader.encode([["lamp", "two"]]))
    assert not torch.allclose(first[0, 0], second[0, 0], atol=1e-5)


def test_only_what_was_trained_is_saved(reader, tmp_path) -> None:
    names = reader.trained().keys()
    assert {name.split(".")[0] for name in names} == {"tuned", "norm", "pool", "intent", "slot"}
    assert all("lora_" in name for name in names if name.startswith("tuned"))
    reader.save(tmp_path / "reader")
    loaded = IntentReader.load(tmp_path / "reader")
    assert loaded.config == reader.config and not loaded.training
    with torch.inference_mode():
        for ours, theirs in zip(reader(reader.encode([LONG])), loaded(loaded.encode([LONG])), strict=True):
            torch.testing.assert_close(ours, theirs, atol=0.05, rtol=0.05)  # bfloat16


def test_weights_of_another_configuration_are_refused(reader, tmp_path) -> None:
    reader.save(tmp_path / "reader")
    file = tmp_path / "reader" / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"rank": 3}))
    with pytest.raises(ValueError, match="does not fit"):
        IntentReader.load(tmp_path / "reader")
