"""The formulas of the language model, held against Llama and Qwen2 with and without adapters."""

from __future__ import annotations

import pytest
import torch
from counted import operations, parameters, working
from toys import toy_config
from transformers import AutoModelForCausalLM, DynamicCache

from vlm2.models import VLM2Config, preset
from vlm2.models.capacity import Language
from vlm2.models.modeling import _adapted
from vlm2.models.presets import LINEAR_LAYERS, QWEN2_7B

QWEN2 = QWEN2_7B | {
    "hidden_size": 48,
    "intermediate_size": 160,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 300,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 2,
}
LORA = {"r": 4, "alpha": 8, "dropout": 0.0, "targets": LINEAR_LAYERS}


@pytest.mark.parametrize(
    "config",
    [
        toy_config(),
        toy_config(lora=None),
        toy_config(text={"source": None, "config": QWEN2}, lora=LORA),
        toy_config(text={"source": None, "config": QWEN2}, lora=None),
    ],
    ids=["llama+lora", "llama", "qwen2+lora", "qwen2"],
)
def test_parameters_operations_and_cache_are_exact(config):
    model = _adapted(AutoModelForCausalLM.from_config(config.text_config()), config).eval()
    formula = Language.of(config)
    assert parameters(model) == formula.parameters == formula.weight_bytes(4) / 4
    cache = DynamicCache()
    video = torch.randn(1, 50, formula.width)
    read = operations(lambda: model(inputs_embeds=video, past_key_values=cache, use_cache=True, logits_to_keep=1))
    assert read == formula.operations(50)
    assert _bytes(cache) == formula.cache_bytes(50, 4)
    ids = torch.zeros(1, 7, dtype=torch.long)
    asked = operations(lambda: model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1))
    assert asked == formula.operations(7, 50)
    assert _bytes(cache) == formula.cache_bytes(57, 4)


@pytest.mark.parametrize("lora", [None, LORA])
def test_working_memory_of_reading_a_video_is_near(lora):
    config = toy_config(text={"source": None, "config": QWEN2}, lora=lora)
    model = _adapted(AutoModelForCausalLM.from_config(config.text_config()), config).eval()
    formula = Language.of(config)
    video = torch.randn(1, 600, formula.width)

    def read() -> None:
        model(inputs_embeds=video, past_key_values=DynamicCache(), use_cache=True, logits_to_keep=1)

    kept = formula.cache_bytes(600, 4) // 4
    assert working(read) + video.numel() == pytest.approx(formula.working(600) + kept, rel=0.2)


def test_the_7b_is_qwen2_7b():
    config = preset("7b")
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(_shallow(config).text_config())
    formula = Language.of(config)
    layer = (formula.parameters - formula.adapters - parameters(model)) / 27
    assert layer == 3584 * (3584 + 2 * 512 + 3584 + 3 * 18944 + 2) + 3584 + 2 * 512
    assert formula.cache_bytes(1) == 2 * 28 * 4 * 128 * 2  # 56 KiB a token


def test_quantised_matrices_take_a_byte_or_half_of_one():
    formula = Language.of(preset("7b"))
    rest = 2 * (formula.parameters - formula.matrices)
    assert formula.weight_bytes(2, "8bit") == formula.matrices + rest
    assert formula.weight_bytes(2, "4bit") == pytest.approx(formula.matrices * 0.5625 + rest)


def _shallow(config: VLM2Config) -> VLM2Config:
    config = VLM2Config(**config.to_dict())
    config.text = {"source": None, "config": {**config.text["config"], "num_hidden_layers": 1}}
    return config


def _bytes(cache: DynamicCache) -> int:
    return sum(layer.keys.nbytes + layer.values.nbytes for layer in cache.layers)
