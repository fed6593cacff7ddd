"""The classes behave as Hugging Face's users expect: loading, saving, batches, generation, adapters."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from toys import ToyVision, toy_config, toy_features, toy_model, toy_processor
from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor, GenerationMixin, ProcessorMixin

from vlm2.models import VLM2Config, VLM2ForConditionalGeneration, VLM2Processor, preset
from vlm2.models.loading import quantization

REVISION = "0123456789abcdef0123456789abcdef01234567"
LORA = {"r": 2, "lora_alpha": 4, "target_modules": ["q_proj", "down_proj"]}


@pytest.fixture(autouse=True)
def toy_vision(monkeypatch) -> None:
    monkeypatch.setattr("vlm2.models.parts.load_vision_encoder", lambda name, dtype: ToyVision())


def saved(folder: Path) -> VLM2ForConditionalGeneration:
    """A whole toy checkpoint, with adapters that do something."""
    model = toy_model(3, stores="all").eval()
    for name, parameter in model.named_parameters():
        if "lora_B" in name or "residual_gate" in name:
            torch.nn.init.normal_(parameter)
    model.save_pretrained(folder)
    toy_processor().save_pretrained(folder)
    return model


def frames(count: int, seed: int = 0, height: int = 32, width: int = 48) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def message(question: str, **video) -> list[dict]:
    return [{"role": "user", "content": [{"type": "video", **video}, {"type": "text", "text": question}]}]


def logits(model) -> torch.Tensor:
    return model(**toy_processor().encode_questions("How many?"), features=toy_features()).logits.float()


def test_the_auto_classes_give_back_what_was_saved(tmp_path: Path) -> None:
    model = saved(tmp_path)
    config = AutoConfig.from_pretrained(tmp_path)
    assert isinstance(config, VLM2Config) and config.to_dict() | {"_name_or_path": ""} == model.config.to_dict()
    assert (config.memory.capacity, config.text_config.model_type) == (3, "llama")
    restored = AutoModelForImageTextToText.from_pretrained(tmp_path)
    assert isinstance(restored, VLM2ForConditionalGeneration) and isinstance(restored, GenerationMixin)
    torch.testing.assert_close(logits(restored), logits(model), atol=0, rtol=0)
    processor = AutoProcessor.from_pretrained(tmp_path)
    assert isinstance(processor, VLM2Processor) and isinstance(processor, ProcessorMixin)
    assert processor.to_dict() == toy_processor().to_dict()


def test_importing_a_class_from_anywhere_registers_it(tmp_path: Path) -> None:
    toy_processor().save_pretrained(tmp_path)
    toy_config().save_pretrained(tmp_path)
    code = (
        "import sys\n"
        "import vlm2.models.processing\n"
        "from transformers import AutoModelForImageTextToText, AutoProcessor\n"
        "print('peft' in sys.modules, type(AutoProcessor.from_pretrained(sys.argv[1])).__name__)\n"
        "import vlm2.models.modeling\n"
        "from vlm2.models import VLM2Config\n"
        "print(AutoModelForImageTextToText._model_mapping[VLM2Config].__name__)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert done.stdout == "False VLM2Processor\nVLM2ForConditionalGeneration\n", done.stderr


def test_the_video_token_is_kept_and_never_embedded(tmp_path: Path) -> None:
    model, processor = saved(tmp_path), VLM2Processor.from_pretrained(tmp_path)
    assert (
        processor.tokenizer.convert_tokens_to_ids("<video>") == processor.video_token_id == model.config.video_token_id
    )
    config = toy_config(text_config=toy_config().text_config.to_dict() | {"vocab_size": 258})
    small = VLM2ForConditionalGeneration(config, ToyVision())  # no row for the token
    small(**processor.encode_questions("How many?"), features=toy_features())
    assert preset("mini").video_token_id == preset("mini").text_config.vocab_size


def test_a_chat_with_a_video_is_the_encoded_question() -> None:
    processor, video = toy_processor(), frames(5)
    encoded = processor.encode_questions("How many?", video, times=[0.0, 0.5, 1.0, 1.5, 2.0])
    prompt = processor.apply_chat_template(message("How many?"), add_generation_prompt=True)
    called = processor(text=prompt, videos=video, times=[0.0, 0.5, 1.0, 1.5, 2.0])
    told = processor.apply_chat_template(
        message("How many?", video=video), add_generation_prompt=True, tokenize=True, return_dict=True, fps=2.0
    )
    for found in (called, told):
        assert found.keys() == encoded.keys()
        assert all(torch.equal(found[name], encoded[name]) for name in encoded)


def test_a_file_is_sampled(write_video) -> None:
    path = write_video(list(frames(9)), times=[250 * k for k in range(9)])
    inputs = toy_processor().encode_questions("How many?", str(path))
    assert inputs["video_times"].tolist() == [[0.0, 0.5, 1.0, 1.5, 2.0]]
    chat = message("How many?", path=str(path))
    told = toy_processor().apply_chat_template(chat, add_generation_prompt=True, tokenize=True, return_dict=True)
    assert all(torch.equal(told[name], inputs[name]) for name in inputs)


@pytest.mark.parametrize("shape", [(32, 48), (48, 32)])
def test_two_videos_in_a_batch_are_answered_as_alone(tmp_path: Path, shape: tuple[int, int]) -> None:
    model, processor = saved(tmp_path), toy_processor()
    processor.video_processor.max_pixels = ToyVision.max_pixels
    videos = [frames(9, 1), frames(4, 2, *shape)]
    prompts = [
        processor.apply_chat_template(message(question), add_generation_prompt=True)
        for question in ("How many?", "How far is the chair from the table?")
    ]
    both = processor(text=prompts, videos=videos)
    together = model.generate(**both, max_new_tokens=6, do_sample=False)[:, both["input_ids"].shape[1] :]
    for row, (prompt, video) in enumerate(zip(prompts, videos, strict=True)):
        one = processor(text=prompt, videos=video)
        alone = model.generate(**one, max_new_tokens=6, do_sample=False)[0, one["input_ids"].shape[1] :]
        assert together[row, : len(alone)].tolist() == alone.tolist()


def test_generate_returns_several_sequences_and_its_record(tmp_path: Path) -> None:
    model, inputs = saved(tmp_path), toy_processor().encode_questions("How many?", frames(4))
    found = model.generate(
        **inputs, max_new_tokens=3, num_beams=2, num_return_sequences=2, return_dict_in_generate=True
    )
    assert len(found.sequences) == 2
    length = inputs["input_ids"].shape[1]
    assert torch.equal(found.sequences[:, :length], inputs["input_ids"].expand(2, -1))
    with pytest.raises(ValueError, match="min_words"):
        model.generate(**inputs, min_words=3)


@pytest.mark.parametrize("device_map", ["cpu", {"": "cpu"}, torch.device("cpu")])
def test_one_device_is_a_device_map(tmp_path: Path, device_map) -> None:
    model = saved(tmp_path)
    restored = VLM2ForConditionalGeneration.from_pretrained(tmp_path, device_map=device_map, dtype="bfloat16")
    assert restored.language_backbone.dtype == torch.bfloat16 and restored.memory.residual_gate.dtype == torch.float32
    torch.testing.assert_close(logits(restored), logits(model), atol=0.5, rtol=0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"device_map": "tpu"}, "no device 'tpu'"),
        ({"device_map": {"memory": "cpu"}}, "parts one by one"),
        ({"device_map": "auto"}, "leave out device_map"),
        ({"dtype": "int3"}, "no dtype 'int3'"),
        ({"device": "cpu"}, "VLM2ForConditionalGeneration.from_pretrained has no device; it has .*revision"),
        ({"quantize": "4bit", "torch_dtype": "x"}, "has no quantize, torch_dtype"),
    ],
)
def test_other_arguments_are_refused(tmp_path: Path, options: dict, words: str) -> None:
    saved(tmp_path)
    with pytest.raises(ValueError, match=words):
        VLM2ForConditionalGeneration.from_pretrained(tmp_path, **options)
    with pytest.raises(ValueError, match=r"VLM2Processor.from_pretrained has no size"):
        VLM2Processor.from_pretrained(tmp_path, size=3)


def test_attention_is_computed_as_asked(tmp_path: Path) -> None:
    model = saved(tmp_path)
    eager = VLM2ForConditionalGeneration.from_pretrained(tmp_path, attn_implementation="eager")
    assert eager.language_backbone.config._attn_implementation == "eager"
    auto = AutoModelForImageTextToText.from_pretrained(tmp_path, attn_implementation="eager")
    assert auto.language_backbone.config._attn_implementation == "eager"
    torch.testing.assert_close(logits(eager), logits(model), atol=1e-4, rtol=0)


def test_a_checkpoint_with_its_language_model_is_not_quantised(tmp_path: Path) -> None:
    saved(tmp_path)
    with pytest.raises(ValueError, match="neither spread nor quantised|bitsandbytes"):
        VLM2ForConditionalGeneration.from_pretrained(tmp_path, quantization_config=quantization("8bit"))


@pytest.fixture
def hub(tmp_path: Path, monkeypatch) -> VLM2ForConditionalGeneration:
    """A model in the hub's cache, in its layout: owner/toy at one revision, which is main."""
    place = tmp_path / "hub" / "models--owner--toy"
    model = saved(place / "snapshots" / REVISION)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(REVISION)
    for module in ("huggingface_hub.constants", "huggingface_hub._snapshot_download"):
        monkeypatch.setattr(f"{module}.HF_HUB_CACHE", str(tmp_path / "hub"), raising=False)
    return model


