"""A Llama in a GGUF file, on files that the tests write."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer, LlamaForCausalLM

from vlm2.encoders.language import smollm2
from vlm2.encoders.language.llama_gguf import Gguf, llama_config, llama_state, read_gguf

TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "a", "b", "ab", "Ġ"]
FACTS: dict[str, Any] = {
    "general.architecture": "llama",
    "llama.block_count": 1,
    "llama.context_length": 16,
    "llama.embedding_length": 32,
    "llama.feed_forward_length": 64,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": 2,
    "llama.rope.freq_base": 10000.0,
    "llama.attention.layer_norm_rms_epsilon": 0.5,
    "llama.vocab_size": len(TOKENS),
    "llama.rope.dimension_count": 8,
    "tokenizer.ggml.add_bos_token": False,
    "tokenizer.ggml.tokens": TOKENS,
    "tokenizer.ggml.token_type": [3, 3, 3, 1, 1, 1, 1],
    "tokenizer.ggml.merges": ["a b"],
    "tokenizer.ggml.bos_token_id": 1,
    "tokenizer.ggml.eos_token_id": 2,
    "tokenizer.ggml.unknown_token_id": 0,
    "tokenizer.ggml.padding_token_id": 2,
    "tokenizer.chat_template": "{{ messages[0]['content'] }}",
}
SHAPES = {
    "token_embd": (len(TOKENS), 32),
    "output_norm": (32,),
    "blk.0.attn_norm": (32,),
    "blk.0.attn_q": (32, 32),
    "blk.0.attn_k": (16, 32),
    "blk.0.attn_v": (16, 32),
    "blk.0.attn_output": (32, 32),
    "blk.0.ffn_norm": (32,),
    "blk.0.ffn_gate": (64, 32),
    "blk.0.ffn_up": (64, 32),
    "blk.0.ffn_down": (32, 64),
}


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def typed(value: object) -> bytes:
    """Write a metadata value after its type."""
    if isinstance(value, str):
        return struct.pack("<I", 8) + text(value)
    if isinstance(value, list):
        items = [typed(item) for item in value]
        return struct.pack("<I", 9) + items[0][:4] + struct.pack("<Q", len(items)) + b"".join(i[4:] for i in items)
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    return struct.pack("<If", 6, value) if isinstance(value, float) else struct.pack("<II", 4, value)


def write_gguf(
    path: Path, tensors: dict[str, tuple[int, tuple[int, ...], bytes]], facts: dict[str, Any], version: int = 3
) -> Path:
    """Write tensors given as (type number, row-major shape, data)."""
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(facts))
    head += b"".join(text(key) + typed(value) for key, value in facts.items())
    data = b""
    for name, (kind, shape, content) in tensors.items():
        head += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape[::-1], kind, len(data))
        data += content + b"\0" * (-len(content) % 32)
    path.write_bytes(head + b"\0" * (-len(head) % 32) + data)
    return path


def toy_tensors() -> dict[str, tuple[int, tuple[int, ...], bytes]]:
    rng = np.random.default_rng(0)
    values = {f"{name}.weight": rng.normal(size=shape).astype("<f4") for name, shape in SHAPES.items()}
    return {name: (0, array.shape, array.tobytes()) for name, array in values.items()}


def test_packed_blocks_are_unpacked_by_their_definition(tmp_path: Path) -> None:
    low, high = np.arange(16), np.arange(16)[::-1]
    q4 = struct.pack("<ee", 0.5, -2.0) + bytes((low | high << 4).astype(np.uint8))
    q8 = struct.pack("<e", 0.25) + np.arange(-16, 16, dtype=np.int8).tobytes()
    half = np.arange(4, dtype="<f2").tobytes()
    tensors = {"q4": (3, (1, 32), q4), "q8": (8, (32,), q8), "half": (1, (2, 2), half)}
    gguf = read_gguf(write_gguf(tmp_path / "toy.gguf", tensors, {"one": 1, "names": ["a", "b"], "two": [1, 2]}))
    told = {name: value for name, value in gguf.metadata.items() if not name.startswith("GGUF.")}
    assert told == {"one": 1, "names": ["a", "b"], "two": [1, 2]}
    np.testing.assert_array_equal(gguf.tensors["q4"], [np.concatenate([low, high]) * 0.5 - 2.0])
    np.testing.assert_array_equal(gguf.tensors["q8"], np.arange(-16, 16) * 0.25)
    np.testing.assert_array_equal(gguf.tensors["half"], [[0, 1], [2, 3]])


@pytest.mark.parametrize("keep", [4, 20, 60, 0.5, -1])
def test_truncated_files_are_refused(keep: float, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "toy.gguf", toy_tensors(), FACTS)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep) if isinstance(keep, float) else keep])
    with pytest.raises(ValueError, match=r"toy\.gguf is (damaged, truncated|not a GGUF)"):
        read_gguf(path)


def test_other_formats_versions_and_kinds_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "toy.gguf"
    path.write_bytes(b"PK\3\4" + bytes(60))
    with pytest.raises(ValueError, match="is not a GGUF file"):
        read_gguf(path)
    with pytest.raises(ValueError, match="unknown kind"):
        read_gguf(write_gguf(path, {}, {}, version=1))
    with pytest.raises(ValueError, match="unknown kind"):
        read_gguf(write_gguf(path, {"x": (99, (32,), bytes(32))}, {}))


def test_a_prepared_llama_loads_silently_with_its_tokenizer(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source, folder = write_gguf(tmp_path / "toy.gguf", toy_tensors(), FACTS), tmp_path / "prepared"
    folder.mkdir()
    smollm2.prepare(source, folder)
    assert capfd.readouterr() == ("", "")
    assert "quantization_config" not in json.loads((folder / "config.json").read_text())
    model, info = LlamaForCausalLM.from_pretrained(folder, output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    assert model.dtype == torch.bfloat16
    assert model.config.tie_word_embeddings
    assert model.config.rope_parameters["rope_theta"] == 10000.0
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer("<|im_start|>ab a").input_ids == [1, 5, 6, 3]
    assert (tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token) == (TOKENS[1], TOKENS[2], TOKENS[2])
    assert tokenizer.apply_chat_template([{"role": "user", "content": "ab"}], tokenize=False) == "ab"


def test_rotary_rows_have_the_order_of_transformers() -> None:
    rows = np.arange(32 * 32, dtype=np.float32).reshape(32, 32)
    state = llama_state(Gguf(FACTS, {"blk.0.attn_q.weight": rows, "blk.0.attn_v.weight": rows}))
    query = state["model.layers.0.self_attn.q_proj.weight"]
    np.testing.assert_array_equal(query[:8], rows[[0, 2, 4, 6, 1, 3, 5, 7]])  # one head of 8 rows
    np.testing.assert_array_equal(state["model.layers.0.self_attn.v_proj.weight"], rows)


def test_the_configuration_has_the_sizes_of_the_file() -> None:
    config = llama_config(Gguf(FACTS, {}))
    assert (config.hidden_size, config.num_key_value_heads, config.head_dim) == (32, 2, 8)
    assert config.eos_token_id == 2


def test_other_architectures_and_tensors_are_refused() -> None:
    with pytest.raises(ValueError, match="architecture 'qwen2'; expected 'llama'"):
        llama_config(Gguf({"general.architecture": "qwen2"}, {}))
    for name in ("blk.0.attn_sinks.weight", "rope_freqs.weight", "blk.0.attn_q.bias"):
        with pytest.raises(ValueError, match=name):
            llama_state(Gguf(FACTS, {name: np.zeros((32, 32), np.float32)}))
