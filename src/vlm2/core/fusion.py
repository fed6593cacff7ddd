"""Semantic-geometric fusion: H = CrossAttn(Q=F_pa, K=V=G_vc), within the frame."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class Fusion(nn.Module):
    """Cross-attention from every visual token to the geometry tokens of its own frame. Their grids may differ.

    With `residual`, H = LayerNorm(F_pa + attention) [choice]. Without it, H is the output of the attention [paper].
    With `residual` and `pass_through`, H = F_pa + attention of LayerNorm(F_pa). The attention's output then starts at
    0, so H starts as F_pa. `frames` are any leading dimensions. Raises ValueError for `pass_through` alone.
    """

    def __init__(self, dim: int, heads: int, residual: bool = True, pass_through: bool = False) -> None:
        super().__init__()
        if pass_through and not residual:
            raise ValueError("pass_through needs residual: without it H would start at 0, and not as F_pa.")
        self.heads = heads
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(dim, dim)
        self.value = nn.Linear(dim, dim)
        self.out = nn.Linear(dim, dim)
        self.norm = nn.LayerNorm(dim) if residual else None
        self.pass_through = pass_through
        if pass_through:
            nn.init.zeros_(self.out.weight)
            nn.init.zeros_(self.out.bias)

    def forward(
        self,
        positioned_tokens: Float[Tensor, "*frames patches dim"],
        aligned_tokens: Float[Tensor, "*frames aligned dim"],
    ) -> Float[Tensor, "*frames patches dim"]:
        """Return H for F_pa and G_vc."""
        normed = self.norm(positioned_tokens) if self.norm is not None and self.pass_through else positioned_tokens
        queries = self._split(self.query(normed))
        keys, values = self._split(self.key(aligned_tokens)), self._split(self.value(aligned_tokens))
        read = functional.scaled_dot_product_attention(queries, keys, values)
        read = self.out(read.transpose(-3, -2).flatten(-2))
        if self.norm is None:
            return read
        return positioned_tokens + read if self.pass_through else self.norm(positioned_tokens + read)

    def _split(self, tokens: Tensor) -> Float[Tensor, "*frames heads tokens head_dim"]:
        return tokens.unflatten(-1, (self.heads, -1)).transpose(-3, -2)
