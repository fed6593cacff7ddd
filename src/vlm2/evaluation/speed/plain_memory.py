"""The references for the speed of the memory: a plain memory, and the matrix products alone."""

from __future__ import annotations

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from ...core import DualMemory, DualState, MemoryAttention, MemoryConfig


class PlainAttention(MemoryAttention):
    """The read as it is usually written: keys and values of all entries are projected at each frame, and torch's own
    attention is called. All else is as in `MemoryAttention`."""

    def project(
        self, tokens: Float[Tensor, "batch patches dim"]
    ) -> tuple[Float[Tensor, "batch patches dim"], Float[Tensor, "batch patches dim"]]:
        """Keep the entry unprojected when it is written."""
        return tokens, tokens

    def forward(
        self,
        tokens: Float[Tensor, "batch patches dim"],
        keys: Float[Tensor, "batch slots patches dim"],
        values: Float[Tensor, "batch slots patches dim"],
    ) -> Float[Tensor, "batch patches dim"]:
        """Project the entries, then read."""
        queries, keys, values = (self._split(x) for x in (self.query(tokens), self.key(keys), self.value(values)))
        read = functional.scaled_dot_product_attention(queries, keys, values)
        return self.out(read.transpose(1, 2).flatten(2))


def plain_memory(memory: DualMemory) -> DualMemory:
    """Return a memory of the same weights, outputs and rule of writing that projects all entries at each frame."""
    plain = DualMemory(memory.config)
    for name in ("working_attention", "episodic_attention"):
        if getattr(memory, name) is not None:
            setattr(plain, name, PlainAttention(memory.config.dim, memory.config.heads))
    plain.load_state_dict(memory.state_dict())
    return plain.to(next(memory.parameters()))


def plain_state(state: DualState) -> DualState:
    """Return a memory's state as its plain counterpart has it: entries in the place of their keys and values."""
    working, episodic = (
        replace(part, keys=part.tokens, values=part.tokens) for part in (state.working, state.episodic)
    )
    return replace(state, working=working, episodic=episodic)


class MatrixProducts(nn.Module):
    """The matrix products of one step with full memories, and nothing else. The buffers are allocated once.

    The products are the queries, keys, values, outputs and both layers of γ. For each head, they are also the scores
    and the weighted values.
    """

    def __init__(self, config: MemoryConfig, patches: int, device: torch.device, dtype: torch.dtype) -> None:
        super().__init__()

        def random(*shape: int) -> Tensor:
            return torch.randn(shape, dtype=torch.float32).to(device, dtype) * shape[-1] ** -0.5

        dim, slots = config.dim, (config.window, config.capacity)
        self.tokens, self.pair = random(patches, dim), random(patches, 2 * dim)
        self.linear, self.first_gate, self.last_gate = random(8, dim, dim), random(dim, 2 * dim), random(dim, dim)
        self.out = random(patches, dim)
        heads = (-1, config.heads, dim // config.heads)
        self.queries, self.read = (random(patches, dim).view(heads).transpose(0, 1) for _ in range(2))
        self.keys, self.values = (
            [random(count * patches, dim).view(heads).transpose(0, 1) for count in slots] for _ in range(2)
        )
        self.scores = [random(patches, count * patches) for count in slots]

    def forward(self) -> None:
        """Compute all products."""
        for weight in self.linear:
            torch.mm(self.tokens, weight.mT, out=self.out)
        torch.mm(self.pair, self.first_gate.mT, out=self.out)
        torch.mm(self.tokens, self.last_gate.mT, out=self.out)
        for keys, values, scores in zip(self.keys, self.values, self.scores, strict=True):
            for query, key, value, read in zip(self.queries, keys, values, self.read, strict=True):
                torch.mm(query, key.mT, out=scores)
                torch.mm(scores, value, out=read)


def operations(config: MemoryConfig, patches: int, projected: int) -> int:
    """Count the multiplications in the matrix products of one step with full memories. The step projects the keys and
    values of `projected` entries: 2 (the new one of each memory), or all of both memories."""
    linear = patches * config.dim**2
    attention = 2 * patches * patches * (config.window + config.capacity) * config.dim
    return linear * (4 + 3 + 2 * projected) + attention
