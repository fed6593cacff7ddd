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

    The source is a GGUF file with 4-bit weights. They have to be unpacked: packed ones refuse a Trainer. Our own reader
    takes a second where transformers takes fifteen, and it draws no bars.
    """
    from .gguf import read_gguf
    from .llama import chat_template, llama_config, llama_state, special_ids, tokenizer, tokenizer_config

    gguf = read_gguf(source)
    state = {name: torch.from_numpy(values).to(torch.bfloat16) for name, values in llama_state(gguf).items()}
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    ids = {name: number for name, number in special_ids(gguf).items() if name != "unk_token_id"}
    records = {
        "config.json": llama_config(gguf),
        "generation_config.json": {"_from_model_config": True, "use_cache": True, **ids},
        "tokenizer.json": tokenizer(gguf),
        "tokenizer_config.json": tokenizer_config(gguf),
    }
    for name, record in records.items():
        (folder / name).write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "chat_template.jinja").write_text(chat_template(gguf), encoding="utf-8")


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
