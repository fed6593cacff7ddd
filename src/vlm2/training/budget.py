"""Estimates of the GPU memory and disk space of a training, computed without weights. All sizes are in bytes.

Weights are counted on torch's meta device. Activations follow a formula: the tensors kept for the backward pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..models.configuration import VLM2Config
from ..models.untrained import build_model

HALF, SINGLE = 2, 4  # bytes of a number in bf16 and in fp32
ADAM = SINGLE + 2 * SINGLE  # gradient and two moments of a trained number


@dataclass(frozen=True)
class StepLoad:
    """One example of a training step: `frames` of `patches` visual and `geometry_patches` geometry tokens, and
    `question_tokens` in all after them. With `checkpointing` the language model keeps only each layer's input."""

    frames: int
    patches: int
    geometry_patches: int
    tokens_a_frame: int
    question_tokens: int
    checkpointing: bool = True


class MemoryBudget:
    """Bytes by purpose, and numbers of parameters, of the training of a model of this configuration.

    `layers` is the part of `frozen` in the language model's layers, `disk` the cached features of one video.
    """

    def __init__(self, config: VLM2Config, load: StepLoad) -> None:
        model = build_model(config, dtype=torch.bfloat16)
        if config.encoder_dtype == "bfloat16":
            model.vision.to(torch.bfloat16)
            model.geometry.to_bfloat16()
        frozen = [parameter for parameter in model.parameters() if not parameter.requires_grad]
        self.frozen_parameters = sum(parameter.numel() for parameter in frozen)
        self.trained_parameters = sum(parameter.numel() for parameter in model.parameters()) - self.frozen_parameters
        layers = model.language_backbone.get_submodule("layers").parameters()
        self.layers = sum(parameter.nbytes for parameter in layers if not parameter.requires_grad)
        self.frozen = sum(parameter.nbytes for parameter in frozen)
        self.trained = SINGLE * self.trained_parameters
        self.optimiser = ADAM * self.trained_parameters
        self.activations = activations(config, load)
        wide = load.patches * model.vision.dim
        wide += load.geometry_patches * (model.geometry.geometry_dim + model.geometry.view_dim)
        self.disk = load.frames * (HALF * wide + SINGLE * (4 * load.patches + 1))

    def total(self, processes: int) -> int:
        """Return the bytes on each of so many GPUs. They share the layers, the trained weights and the optimiser's
        state (FSDP)."""
        shared = self.layers + self.trained + self.optimiser
        return self.frozen - self.layers + self.activations + shared // processes

    def table(self, processes: tuple[int, ...]) -> str:
        """Return the budget as lines of text, in GiB."""
        rows = [
            (f"frozen     {self.frozen_parameters / 1e6:8.0f} M parameters", self.frozen),
            (f"trained    {self.trained_parameters / 1e6:8.0f} M parameters", self.trained),
            ("gradients and Adam's moments", self.optimiser),
            ("activations of one example", self.activations),
            *((f"total on each of {count} GPUs", self.total(count)) for count in processes),
        ]
        lines = [f"{label:32}  {size / 2**30:7.1f} GiB" for label, size in rows]
        return "\n".join([*lines, f"{'cached features of one video':32}  {self.disk / 2**20:7.1f} MiB of disk"])


def activations(config: VLM2Config, load: StepLoad) -> int:
    """Estimate the bytes that one example keeps for the backward pass, in bf16.

    - Language model: each layer's input. Within one layer (all of them without checkpointing) also about 8 widths and 3
      hidden widths a token, and twice the attention weights of the question tokens, which `packing` keeps whole.
    - Representation and memory: about 14 widths a patch and 6 a geometry token.
    - Logits of the answers, about a tenth of the question tokens: three times in fp32.
    """
    text = config.text_config
    tokens = load.frames * load.tokens_a_frame + load.question_tokens
    inputs = text.num_hidden_layers * tokens * text.hidden_size
    within = tokens * (8 * text.hidden_size + 3 * text.intermediate_size)
    within += 2 * text.num_attention_heads * load.question_tokens * tokens
    language = inputs + within * (1 if load.checkpointing else text.num_hidden_layers)
    memory = load.frames * config.dim * (14 * load.patches + 6 * load.geometry_patches)
    return HALF * (language + memory) + SINGLE * 3 * (load.question_tokens // 10) * text.vocab_size
