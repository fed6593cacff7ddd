"""The projector: from the patches of H or M to tokens of the language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

Pooling = Literal["mean", "average", "bilinear", "max"]


@dataclass(frozen=True)
class ProjectorConfig:
    """How patches become tokens. The defaults are ours; `ProjectorConfig.llava_video` returns LLaVA-Video's.

    - `pooling`: how a square of patches becomes one token. They differ where the last row or column is odd. "mean"
      averages the patches that exist there. "average" and "max" leave it out, and "bilinear" resamples the grid; these
      three are LLaVA-Video's.
    - `norm`: apply a LayerNorm before the MLP.
    - `newline`: add a learnt token at the end of every row of tokens (LLaVA-Video's newline position "grid").
    """

    pooling: str = "mean"
    norm: bool = True
    newline: bool = False

    def __post_init__(self) -> None:
        if self.pooling not in get_args(Pooling):
            raise ValueError(f"Pooling {self.pooling!r} is not known; choose {', '.join(get_args(Pooling))}.")

    @classmethod
    def llava_video(cls, pooling: str = "average") -> ProjectorConfig:
        """Return the configuration of LLaVA-Video's weights."""
        return cls(pooling=pooling, norm=False, newline=True)


class Projector(nn.Module):
    """Apply a two-layer MLP to each patch, then pool every `side` × `side` patches into one token."""

    def __init__(self, dim: int, text_dim: int, side: int = 2, config: ProjectorConfig | None = None) -> None:
        super().__init__()
        config = ProjectorConfig() if config is None else config
        self.side, self.pooling = side, config.pooling
        self.norm = nn.LayerNorm(dim) if config.norm else nn.Identity()
        self.mlp = nn.Sequential(nn.Linear(dim, text_dim), nn.GELU(), nn.Linear(text_dim, text_dim))
        self.newline = nn.Parameter(torch.randn(text_dim) / text_dim**0.5) if config.newline else None

    def forward(
        self, tokens: Float[Tensor, "*frames patches dim"], grid: tuple[int, int]
    ) -> Float[Tensor, "*frames tokens text_dim"]:
        """Project frames (any leading dimensions, or none) whose patches lie row-major on `grid` (rows, columns).

        The tokens are row-major on the pooled grid; a newline token, if there is one, ends each row.
        """
        image = self.mlp(self.norm(tokens)).unflatten(-2, grid)[None].flatten(0, -4).permute(0, 3, 1, 2)
        pooled = self._pool(image)
        if self.newline is not None:
            ends = self.newline[:, None, None].expand(len(pooled), -1, pooled.shape[2], 1)
            pooled = torch.cat([pooled, ends], dim=3)
        pooled = pooled.flatten(2).transpose(1, 2)
        return pooled.reshape(*tokens.shape[:-2], *pooled.shape[1:])

    def tokens(self, grid: tuple[int, int]) -> int:
        """Return the number of tokens of a frame with this grid of patches, newlines included."""
        up = self.pooling in ("mean", "bilinear")
        rows, columns = (-(-size // self.side) if up else size // self.side for size in grid)
        return rows * (columns + (self.newline is not None))

    def _pool(self, image: Float[Tensor, "frames text_dim _ _"]) -> Float[Tensor, "frames text_dim _ _"]:
        if self.pooling == "bilinear":
            half = [-(-size // self.side) for size in image.shape[-2:]]
            return functional.interpolate(image, half, mode="bilinear")
        if self.pooling == "max":
            return functional.max_pool2d(image, self.side)
        return functional.avg_pool2d(image, self.side, ceil_mode=self.pooling == "mean")
