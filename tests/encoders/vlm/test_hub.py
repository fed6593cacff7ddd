"""Models through transformers: tiny checkpoints from end to end, and what cannot be loaded."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from tinyvlm import WORDS, tiny_vlm, tokenizer
from transformers import AutoModelForImageTextToText, AutoProcessor, LlamaConfig, LlamaForCausalLM

from vlm2.encoders.vlm import VisionLanguageModel, VLMError, hub, load_vlm

PICTURES = [Image.fromarray(np.full((24, 32, 3), shade, np.uint8)) for shade in (40, 200)]


def jpeg(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG")
    return file.getvalue()


@pytest.fixture(params=["idefics3", "llava"])
def kind(request) -> str:
    return request.param


def test_it_answers_as_transformers_does(kind: str, tmp_path) -> None:
    name = tiny_vlm(kind, tmp_path)
    vlm = load_vlm(name)
    assert isinstance(vlm, VisionLanguageModel) and vlm.name == name
    parts = ["what is", jpeg(PICTURES[0]), "and", jpeg(PICTURES[1]), "?"]
    text = vlm.answer(parts, 6)
    assert text and set(text.split()) <= set(WORDS)

    model, processor = AutoModelForImageTextToText.from_pretrained(tmp_path), AutoProcessor.from_pretrained(tmp_path)
    decoded = [Image.open(io.BytesIO(jpeg(picture))).convert("RGB") for picture in PICTURES]
    prompt = "user: what is<image>and<image>?\nassistant:"
    inputs = processor(text=prompt, images=decoded, return_tensors="pt")
    tokens = model.generate(**inputs, max_new_tokens=6, do_sample=False)[0, inputs["input_ids"].shape[1] :]
    assert text == processor.decode(tokens, skip_special_tokens=True).strip()


def test_what_goes_wrong_in_a_model_is_an_error_of_its_name(kind: str, tmp_path, monkeypatch) -> None:
    vlm = load_vlm(tiny_vlm(kind, tmp_path))
    with pytest.raises(VLMError, match=f"^{vlm.name} failed \\(cannot identify image"):
        vlm.answer([b"no picture", "what ?"], 6)

    def full(**_):
        raise RuntimeError("out of memory\nby far")

    monkeypatch.setattr(vlm.model, "generate", full)
    with pytest.raises(VLMError, match=f"^{vlm.name} failed \\(out of memory\\)."):
        vlm.answer([jpeg(PICTURES[0]), "what ?"], 6)


def test_a_model_without_pictures_is_refused(tmp_path) -> None:
    sizes = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    LlamaForCausalLM(LlamaConfig(vocab_size=20, **sizes)).save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    with pytest.raises(VLMError, match="is a llama, no image-text model"):
        load_vlm(f"hub:{tmp_path}")


def test_a_model_without_chat_template_is_refused(tmp_path) -> None:
    with pytest.raises(VLMError, match="no processor for pictures with a chat template"):
        load_vlm(tiny_vlm("llava", tmp_path, template=None))


def test_what_cannot_be_loaded_is_named(tmp_path) -> None:
    with pytest.raises(VLMError, match=f"^hub:{tmp_path / 'none'} cannot be loaded \\("):
        load_vlm(f"hub:{tmp_path / 'none'}")


def test_a_processor_that_lacks_packages_says_which(tmp_path, monkeypatch) -> None:
    name = tiny_vlm("llava", tmp_path)
    monkeypatch.setattr(hub, "find_spec", lambda package: None)

    def needing(*_, **__):
        raise ImportError("it is required\nInstall it")

    monkeypatch.setattr(AutoProcessor, "from_pretrained", needing)
    with pytest.raises(
        VLMError, match=r"cannot be loaded: it is required\. Its processor may need torchvision and num2words: pip"
    ):
        load_vlm(name)
