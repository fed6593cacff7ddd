"""The read of a memory: cross-attention from a frame's tokens to every token of every slot."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from .fast import attend_by_heads

SAMPLED = 16  # tokens of a frame whose attention `shares` computes, about


class MemoryAttention(nn.Module):
    """Multi-head attention Attn(H, memory). `project` computes keys and values once, when an entry is written; a read
    computes only its queries."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(dim, dim)
        self.value = nn.Linear(dim, dim)
        self.out = nn.Linear(dim, dim)

    def project(
        self, tokens: Float[Tensor, "batch patches dim"]
    ) -> tuple[Float[Tensor, "batch patches dim"], Float[Tensor, "batch patches dim"]]:
        """Return the keys and the values of an entry."""
        return self.key(tokens), self.value(tokens)

    def forward(
        self,
        tokens: Float[Tensor, "batch patches dim"],
        keys: Float[Tensor, "batch slots patches dim"],
        values: Float[Tensor, "batch slots patches dim"],
    ) -> Float[Tensor, "batch patches dim"]:
        """Read: every token of the frame attends to all slots × patches tokens of the memory."""
        queries, keys, values = (self._split(x) for x in (self.query(tokens), keys, values))
        on_cpu = queries.device.type == "cpu" and not torch.is_grad_enabled()
        attend = attend_by_heads if on_cpu else functional.scaled_dot_product_attention
        return self.out(attend(queries, keys, values).transpose(1, 2).flatten(2))

    def shares(
        self, tokens: Float[Tensor, "batch patches dim"], keys: Float[Tensor, "batch slots patches dim"]
    ) -> Float[Tensor, "batch slots"]:
        """Return each slot's share of a read's attention: the mean over heads and tokens. The shares add to 1.

        A read does not need them; they explain it. They are computed for about `SAMPLED` of the frame's tokens.
        """
        sample = tokens[:, :: max(1, tokens.shape[1] // SAMPLED)].contiguous()
        queries, flat = self._split(self.query(sample)), self._split(keys)
        attention = (queries @ flat.mT * flat.shape[-1] ** -0.5).float().softmax(-1)
        return attention.mean((1, 2)).unflatten(1, keys.shape[1:3]).sum(2)

    def _split(self, tokens: Float[Tensor, "batch ... dim"]) -> Float[Tensor, "batch heads tokens head_dim"]:
        return tokens.reshape(len(tokens), -1, self.heads, tokens.shape[-1] // self.heads).transpose(1, 2)
