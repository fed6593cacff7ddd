"""Rotary positions in 2D: the first half of a head's channels turns with the row, the second with the column."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor


class RotaryTable(NamedTuple):
    """Cosines and signed sines of every token's angles, shared by all blocks of a forward pass."""

    cos: Float[Tensor, "batch 1 tokens head_dim"]
    sin: Float[Tensor, "batch 1 tokens head_dim"]


def grid_positions(grid: tuple[int, int], registers: int, device: torch.device) -> Int[Tensor, "tokens 2"]:
    """List the (row, column) of a frame's tokens: registers at (0, 0), patches counted from (1, 1)."""
    rows, columns = (torch.arange(1, size + 1, device=device) for size in grid)
    patches = torch.cartesian_prod(rows, columns)
    return torch.cat((patches.new_zeros(registers, 2), patches))


def rotary_table(positions: Int[Tensor, "tokens 2"], head_dim: int, base: float) -> RotaryTable:
    """Turn positions to angles: `head_dim`/4 frequencies, from 1 to nearly 1/`base`, for row and column each."""
    quarter = head_dim // 4
    frequencies = base ** (-torch.arange(quarter, device=positions.device, dtype=torch.float32) / quarter)
    angles = positions[:, :, None].float() * frequencies
    cos, sin = angles.cos(), angles.sin()
    return RotaryTable(
        torch.cat((cos, cos), -1).flatten(1)[None, None], torch.cat((-sin, sin), -1).flatten(1)[None, None]
    )


def apply_rotary(
    x: Float[Tensor, "batch heads tokens head_dim"], table: RotaryTable
) -> Float[Tensor, "batch heads tokens head_dim"]:
    """Turn queries or keys by their tokens' angles; within each half, channel k pairs with channel k + head_dim/4."""
    partner = x.unflatten(-1, (2, 2, -1)).flip(-2).flatten(-3)
    return x * table.cos.to(x.dtype) + partner * table.sin.to(x.dtype)
