"""The projector: from the patches of H or M to tokens of the language model."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class Projector(nn.Module):
    """LayerNorm and a two-layer MLP a patch, then the mean of every pooling × pooling patches; a grid's odd last row or
    column is pooled from what is there."""

    def __init__(self, dim: int, text_dim: int, pooling: int = 2) -> None:
        super().__init__()
        self.pooling = pooling
        self.norm = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, text_dim), nn.GELU(), nn.Linear(text_dim, text_dim))

    def forward(
        self, tokens: Float[Tensor, "frames patches dim"], grid: tuple[int, int]
    ) -> Float[Tensor, "frames tokens text_dim"]:
        """Project frames whose patches lie row-major on `grid`; tokens come row-major on the pooled grid."""
        image = self.mlp(self.norm(tokens)).unflatten(1, grid).permute(0, 3, 1, 2)
        pooled = functional.avg_pool2d(image, self.pooling, ceil_mode=True)
        return pooled.flatten(2).transpose(1, 2)
