"""Tiny vision-language models of transformers' own classes, with tokenizer and processor, made without a network.

Idefics3 (the architecture of the first SmolVLM) and LLaVA have processors that need no torchvision; those of SmolVLM2
and Qwen3-VL need it for videos.
"""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    Idefics3Processor,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

NAMES = ["unk", "pad", "s", "/s", "image", "fake_token_around_image", "global-img", "end_of_utterance"]
SPECIAL = tuple(f"<{name}>" for name in (*NAMES, *(f"row_{row}_col_{column}" for row in "123" for column in "123")))
WORDS = ("a", "the", "chair", "table", "red", "two", "is", "what", ".", "?", ":")
TEMPLATE = (
    "{% for message in messages %}{{ message.role }}: {% for part in message.content %}"
    "{% if part.type == 'image' %}<image>{% else %}{{ part.text }}{% endif %}{% endfor %}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)
SIZES = {"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2}


def tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer of a few words."""
    known = Tokenizer(models.WordLevel({word: i for i, word in enumerate((*SPECIAL, *WORDS))}, unk_token="<unk>"))
    known.pre_tokenizer = pre_tokenizers.Whitespace()
    names = {"unk_token": "<unk>", "pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>"}
    return PreTrainedTokenizerFast(tokenizer_object=known, additional_special_tokens=list(SPECIAL[4:]), **names)


def tiny_vlm(kind: str, folder: Path, template: str | None = TEMPLATE) -> str:
    """Write a checkpoint of random weights, which speaks in `WORDS`; return its name for `load_vlm`."""
    torch.manual_seed(0)
    words = tokenizer()
    text = SIZES | {"model_type": "llama", "num_hidden_layers": 1, "num_key_value_heads": 2, "vocab_size": len(words)}
    vision = SIZES | {"image_size": 32, "patch_size": 8}
    if kind == "idefics3":
        config = Idefics3Config(
            vision_config=vision | {"num_hidden_layers": 1},
            text_config=text | {"pad_token_id": 1},
            scale_factor=2,
            image_token_id=4,
            pad_token_id=1,
        )
        model = Idefics3ForConditionalGeneration(config)
        pictures = Idefics3ImageProcessorPil(size={"longest_edge": 32}, max_image_size={"longest_edge": 32})
        processor = Idefics3Processor(pictures, words, image_seq_len=4, chat_template=template)
    else:
        clip = {"model_type": "clip_vision_model", "num_hidden_layers": 2, "projection_dim": 16}
        config = LlavaConfig(vision_config=vision | clip, text_config=text, image_token_index=4)
        model = LlavaForConditionalGeneration(config)
        pictures = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
        select = {"vision_feature_select_strategy": "default", "num_additional_image_tokens": 1}
        processor = LlavaProcessor(pictures, words, patch_size=8, chat_template=template, **select)
    model.generation_config.suppress_tokens = list(range(len(SPECIAL)))
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return f"hub:{folder}"
