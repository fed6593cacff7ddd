"""Small random parts of the right shapes: a whole model that builds in a moment and needs no weights."""

from __future__ import annotations

from dataclasses import replace

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch import nn
from torch.nn import functional
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from vlm2.encoders.geometry.pi3 import DecoderSize, Pi3Config
from vlm2.encoders.vision import VisionEncoder
from vlm2.models import FrameFeatures, VLM2Config, VLM2ForConditionalGeneration, VLM2Processor

VISION_DIM, STRIDE, GRID = 12, 8, (4, 6)
TEXT = {
    "model_type": "llama",
    "vocab_size": 260,
    "hidden_size": 24,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "tie_word_embeddings": True,
    "bos_token_id": 256,
    "eos_token_id": 257,
    "pad_token_id": 257,
}
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


class ToyVision(VisionEncoder):
    """Mean colours of every patch through a random frozen layer."""

    name, dim, stride, max_pixels = "toy", VISION_DIM, STRIDE, GRID[0] * GRID[1] * STRIDE**2

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, VISION_DIM, STRIDE, STRIDE)
        self.freeze()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return functional.relu(self.layer(self.normalise(images))).flatten(2).transpose(1, 2)


def toy_geometry() -> dict:
    """The configuration of a tiny compact π³."""
    small = DecoderSize(width=16, depth=1, heads=2, mlp_ratio=1.0, out=16)
    config = replace(
        Pi3Config.compact(),
        width=16,
        depth=2,
        heads=2,
        registers=1,
        points_per_side=2,
        points=small,
        confidence=small,
        camera=replace(small, out=8),
        window=4,
        visual_dim=VISION_DIM,
    )
    return {"name": "pi3", "settings": config.to_dict()}


def toy_config(**changes) -> VLM2Config:
    """The configuration of a tiny model whose memory fills after a few frames."""
    values = {
        "vision_config": {"name": "toy", "dim": VISION_DIM, "stride": STRIDE},
        "geometry_config": toy_geometry(),
        "text_config": TEXT,
        "memory_config": {"window": 2, "capacity": 3},
        "lora": {"r": 2, "alpha": 4, "dropout": 0.0, "targets": ["q_proj", "v_proj"]},
        "dim": 16,
        "heads": 2,
        "video_token_id": 258,
    }
    return VLM2Config(**(values | changes))


def toy_language_model(seed: int = 0):
    torch.manual_seed(seed)
    return AutoModelForCausalLM.from_config(toy_config().text_config)


def toy_model(seed: int = 0, **changes) -> VLM2ForConditionalGeneration:
    """A tiny model with random weights."""
    torch.manual_seed(seed)
    return VLM2ForConditionalGeneration(toy_config(**changes), vision=ToyVision(), language_model=toy_language_model())


def toy_tokenizer() -> PreTrainedTokenizerFast:
    """One token a byte, and SmolLM2's chat markers."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {symbol: index for index, symbol in enumerate(alphabet)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        chat_template=TEMPLATE,
    )


def toy_processor(**changes) -> VLM2Processor:
    return VLM2Processor.from_config(toy_config(**changes), tokenizer=toy_tokenizer())


def toy_features(frames: int = 7, seed: int = 0, grid: tuple[int, int] = GRID) -> FrameFeatures:
    """Random features of a video; the geometry's grid is the vision encoder's."""
    made = torch.Generator().manual_seed(seed)
    patches = grid[0] * grid[1]

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=made)

    return FrameFeatures(
        visual_tokens=random(frames, patches, VISION_DIM),
        patch_coordinates=random(frames, patches, 3),
        confidence=random(frames, patches).sigmoid(),
        geometry_tokens=random(frames, patches, 16),
        view_tokens=random(frames, patches, 8),
        grid=grid,
        times=torch.arange(frames) * 0.5,
    )
