"""The configurations that have names: mini, 7b, and the paper's switches on either."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ..core.projector import ProjectorConfig
from ..encoders.geometry.pi3 import Pi3Config
from .configuration import VLM2Config

LINEAR_LAYERS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

SMOLLM2_135M = {
    "model_type": "llama", "vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30,
    "num_attention_heads": 9, "num_key_value_heads": 3, "head_dim": 64, "max_position_embeddings": 8192,
    "rms_norm_eps": 1e-5, "rope_parameters": {"rope_theta": 100000.0, "rope_type": "default"},
    "tie_word_embeddings": True, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2,
}  # fmt: skip

QWEN2_7B = {
    "model_type": "qwen2", "vocab_size": 152064, "hidden_size": 3584, "intermediate_size": 18944,
    "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4, "max_position_embeddings": 32768,
    "rms_norm_eps": 1e-6, "rope_parameters": {"rope_theta": 1000000.0, "rope_type": "default"},
    "tie_word_embeddings": False, "bos_token_id": 151643, "eos_token_id": 151645, "pad_token_id": 151643,
}  # fmt: skip


def mini() -> VLM2Config:
    """Return the model for any laptop: EfficientNet-Lite0, our compact π³, SmolLM2-135M."""
    return VLM2Config(
        vision_config={"name": "efficientnet-lite0", "dim": 768, "stride": 32},
        geometry_config={"name": "pi3", "settings": Pi3Config.compact().to_dict(), "tracked": True},
        text_config=SMOLLM2_135M,
        text_source="smollm2-135m-instruct",
        lora={"r": 8, "alpha": 16, "dropout": 0.0, "targets": LINEAR_LAYERS},
        dim=384,
        heads=6,
        slot_time=True,
        video_token_id=49152,  # the first free one
    )


def seven_b() -> VLM2Config:
    """Return the paper's size: SigLIP so400m, the published π³, Qwen2-7B of LLaVA-Video. `vlm2 import` brings the
    weights; before any training it sees what LLaVA-Video sees."""
    return VLM2Config(
        vision_config={"name": "siglip:./vision", "dim": 1152, "stride": 14, "side": 384},
        geometry_config={
            "name": "pi3",
            "settings": Pi3Config().to_dict(),
            "frozen_part": "./geometry",
            "images": {"stride": 14, "max_pixels": 255_000},
        },
        text_config=QWEN2_7B,
        text_source="./language",
        lora={"r": 128, "alpha": 256, "dropout": 0.05, "targets": LINEAR_LAYERS},
        dim=1152,
        heads=16,
        vision_projection=False,
        pass_through=True,
        projector_config=asdict(ProjectorConfig.llava_video()),
        encoder_dtype="bfloat16",
        video_token_id=151646,  # the first free one
    )


PRESETS = {"mini": mini, "7b": seven_b}


def preset(name: str, base: str = "mini") -> VLM2Config:
    """Return the configuration of this name.

    "paper" is `base` with Algorithm 1 as written and the M of every frame. It has no residual around fusion or memory,
    no times of slots, no tracked poses, and no confidence in the gate α. These choices of `base` stay: the projection
    of F to dim, the features of φ, the normalisation of G and Z, and the projector.
    """
    if name == "paper":
        config = preset(base)
        config.memory_config.episodic_write, config.memory_config.memory_residual = "nearest", False
        config.context = "frames"
        config.fusion_residual = config.pass_through = config.position_confidence = False
        config.slot_time = config.geometry_config.tracked = False
        return config
    if name not in PRESETS:
        raise ValueError(f"No preset is called {name!r}; choose {', '.join(PRESETS)} or paper.")
    return PRESETS[name]()


def changed(config: VLM2Config, changes: Mapping[str, Any]) -> VLM2Config:
    """Return a configuration with changes, checked as a whole. Raises ValueError for one that no configuration has."""
    values = config.to_dict()
    unknown = sorted(set(changes) - set(values))
    if unknown:
        raise ValueError(f"A model's configuration has no {', '.join(unknown)}; it has {', '.join(sorted(values))}.")
    return VLM2Config.from_dict({**values, **changes})