@pytest.mark.parametrize("revision", ["main", REVISION])
def test_a_name_on_the_hub_is_loaded(hub, tmp_path: Path, revision: str) -> None:
    options = {"revision": revision, "cache_dir": tmp_path / "hub", "local_files_only": True}
    model = VLM2ForConditionalGeneration.from_pretrained("owner/toy", **options)
    torch.testing.assert_close(logits(model), logits(hub), atol=0, rtol=0)
    assert VLM2Processor.from_pretrained("owner/toy", **options).to_dict() == toy_processor().to_dict()
    auto = AutoModelForImageTextToText.from_pretrained("owner/toy", **options)
    torch.testing.assert_close(logits(auto), logits(hub), atol=0, rtol=0)


def test_a_revision_and_a_token_reach_the_hub(hub, tmp_path: Path, monkeypatch) -> None:
    asked = []
    folder = tmp_path / "hub" / "models--owner--toy" / "snapshots" / REVISION
    monkeypatch.setattr(
        "vlm2.models.checkpoint.snapshot_download", lambda name, **options: asked.append((name, options)) or str(folder)
    )
    options = {"revision": "v2", "token": "secret"}
    VLM2ForConditionalGeneration.from_pretrained("owner/toy", **options)
    VLM2Processor.from_pretrained("owner/toy", **options)
    assert [name for name, _ in asked] == ["owner/toy"] * 2
    assert all(options.items() <= given.items() for _, given in asked)


