"""A LLaVA-Video checkpoint of toy widths as it is published: real names, shards, config.json. And a π³."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from toys import toy_tokenizer

from vlm2.encoders.geometry.pi3 import DecoderSize, Pi3, Pi3Config

WIDTH, TEXT_WIDTH, LAYERS, VOCABULARY, SIDE, PATCH = 16, 64, 2, 264, 70, 14  # bitsandbytes wants multiples of 64
GRID = SIDE // PATCH  # 5: odd, so that the ways of pooling differ
VISION = "model.vision_tower.vision_tower.vision_model."
CONFIG = {
    "architectures": ["LlavaQwenForCausalLM"],
    "model_type": "llava_qwen",
    "_name_or_path": "checkpoints/LLaVA-Video-7B-Qwen2",
    "hidden_size": TEXT_WIDTH,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "vocab_size": VOCABULARY,
    "bos_token_id": 256,
    "eos_token_id": 257,
    "pad_token_id": 257,
    "rope_theta": 1000000.0,
    "rope_scaling": None,
    "tie_word_embeddings": False,
    "use_sliding_window": False,
    "mm_projector_type": "mlp2x_gelu",
    "mm_spatial_pool_mode": "bilinear",
    "mm_newline_position": "grid",
    "mm_spatial_pool_stride": 2,
    "mm_vision_tower": "google/siglip-so400m-patch14-384",
    # Of the published one these are SigLIP's and not told.
    "vision_config": {
        "hidden_size": WIDTH,
        "intermediate_size": 20,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 2,
        "image_size": SIDE,
    },
}


def shapes() -> dict[str, tuple[int, ...]]:
    """Every tensor of the checkpoint, written down by hand."""
    found: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (VOCABULARY, TEXT_WIDTH),
        "model.norm.weight": (TEXT_WIDTH,),
        "lm_head.weight": (VOCABULARY, TEXT_WIDTH),
        "model.image_newline": (TEXT_WIDTH,),
        "model.mm_projector.0.weight": (TEXT_WIDTH, WIDTH),
        "model.mm_projector.0.bias": (TEXT_WIDTH,),
        "model.mm_projector.2.weight": (TEXT_WIDTH, TEXT_WIDTH),
        "model.mm_projector.2.bias": (TEXT_WIDTH,),
        f"{VISION}embeddings.patch_embedding.weight": (WIDTH, 3, PATCH, PATCH),
        f"{VISION}embeddings.patch_embedding.bias": (WIDTH,),
        f"{VISION}embeddings.position_embedding.weight": (GRID**2, WIDTH),
        f"{VISION}post_layernorm.weight": (WIDTH,),
        f"{VISION}post_layernorm.bias": (WIDTH,),
    }
    for layer in range(2):
        base, wide = f"model.layers.{layer}", {"gate_proj": (64, 64), "up_proj": (64, 64), "down_proj": (64, 64)}
        heads = dict.fromkeys(("q_proj", "k_proj", "v_proj"), (64, 64))
        found |= {f"{base}.self_attn.{name}.weight": shape for name, shape in heads.items()}
        found |= {f"{base}.self_attn.{name}.bias": shape[:1] for name, shape in heads.items()}
        found |= {f"{base}.mlp.{name}.weight": shape for name, shape in wide.items()}
        found[f"{base}.self_attn.o_proj.weight"] = (64, 64)
        found |= {f"{base}.{name}.weight": (64,) for name in ("input_layernorm", "post_attention_layernorm")}
    for layer in range(LAYERS):
        base = f"{VISION}encoder.layers.{layer}"
        square = {f"self_attn.{name}": (WIDTH, WIDTH) for name in ("q_proj", "k_proj", "v_proj", "out_proj")}
        for name, shape in (square | {"mlp.fc1": (20, WIDTH), "mlp.fc2": (WIDTH, 20)}).items():
            found |= {f"{base}.{name}.weight": shape, f"{base}.{name}.bias": shape[:1]}
        for name in ("layer_norm1", "layer_norm2"):
            found |= {f"{base}.{name}.weight": (WIDTH,), f"{base}.{name}.bias": (WIDTH,)}
    return found


def tensors(dtype: torch.dtype = torch.bfloat16) -> dict[str, torch.Tensor]:
    """Random weights under the published names, all of them exact in bfloat16; norms are near 1."""
    made = torch.Generator().manual_seed(5)
    values = {}
    for name, shape in shapes().items():
        norm = "norm" in name and name.endswith("weight")
        values[name] = (torch.randn(shape, generator=made) * (0.1 if norm else 0.3) + norm).to(torch.bfloat16).to(dtype)
    return values


def make_checkpoint(folder: Path, weights: dict[str, torch.Tensor] | None = None, **changes) -> Path:
    """Write the checkpoint in three shards with their index, and a tokenizer; `changes` are to config.json."""
    weights = tensors() if weights is None else weights
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG | changes))
    names = sorted(weights)
    index = {}
    for shard in range(3):
        file = f"model-{shard + 1:05}-of-00003.safetensors"
        held = {name: weights[name] for name in names[shard::3]}
        save_file(held, folder / file, metadata={"format": "pt"})
        index |= dict.fromkeys(held, file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))
    toy_tokenizer().save_pretrained(folder)
    return folder


def pi3_config() -> Pi3Config:
    """A π³ that sees images, at toy widths."""
    small = DecoderSize(width=16, depth=1, heads=2, mlp_ratio=1.0, out=16)
    sizes = {"width": 16, "depth": 2, "heads": 2, "registers": 2, "backbone_depth": 1, "backbone_positions": 3}
    decoders = {"points": small, "confidence": small, "camera": replace(small, out=8)}
    return replace(Pi3Config(), **sizes, **decoders, window=4)


def make_pi3(folder: Path) -> Path:
    """Write a π³ in the form that our import writes, without its record."""
    torch.manual_seed(3)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(Pi3(pi3_config()).state_dict(), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"model_type": "pi3", **pi3_config().to_dict()}))
    return folder


def read_all(folder: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a part that was imported."""
    return load_file(folder / "model.safetensors")
