"""Loading the language model."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from vlm2.encoders import weights
from vlm2.encoders.hub_checkpoint import load_pretrained
from vlm2.models import language

WORDS = {"<|im_end|>": 0, "<|im_start|>": 1, "how": 2, "many": 3, "chairs": 4}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tiny Llama with a tokenizer of five words."""
    torch.manual_seed(0)
    sizes = {"vocab_size": 8, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
    LlamaForCausalLM(LlamaConfig(**sizes, num_attention_heads=2, num_key_value_heads=1)).save_pretrained(tmp_path)
    tokenizer = Tokenizer(models.WordLevel(WORDS, unk_token="<|im_end|>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>").save_pretrained(tmp_path)
    return tmp_path


def test_folder_is_loaded_in_the_asked_precision(folder: Path) -> None:
    model, tokenizer = language.load_language_model(str(folder), torch.float32), language.load_tokenizer(str(folder))
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert not model.training
    assert tokenizer("how many chairs").input_ids == [2, 3, 4]
    assert language.load_language_model(str(folder)).dtype == torch.bfloat16


def test_two_threads_load_one_after_the_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original, load, running = LlamaForCausalLM.tie_weights, LlamaForCausalLM.from_pretrained.__func__, []

    def alone(kind, *args, **options):
        running.append(kind)
        time.sleep(0.02)
        assert running == [kind]
        model = load(kind, *args, **options)
        running.remove(kind)
        return model

    monkeypatch.setattr(LlamaForCausalLM, "from_pretrained", classmethod(alone))
    with ThreadPoolExecutor(4) as threads:
        ours = [threads.submit(language.load_language_model, str(folder), torch.float32) for _ in range(4)]
        others = [threads.submit(load_pretrained, AutoModelForCausalLM, folder, device_map="cpu") for _ in range(4)]
        models = [loading.result() for loading in ours + others]
    assert LlamaForCausalLM.tie_weights is original
    weights = [model.get_input_embeddings().weight.float() for model in models]
    assert all(torch.equal(weight, weights[0]) for weight in weights)


def test_unknown_name_says_what_is_possible() -> None:
    with pytest.raises(ValueError, match=r"smollm2-135m-instruct.*folder.*hub name"):
        language.load_language_model("gpt")


def test_missing_part_says_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLM2_CACHE", str(tmp_path))
    monkeypatch.setattr(weights, "installed_source", lambda part: None)
    with pytest.raises(weights.MissingPart, match="vlm2 weights get"):
        language.load_tokenizer()


@pytest.mark.full
def test_smollm2_answers_in_english() -> None:
    try:
        model, tokenizer = language.load_language_model(), language.load_tokenizer()
    except weights.MissingPart as error:
        pytest.skip(str(error))
    chat = [{"role": "user", "content": "What is the capital of France?"}]
    prompt = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    text = tokenizer.decode(prompt["input_ids"][0])
    assert text.startswith("<|im_start|>system\n")
    assert text.endswith("<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n")
    answer = model.generate(**prompt, max_new_tokens=12, do_sample=False)[0, prompt["input_ids"].shape[1] :]
    assert tokenizer.decode(answer) == "The capital of France is Paris.<|im_end|>"
    assert getattr(model.config, "quantization_config", None) is None
