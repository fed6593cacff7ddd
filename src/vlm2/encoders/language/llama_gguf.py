"""Convert a Llama in a GGUF file to transformers' configuration, weights and tokenizer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

MAGIC = b"GGUF"
CONTROL = 3  # the token type of special tokens
SPECIAL = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}  # transformers' names and llama.cpp's


@dataclass(frozen=True)
class Gguf:
    """The content of a GGUF file: the metadata by key, and fp32 tensors by name, row-major."""

    metadata: dict[str, Any]
    tensors: dict[str, Float32[np.ndarray, "*shape"]]


def read_gguf(path: Path) -> Gguf:
    """Read a whole file. Raises ValueError for another format and for a damaged or truncated file."""
    from gguf import GGUFReader, dequantize

    with path.open("rb") as file:
        start = file.read(len(MAGIC))
    if start != MAGIC:
        raise ValueError(f"{path} is not a GGUF file: it begins with {start!r}, not with {MAGIC!r}.")
    try:
        reader = GGUFReader(path)
        metadata = {key: field.contents() for key, field in reader.fields.items()}
        tensors = {
            part.name: np.require(dequantize(part.data, part.tensor_type), requirements="W") for part in reader.tensors
        }
    except (ValueError, IndexError, KeyError, TypeError, NotImplementedError) as error:  # the library has no own errors
        raise ValueError(f"{path} is damaged, truncated, or of an unknown kind: {error}. Fetch it again.") from error
    return Gguf(metadata, tensors)


def llama_config(gguf: Gguf) -> LlamaConfig:
    """Return the model's configuration, with weights in bf16. Raises ValueError for another architecture."""
    facts = gguf.metadata
    if (found := facts.get("general.architecture")) != "llama":
        raise ValueError(f"The GGUF file holds a model of the architecture {found!r}; expected 'llama'.")
    special_ids: dict[str, Any] = {f"{name}_token_id": number for name, number in _special_ids(gguf).items()}
    heads, width = facts["llama.attention.head_count"], facts["llama.embedding_length"]
    return LlamaConfig(
        architectures=["LlamaForCausalLM"],
        dtype="bfloat16",
        vocab_size=facts["llama.vocab_size"],
        hidden_size=width,
        head_dim=facts.get("llama.rope.dimension_count", width // heads),
        intermediate_size=facts["llama.feed_forward_length"],
        num_hidden_layers=facts["llama.block_count"],
        num_attention_heads=heads,
        num_key_value_heads=facts["llama.attention.head_count_kv"],
        max_position_embeddings=facts["llama.context_length"],
        rms_norm_eps=facts["llama.attention.layer_norm_rms_epsilon"],
        rope_parameters={"rope_theta": facts["llama.rope.freq_base"], "rope_type": "default"},
        tie_word_embeddings="output.weight" not in gguf.tensors,
        **special_ids,
    )


def llama_state(gguf: Gguf) -> dict[str, Float32[np.ndarray, "*shape"]]:
    """Return the weights under transformers' names. Raises ValueError for a tensor that a Llama does not have."""
    from gguf import MODEL_ARCH, get_tensor_name_map

    config = llama_config(gguf)
    with torch.device("meta"):
        modules = LlamaForCausalLM(config).state_dict()
    table = get_tensor_name_map(MODEL_ARCH.LLAMA, config.num_hidden_layers)
    names = {table.get_name(name, try_suffixes=(".weight",)): name for name in modules}
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    state = {}
    for name, values in gguf.tensors.items():
        if name not in names:
            raise ValueError(f"The GGUF file holds a tensor {name}, which no Llama has.")
        module = name.split(".")[-2]
        state[names[name]] = _unpermute(values, heads[module]) if module in heads else values
    return state


def _unpermute(values: Float32[np.ndarray, "rows columns"], heads: int) -> Float32[np.ndarray, "rows columns"]:
    """Undo llama.cpp's order of a head's rows: it stores rotary pairs side by side, transformers half a head apart."""
    rows, columns = values.shape
    return values.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def llama_tokenizer(gguf: Gguf) -> PreTrainedTokenizerFast:
    """Return the byte-level BPE tokenizer with its special tokens and chat template."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    facts = gguf.metadata
    tokens, kinds = facts["tokenizer.ggml.tokens"], facts["tokenizer.ggml.token_type"]
    merges = [tuple(merge.split(" ")) for merge in facts["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE({token: index for index, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    control = [token for token, kind in zip(tokens, kinds, strict=True) if kind == CONTROL]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in control])
    special = {f"{name}_token": tokens[number] for name, number in _special_ids(gguf).items()}
    template = facts["tokenizer.chat_template"]
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, chat_template=template, **special)


def _special_ids(gguf: Gguf) -> dict[str, int]:
    """Return the ids of the special tokens by transformers' short names: bos, eos, unk, pad."""
    ids = {name: gguf.metadata.get(f"tokenizer.ggml.{theirs}_token_id") for name, theirs in SPECIAL.items()}
    return {name: number for name, number in ids.items() if number is not None}