def test_a_revision_that_is_not_there_is_refused(hub, tmp_path: Path) -> None:
    options = {"revision": "v9", "cache_dir": tmp_path / "hub", "local_files_only": True}
    with pytest.raises(ValueError, match="could not be had from the hub"):
        VLM2ForConditionalGeneration.from_pretrained("owner/toy", **options)


def train(model) -> None:
    """Change everything that may be trained."""
    for parameter in model.parameters():
        if parameter.requires_grad:
            torch.nn.init.normal_(parameter, std=0.2)


def own(model) -> dict[str, torch.Tensor]:
    return {
        name: tensor.clone() for name, tensor in model.state_dict().items() if ".lora_" in name and ".vlm2." in name
    }


@pytest.mark.parametrize("name", ["default", "mine"])
def test_a_users_adapter_works_on_top_of_ours(tmp_path: Path, name: str) -> None:
    model = saved(tmp_path)
    before, adapters = logits(model), own(model)
    model.add_adapter(LoraConfig(**LORA), adapter_name=name)
    torch.testing.assert_close(logits(model), before, atol=0, rtol=0)  # theirs does nothing yet, ours all that it did
    trained = {key for key, parameter in model.named_parameters() if parameter.requires_grad}
    assert any(f".{name}." in key for key in trained) and not any(".vlm2." in key for key in trained)
    train(model)
    assert not torch.allclose(logits(model), before, atol=1e-3)
    assert all(torch.equal(tensor, adapters[key]) for key, tensor in own(model).items())
    model.save_pretrained(tmp_path / "out")
    restored = VLM2ForConditionalGeneration.from_pretrained(tmp_path / "out")
    assert torch.equal(restored.memory.residual_gate, model.memory.residual_gate)
    torch.testing.assert_close(logits(restored), logits(model), atol=0, rtol=0)
    shutil.rmtree(tmp_path / "out" / "adapters")
    plain = VLM2ForConditionalGeneration.from_pretrained(tmp_path / "out")
    assert not torch.allclose(logits(plain), logits(model), atol=1e-3)


@pytest.mark.filterwarnings(
    "ignore:You are trying to modify a model with PEFT for a second time", "ignore:.*is_gradient_checkpointing"
)
def test_peft_saves_and_restores_an_adapter_with_the_memory(tmp_path: Path) -> None:
    frozen = saved(tmp_path / "base").requires_grad_(False)  # PEFT leaves what a model with adapters trains trainable
    model = get_peft_model(frozen, LoraConfig(**LORA, modules_to_save=["memory"]))
    trained = {key for key, parameter in model.named_parameters() if parameter.requires_grad}
    assert all(".default." in key for key in trained) and any(".memory." in key for key in trained)
    before, adapters = logits(model), own(model)
    train(model)
    expected = logits(model)
    assert not torch.allclose(expected, before, atol=1e-3)
    assert all(torch.equal(tensor, adapters[key]) for key, tensor in own(model).items())
    model.save_pretrained(tmp_path / "out", save_embedding_layers=False)
    base = VLM2ForConditionalGeneration.from_pretrained(tmp_path / "base")
    restored = PeftModel.from_pretrained(base, tmp_path / "out").eval()
    torch.testing.assert_close(logits(restored), expected, atol=0, rtol=0)
    ids = restored.generate(**toy_processor().encode_questions("How many?"), features=toy_features(), max_new_tokens=2)
    assert ids.shape[0] == 1
