"""A model of any configuration without its weights: random on a device, or only shapes on torch's meta device."""

from __future__ import annotations

import torch
from torch import nn
from transformers import AutoModelForCausalLM

from ..encoders.geometry import build_encoder
from ..encoders.vision import VisionEncoder, build_vision_encoder
from .configuration import VLM2Config
from .modeling import VLM2ForConditionalGeneration
from .parts import place


def build_model(
    config: VLM2Config,
    device: torch.device | str = "meta",
    dtype: torch.dtype = torch.float32,
    vision: VisionEncoder | None = None,
) -> VLM2ForConditionalGeneration:
    """Build a model in eval mode, its encoders in float32 and without camera tracking. `dtype` is the language model's;
    `vision` replaces the vision encoder that the configuration names. Reads no weights."""
    name, _, option = config.vision_config.name.partition(":")
    option = place(config, option) if config._name_or_path else ""
    with torch.device(device):
        vision = build_vision_encoder(f"{name}:{option}") if vision is None else vision
        geometry = build_encoder(config.geometry_config.name, config.geometry_config.settings)
        language = AutoModelForCausalLM.from_config(config.text_config, dtype=dtype)
        model = VLM2ForConditionalGeneration(config, vision, language, geometry).eval()
    nn.Module.to(model.language_model, dtype)
    return model
