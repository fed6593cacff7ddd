"""What a loaded model holds at once, and what it loads when it is first needed."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from toyeyes import toy_eyes
from toys import ToyVision, toy_language_model, toy_model, toy_processor

import vlm2
from vlm2.encoders.weights import MissingPart
from vlm2.models import VLM2ForConditionalGeneration, VLM2Processor
from vlm2.models.language import QuestionTooLong
from vlm2.streaming.model_identity import Identity

module = importlib.import_module("vlm2.streaming.load")  # the name in vlm2.streaming is the function's
PART = "smollm2-135m-instruct"
HEAVY = ("transformers.modeling_utils", "transformers.processing_utils", "peft", "torch._dynamo")


@pytest.fixture
def made(monkeypatch) -> list[str]:
    """The language models and processors that are made while the test runs."""
    found = []

    def noted(kind, name: str) -> None:
        load = kind.from_pretrained.__func__
        monkeypatch.setattr(
            kind, "from_pretrained", classmethod(lambda *args, **given: found.append(name) or load(*args, **given))
        )

    noted(VLM2ForConditionalGeneration, "model")
    noted(VLM2Processor, "processor")
    return found


@pytest.fixture
def checkpoint(tmp_path, monkeypatch) -> Path:
    """A toy checkpoint whose language model is a frozen part."""
    vision = ToyVision()
    monkeypatch.setattr("vlm2.models.video_model.load_vision", lambda config: vision)
    monkeypatch.setattr(module, "find_part", lambda name: tmp_path)
    monkeypatch.setattr(module, "load_language", lambda config, dtype: toy_language_model().to(dtype))
    monkeypatch.setattr(module, "open_eyes", lambda *_: toy_eyes())
    processor = toy_processor()
    processor.video_processor.max_pixels = ToyVision.max_pixels
    model = toy_model(text_source=PART, slot_time=True)
    torch.nn.init.normal_(model.projector.norm.bias)
    model.save_pretrained(tmp_path / "toy")
    processor.save_pretrained(tmp_path / "toy")
    return tmp_path / "toy"


def frames(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (count, 32, 48, 3), dtype=np.uint8)


def watched(loaded: vlm2.streaming.LoadedModel) -> vlm2.Session:
    session = loaded.session()
    for index, image in enumerate(frames(9)):
        session.observe(image, index / 2)
    return session


def test_the_object_memory_answers_without_the_language_half(checkpoint, made, tmp_path) -> None:
    loaded = vlm2.load(checkpoint, device="cpu", dtype="float32")
    session = watched(loaded)
    session.check("How many chairs are there?")
    assert session.ask("How many chairs are there?").source == "objects"
    session.save(tmp_path / "room.vlm2mem")
    assert vlm2.Session.open(tmp_path / "room.vlm2mem", loaded).frames == session.fork().frames == 9
    assert made == []
    assert session.ask("How many chairs are there?", tools=False).source == "tokens"
    assert sorted(made) == ["model", "processor"]
    assert session.model is loaded.model and session.processor is loaded.processor


def test_a_memory_is_saved_without_the_folder_of_the_checkpoint(checkpoint, tmp_path) -> None:
    loaded = vlm2.load(checkpoint, device="cpu", dtype="float32")
    again = vlm2.load(checkpoint, device="cpu", dtype="float32")
    assert again.model is not None
    session = watched(loaded)
    shutil.rmtree(checkpoint)
    session.save(tmp_path / "room.vlm2mem")
    assert vlm2.Session.open(tmp_path / "room.vlm2mem", again).frames == 9


def test_a_memory_names_the_projector_of_the_model_that_is_loaded(checkpoint, tmp_path) -> None:
    loaded, fresh = (vlm2.load(checkpoint, device="cpu", dtype="float32") for _ in range(2))
    session = watched(loaded)
    torch.nn.init.ones_(loaded.model.projector.norm.bias)
    session.save(tmp_path / "room.vlm2mem")
    assert vlm2.Session.open(tmp_path / "room.vlm2mem", loaded).frames == 9
    with pytest.raises(ValueError, match=r"not the same: the trained weights"):
        vlm2.Session.open(tmp_path / "room.vlm2mem", fresh)


def test_both_halves_are_the_model_that_was_saved(checkpoint) -> None:
    half = vlm2.load(checkpoint, device="cpu", dtype="float32").halves
    before = Identity.of(half.video_model)
    parts = ("vision", "geometry", "representation", "memory")
    assert all(getattr(half.model, part) is getattr(half.video_model, part) for part in parts)
    assert not half.model.training and half.video_model.config is half.model.config
    assert before == Identity.of(half.video_model) == Identity.of(half.model)
    whole = VLM2ForConditionalGeneration.from_pretrained(checkpoint, language_model=toy_language_model())
    assert half.model.config.to_dict() == whole.config.to_dict()
    stored = load_file(checkpoint / "model.safetensors")
    state = half.model.state_dict()
    assert stored and all(torch.equal(state[name], tensor) for name, tensor in stored.items())
    assert half.resizer.sizes(480, 640) == half.processor.video_processor.sizes(480, 640)


@pytest.mark.parametrize(
    ("fast", "asked", "kind"),
    [(True, None, torch.bfloat16), (False, None, torch.float32), (False, "bfloat16", torch.bfloat16)],
)
def test_the_language_model_is_read_in_what_the_device_is_fast_in(checkpoint, monkeypatch, fast, asked, kind) -> None:
    monkeypatch.setattr("vlm2.models.loading.multiplies_bfloat16", lambda device: fast)
    model = vlm2.load(checkpoint, device="cpu", dtype=asked).model
    assert model.get_input_embeddings().weight.dtype == kind and model.memory.residual_gate.dtype == torch.float32


def test_without_eyes_the_language_model_is_loaded_at_once(checkpoint, made, monkeypatch) -> None:
    monkeypatch.setattr(module, "open_eyes", lambda *_: None)
    vlm2.load(checkpoint, device="cpu")
    assert made == ["model"]


def test_a_model_that_is_loaded_in_inference_mode_can_be_trained(checkpoint) -> None:
    loaded = vlm2.load(checkpoint, device="cpu")
    with torch.inference_mode():
        model = loaded.model
        loaded.processor.prefix_ids()
    assert not any(tensor.is_inference() for tensor in (*model.parameters(), *model.buffers()))


def test_only_a_long_question_needs_the_tokenizer(checkpoint, made) -> None:
    session = vlm2.load(checkpoint, device="cpu").session()
    session.check("How many chairs are there?" * 10)
    assert made == []
    with pytest.raises(QuestionTooLong, match="there is room for"):
        session.check("How many chairs are there? " * 100)
    assert made == ["processor"]


def test_a_missing_language_model_is_refused_at_once(checkpoint, monkeypatch) -> None:
    def missing(name: str) -> Path:
        raise MissingPart("not here", name)

    monkeypatch.setattr(module, "find_part", missing)
    with pytest.raises(MissingPart) as error:
        vlm2.load(checkpoint, device="cpu")
    assert error.value.part == PART


@pytest.mark.parametrize("name", ["memory.residual_gate", "unheard.of"])
def test_weights_of_the_half_that_watches_are_checked_at_once(checkpoint, name: str) -> None:
    tensors = load_file(checkpoint / "model.safetensors")
    tensors = {key: tensor for key, tensor in tensors.items() if key != name} | {"unheard.of": torch.zeros(1)}
    save_file(tensors, checkpoint / "model.safetensors")
    with pytest.raises(ValueError, match=name):
        vlm2.load(checkpoint, device="cpu")


def test_weights_of_the_language_half_are_checked_when_it_is_needed(checkpoint) -> None:
    tensors = load_file(checkpoint / "model.safetensors")
    save_file({key: t for key, t in tensors.items() if key != "projector.norm.bias"}, checkpoint / "model.safetensors")
    loaded = vlm2.load(checkpoint, device="cpu")
    for _ in range(2):
        with pytest.raises(ValueError, match=r"Missing \(1\): projector.norm.bias"):
            _ = loaded.model


@pytest.mark.parametrize(
    "change", [{"model_type": "unheard-of"}, {"hidden_size": "wide"}, {"max_position_embeddings": "long"}]
)
def test_a_language_model_that_transformers_refuses_is_named_with_the_file(checkpoint, change) -> None:
    file = checkpoint / "config.json"
    values = json.loads(file.read_text())
    values["text_config"] |= change
    file.write_text(json.dumps(values))
    loaded = vlm2.load(checkpoint, device="cpu")
    with pytest.raises(ValueError, match=r"config.json describes no model") as error:
        _ = loaded.model
    assert str(file) in str(error.value) and "\n" not in str(error.value)
    if "max_position_embeddings" in change:
        with pytest.raises(ValueError, match=r"max_position_embeddings='long' is no whole number"):
            loaded.session().check("How many chairs are there?")


def test_watching_is_imported_without_transformers_models() -> None:
    code = (
        "import sys, vlm2.streaming\n"
        "from vlm2.models.checkpoint import find_checkpoint\n"
        "from vlm2.models.configuration import VideoConfig, read_config\n"
        "read_config(find_checkpoint('mini'), VideoConfig)\n"
        f"print([name for name in {HEAVY} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


@pytest.mark.full
def test_vlm2_ask_imports_no_transformers_models_for_an_answer_from_the_objects(repository) -> None:
    code = (
        "import sys\n"
        "from vlm2.cli.main import main\n"
        "sys.argv = ['vlm2', 'ask', 'examples/home.mp4', 'How many chairs are there?', '--eyes', 'homes', '--json']\n"
        "try:\n    main()\n"
        "finally:\n"
        f"    print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=repository)
    assert '"source": "objects"' in done.stdout and done.stderr.endswith("[]\n"), done.stderr
