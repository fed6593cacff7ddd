"""A Llama in a GGUF file under Hugging Face's names: configuration, weights, tokenizer."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from jaxtyping import Float32

from .gguf import Gguf

# Names of modules: llama.cpp's, and Hugging Face's.
OUTSIDE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
CONTROL = 3  # the token type of special tokens
SPECIAL = {"bos": "bos", "eos": "eos", "unknown": "unk", "padding": "pad"}  # llama.cpp's words and Hugging Face's


def llama_config(gguf: Gguf) -> dict[str, Any]:
    """Return what config.json holds, the language model's weights being bf16. Raises ValueError for no Llama."""
    facts = gguf.metadata
    if (found := facts.get("general.architecture")) != "llama":
        raise ValueError(f"The GGUF file holds a model of the architecture {found!r}; expected 'llama'.")
    heads, width = facts["llama.attention.head_count"], facts["llama.embedding_length"]
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "dtype": "bfloat16",
        "vocab_size": facts["llama.vocab_size"],
        "hidden_size": width,
        "head_dim": facts.get("llama.rope.dimension_count", width // heads),
        "intermediate_size": facts["llama.feed_forward_length"],
        "num_hidden_layers": facts["llama.block_count"],
        "num_attention_heads": heads,
        "num_key_value_heads": facts["llama.attention.head_count_kv"],
        "max_position_embeddings": facts["llama.context_length"],
        "rms_norm_eps": facts["llama.attention.layer_norm_rms_epsilon"],
        "rope_parameters": {"rope_theta": facts["llama.rope.freq_base"], "rope_type": "default"},
        "tie_word_embeddings": "output.weight" not in gguf.tensors,
    } | special_ids(gguf)


def special_ids(gguf: Gguf) -> dict[str, int]:
    """Return the ids of the special tokens under the names that a configuration has for them."""
    ids = {ours: gguf.metadata.get(f"tokenizer.ggml.{theirs}_token_id") for theirs, ours in SPECIAL.items()}
    return {f"{name}_token_id": number for name, number in ids.items() if number is not None}


def llama_state(gguf: Gguf) -> dict[str, Float32[np.ndarray, "*shape"]]:
    """Return the weights under Hugging Face's names. Raises ValueError for a tensor that a Llama does not have."""
    heads = {
        "attn_q": gguf.metadata["llama.attention.head_count"],
        "attn_k": gguf.metadata["llama.attention.head_count_kv"],
    }
    state = {}
    for name, values in gguf.tensors.items():
        module = name.removesuffix(".weight")
        if match := re.fullmatch(r"blk\.(\d+)\.(\w+)", module):
            number, part = match.groups()
            new = f"model.layers.{number}.{LAYER[part]}" if part in LAYER else None
            if part in heads:
                values = _unpermute(values, heads[part])
        else:
            new = OUTSIDE.get(module)
        if new is None:
            raise ValueError(f"The GGUF file holds a tensor {name}, which no Llama has.")
        state[f"{new}.weight"] = np.ascontiguousarray(values)
    return state


def _unpermute(values: Float32[np.ndarray, "rows columns"], heads: int) -> Float32[np.ndarray, "rows columns"]:
    """Undo llama.cpp's order of a head's rows: it has rotary pairs side by side, Hugging Face half a head apart."""
    rows, columns = values.shape
    return values.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def tokenizer(gguf: Gguf) -> dict[str, Any]:
    """Return what tokenizer.json holds: byte-level BPE, as transformers makes it of a GGUF file."""
    tokens, kinds = gguf.metadata["tokenizer.ggml.tokens"], gguf.metadata["tokenizer.ggml.token_type"]
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    added = [
        {"id": i, "content": token, **flags}
        for i, (token, kind) in enumerate(zip(tokens, kinds, strict=True))
        if kind == CONTROL
    ]
    level = {"type": "ByteLevel", "trim_offsets": True, "use_regex": True}
    first, second = ({"Sequence": {"id": name, "type_id": i}} for i, name in enumerate("AB"))
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": "",
        "end_of_word_suffix": "",
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": False,
        "vocab": {token: i for i, token in enumerate(tokens)},
        "merges": [merge.split(" ") for merge in gguf.metadata["tokenizer.ggml.merges"]],
    }
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": level | {"add_prefix_space": False},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [first],
            "pair": [first, second],
            "special_tokens": {},
        },
        "decoder": level | {"add_prefix_space": True},
        "model": model,
    }


def tokenizer_config(gguf: Gguf) -> dict[str, Any]:
    """Return what tokenizer_config.json holds."""
    tokens = gguf.metadata["tokenizer.ggml.tokens"]
    special = {name.removesuffix("_id"): tokens[number] for name, number in special_ids(gguf).items()}
    return {"tokenizer_class": "TokenizersBackend", "backend": "tokenizers", **special}


def chat_template(gguf: Gguf) -> str:
    """Return the chat template, in Jinja."""
    return gguf.metadata["tokenizer.chat_template"]
