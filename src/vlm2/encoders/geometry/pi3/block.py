"""Transformer blocks of π³ and of the DINOv2 inside it. Parameter names are those of the published weights."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from .rope import RotaryTable, apply_rotary

EPSILON = 1e-6


def attend(
    q: Float[Tensor, "batch heads tokens head_dim"],
    k: Float[Tensor, "batch heads tokens head_dim"],
    v: Float[Tensor, "batch heads tokens head_dim"],
) -> Float[Tensor, "batch heads tokens head_dim"]:
    """Mix values. On a CPU always in 32 bits: the 16-bit kernel's backward pass takes twice as long there."""
    if v.device.type != "cpu":
        return functional.scaled_dot_product_attention(q.to(v.dtype), k.to(v.dtype), v)
    with torch.autocast("cpu", enabled=False):
        return functional.scaled_dot_product_attention(q.float(), k.float(), v.float())


class Attention(nn.Module):
    """Self-attention over all tokens of a batch entry, with rotary positions and q/k LayerNorm where asked for."""

    def __init__(self, width: int, heads: int, qk_norm: bool = False) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.q_norm = nn.LayerNorm(width // heads, eps=EPSILON) if qk_norm else nn.Identity()
        self.k_norm = nn.LayerNorm(width // heads, eps=EPSILON) if qk_norm else nn.Identity()

    def forward(
        self, x: Float[Tensor, "batch tokens width"], table: RotaryTable | None = None
    ) -> Float[Tensor, "batch tokens width"]:
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        q, k = self.q_norm(q), self.k_norm(k)
        if table is not None:
            q, k = apply_rotary(q, table), apply_rotary(k, table)
        return self.proj(attend(q, k, v).transpose(1, 2).flatten(2))


class Mlp(nn.Module):
    """Two layers with GELU between."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Float[Tensor, "batch tokens width"]) -> Float[Tensor, "batch tokens width"]:
        return self.fc2(functional.gelu(self.fc1(x)))


class LayerScale(nn.Module):
    """One learnt factor a channel on a residual branch."""

    def __init__(self, width: int, start: float) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((width,), start))

    def forward(self, x: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch width"]:
        return x * self.gamma


class TransformerBlock(nn.Module):
    """Pre-norm attention and MLP. `layer_scale` is the start of both residual factors, None for none."""

    def __init__(
        self, width: int, heads: int, mlp_ratio: float, qk_norm: bool = False, layer_scale: float | None = None
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=EPSILON)
        self.attn = Attention(width, heads, qk_norm)
        self.ls1 = nn.Identity() if layer_scale is None else LayerScale(width, layer_scale)
        self.norm2 = nn.LayerNorm(width, eps=EPSILON)
        self.mlp = Mlp(width, int(width * mlp_ratio))
        self.ls2 = nn.Identity() if layer_scale is None else LayerScale(width, layer_scale)

    def forward(
        self, x: Float[Tensor, "batch tokens width"], table: RotaryTable | None = None
    ) -> Float[Tensor, "batch tokens width"]:
        x = x + self.ls1(self.attn(self.norm1(x), table))
        return x + self.ls2(self.mlp(self.norm2(x)))
