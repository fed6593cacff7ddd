"""What a training takes of a GPU's memory and of the disk, by formula, before any weights are there.

Weights are counted on torch's meta device, where a 7B takes no memory; activations by what has to be kept until the way
back. All in bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers import AutoModelForCausalLM

from ..core import DualMemory
from ..core.projector import Projector
from ..core.slot_time import SlotTimeEmbedding
from ..encoders.geometry import build_encoder
from ..models.configuration import VLM2Config
from ..models.representation import Representation

HALF, SINGLE = 2, 4  # bytes of a number in bf16 and in fp32
ADAM = SINGLE + 2 * SINGLE  # a trained number's gradient and its two moments


@dataclass(frozen=True)
class Load:
    """What a step sees: `frames` of `patches` visual and `geometry_patches` geometry tokens, and `question_tokens` in
    all behind them. With `checkpointing` the language model keeps only what enters each of its layers."""

    frames: int
    patches: int
    geometry_patches: int
    tokens_a_frame: int
    question_tokens: int
    checkpointing: bool = True


@dataclass(frozen=True)
class Budget:
    """Bytes, by what they hold; numbers of parameters."""

    frozen: int
    trained: int
    optimiser: int
    activations: int
    frozen_parameters: int
    trained_parameters: int
    layers: int  # bytes of the language model's layers, of the frozen ones

    def total(self, processes: int = 1) -> int:
        """Return what one of so many GPUs needs where they share the layers, what is trained and its optimiser's state
        (FSDP); while it computes with a layer, each has it whole."""
        shared = self.layers + self.trained + self.optimiser
        return self.frozen - self.layers + self.activations + shared // processes

    def table(self, processes: tuple[int, ...] = (1, 2, 4, 8)) -> str:
        """Say it in words and GiB."""
        lines = [
            f"frozen     {self.frozen_parameters / 1e6:8.0f} M parameters  {_gib(self.frozen)}",
            f"trained    {self.trained_parameters / 1e6:8.0f} M parameters  {_gib(self.trained)}",
            f"gradients and Adam's moments      {_gib(self.optimiser)}",
            f"activations of one example        {_gib(self.activations)}",
        ]
        lines += [f"in all, on each of {count} GPUs        {_gib(self.total(count))}" for count in processes]
        return "\n".join(lines)


def budget(config: VLM2Config, load: Load, vision_parameters: int = 0) -> Budget:
    """Estimate a training of a model of this configuration. `vision_parameters` are the frozen vision encoder's,
    which is loaded though features come from a cache."""
    text = config.text_config()
    with torch.device("meta"):
        geometry = build_encoder(config.geometry["name"], config.geometry["config"])
        if config.encoder_dtype == "bfloat16":
            geometry.to_bfloat16()
        language = AutoModelForCausalLM.from_config(text)
        parts = nn.ModuleList(
            [
                Representation(config, geometry.geometry_dim, geometry.view_dim),
                DualMemory(config.memory_config()),
                Projector(config.dim, text.hidden_size, config.pooling, config.projector_config()),
            ]
        )
        if config.slot_times:
            parts.append(SlotTimeEmbedding(text.hidden_size))
        whole = count(language)
        layers = count(language.get_decoder().layers)
    adapters = whole if config.lora is None else adapter_parameters(language, config.lora)
    trained = count(parts) + adapters
    frozen_text = 0 if config.lora is None else whole
    encoders = sum(parameter.numel() * parameter.element_size() for parameter in geometry.parameters())
    encoders += vision_parameters * (HALF if config.encoder_dtype == "bfloat16" else SINGLE)
    frozen_parameters = frozen_text + count(geometry) + vision_parameters
    return Budget(
        frozen=HALF * frozen_text + encoders,
        trained=SINGLE * trained,
        optimiser=ADAM * trained,
        activations=activations(config, load),
        frozen_parameters=frozen_parameters,
        trained_parameters=trained,
        layers=0 if config.lora is None else HALF * layers,
    )


def adapter_parameters(language: nn.Module, lora: dict[str, Any]) -> int:
    """Count the parameters of LoRA: r numbers for every input and every output of each layer that it is put around."""
    return sum(
        lora["r"] * (module.in_features + module.out_features)
        for name, module in language.named_modules()
        if isinstance(module, nn.Linear) and name.rpartition(".")[2] in lora["targets"]
    )


def count(module: nn.Module) -> int:
    """Count a module's parameters, each once."""
    return sum(parameter.numel() for parameter in module.parameters())


def activations(config: VLM2Config, load: Load) -> int:
    """Estimate what one example keeps until the way back, in bf16.

    Language model: the width of every token that enters a layer, for all layers, and within one layer (all of them
    without checkpointing) what its products keep: about 8 widths and 3 of the inner width a token, and the questions'
    attention weights, which `packing` makes whole (heads × question tokens × all tokens, twice). Before it, for every
    frame: about 14 widths a patch in representation and memory, and 6 a geometry token. After it, the logits of the
    answers, about a tenth of the questions' tokens, three times in fp32.
    """
    text = config.text_config()
    video = load.frames * load.tokens_a_frame
    tokens = video + load.question_tokens
    entering = text.num_hidden_layers * tokens * text.hidden_size
    within = tokens * (8 * text.hidden_size + 3 * text.intermediate_size)
    within += 2 * text.num_attention_heads * load.question_tokens * tokens
    language = entering + within * (1 if load.checkpointing else text.num_hidden_layers)
    memory = load.frames * config.dim * (14 * load.patches + 6 * load.geometry_patches)
    return HALF * (language + memory) + SINGLE * 3 * (load.question_tokens // 10) * text.vocab_size


def footage_bytes(config: VLM2Config, load: Load) -> int:
    """Return what one video's cached features take of the disk (see `footage`)."""
    with torch.device("meta"):
        geometry = build_encoder(config.geometry["name"], config.geometry["config"])
    wide = load.patches * config.vision["dim"] + load.geometry_patches * (geometry.geometry_dim + geometry.view_dim)
    return load.frames * (HALF * wide + SINGLE * (4 * load.patches + 1))


def _gib(size: int) -> str:
    return f"{size / 2**30:7.1f} GiB"
