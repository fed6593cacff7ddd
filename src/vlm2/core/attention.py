"""The read of a memory: cross-attention from a frame's tokens to every token of every entry."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

ASKING = 16  # tokens of a frame that tell whom a read attends to
CACHED = 2**19  # scores that stay in a processor's cache, in single precision


class MemoryAttention(nn.Module):
    """Attn(H, memory), multi-head. Keys and values are projected when an entry is written, by `project`; a read
    projects only its queries."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(dim, dim)
        self.value = nn.Linear(dim, dim)
        self.out = nn.Linear(dim, dim)

    def project(
        self, tokens: Float[Tensor, "patches dim"]
    ) -> tuple[Float[Tensor, "patches dim"], Float[Tensor, "patches dim"]]:
        """Return the keys and the values of an entry."""
        return self.key(tokens), self.value(tokens)

    def forward(
        self,
        tokens: Float[Tensor, "patches dim"],
        keys: Float[Tensor, "slots patches dim"],
        values: Float[Tensor, "slots patches dim"],
    ) -> Float[Tensor, "patches dim"]:
        """Read: every token of the frame attends to all slots × patches tokens of the memory."""
        queries, keys, values = (self._split(x) for x in (self.query(tokens), keys, values))
        return self.out(attend(queries, keys, values))

    def shares(
        self, tokens: Float[Tensor, "patches dim"], keys: Float[Tensor, "slots patches dim"]
    ) -> Float[Tensor, " slots"]:
        """Return the share of a read's attention that each slot gets, mean over heads and tokens; they add to 1.

        To explain a read, not to do one: only about `ASKING` of the frame's tokens are asked.
        """
        asking = tokens[:: max(1, len(tokens) // ASKING)]
        queries, flat = self._split(self.query(asking)), self._split(keys)
        attention = (queries @ flat.mT * flat.shape[-1] ** -0.5).float().softmax(-1)
        return attention.mean((0, 1)).unflatten(0, keys.shape[:2]).sum(1)

    def _split(self, tokens: Tensor) -> Float[Tensor, "heads tokens head_dim"]:
        return tokens.reshape(-1, self.heads, tokens.shape[-1] // self.heads).transpose(0, 1)


def attend(
    queries: Float[Tensor, "heads patches head_dim"],
    keys: Float[Tensor, "heads tokens head_dim"],
    values: Float[Tensor, "heads tokens head_dim"],
) -> Float[Tensor, "patches dim"]:
    """Return what the queries find, heads side by side.

    Without gradients on a CPU a few heads at a time, so that their scores stay in the cache: that is faster there than
    torch's fused attention, by a seventh in single precision and by half in bfloat16 (`vlm2 bench memory` measures it).
    """
    if queries.device.type == "cpu" and not torch.is_grad_enabled():
        return _attend_by_heads(queries, keys.to(queries.dtype), values.to(queries.dtype))
    found = functional.scaled_dot_product_attention(queries[None], keys[None], values[None])[0]
    return found.transpose(0, 1).flatten(1)


def _attend_by_heads(queries: Tensor, keys: Tensor, values: Tensor) -> Float[Tensor, "patches dim"]:
    heads, patches, head_dim = queries.shape
    queries = queries * head_dim**-0.5
    together = 1  # in bfloat16 all cores share a head, which only `mm` does well
    if queries.dtype == torch.float32:  # a head a core, or as many as the cache holds
        fit = CACHED // (patches * keys.shape[1])
        together = min(max(torch.get_num_threads(), fit), heads)
    scores = queries.new_empty(together, patches, keys.shape[1])
    found = queries.new_empty(heads, patches, head_dim)
    for first in range(0, heads, together):
        some = first if together == 1 else slice(first, first + together)
        weights = scores[0] if together == 1 else scores[: min(together, heads - first)]
        torch.matmul(queries[some], keys[some].mT, out=weights)
        torch.softmax(weights, dim=-1, out=weights)
        torch.matmul(weights, values[some], out=found[some])
    return found.transpose(0, 1).flatten(1)
