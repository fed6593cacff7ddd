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

    The source is a GGUF file with 4-bit weights. They have to be unpacked: packed ones refuse a Trainer. transformers
    reads it as well: in 12.8 s where this takes 3.4 s (two cores, 29 November 2026).
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


PREPARE: dict[str, Callable[[Path, Path], None]] = {
    "efficientnet-lite0": prepare_efficientnet_lite0,
    "smollm2-135m-instruct": prepare_smollm2,
}
