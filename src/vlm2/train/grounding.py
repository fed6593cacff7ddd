"""Grounding: what the language model sees of a patch should say, in its own words, what is there and where.

An auxiliary task of training [choice]; nothing of it is kept afterwards. Each of the video's tokens is compared with
the language model's own embeddings of the category names (what is there), and read by a linear map (where it is).
It teaches the projector the language model's vocabulary at a hundredth of the cost of teaching it through answers.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from .vocabulary import VOCABULARY


def word_embeddings(embed_tokens: nn.Embedding, tokenizer) -> Float[Tensor, "categories dim"]:
    """Embed every category's name as the mean of its tokens' embeddings, less the mean over categories, unit length."""
    rows = [
        embed_tokens.weight[torch.tensor(tokenizer(" " + name, add_special_tokens=False)["input_ids"])].float().mean(0)
        for name in VOCABULARY[1:]
    ]
    rows = torch.stack(rows).detach()
    return functional.normalize(rows - rows.mean(0), dim=-1)


def pooled_categories(
    categories: Int[Tensor, "frames patches"], grid: tuple[int, int]
) -> Float[Tensor, "frames tokens categories"]:
    """Say for each token, which is 2×2 patches, which categories its patches show."""
    shown = functional.one_hot(categories, len(VOCABULARY)).float()[..., 1:]
    return pool2(shown, grid, "max")


def pool2(values: Float[Tensor, "frames patches dim"], grid: tuple[int, int], how: str = "mean") -> Tensor:
    """Pool 2×2 patches, row-major on `grid`, into tokens by their mean or greatest value."""
    frames, _, dim = values.shape
    image = values.transpose(1, 2).reshape(frames, dim, *grid)
    pooled = functional.max_pool2d(image, 2) if how == "max" else functional.avg_pool2d(image, 2)
    return pooled.flatten(2).transpose(1, 2)


class Grounding(nn.Module):
    """The auxiliary heads; `forward` returns their loss."""

    words: Tensor

    def __init__(self, words: Float[Tensor, "categories dim"]) -> None:
        super().__init__()
        self.register_buffer("words", words)
        self.scale = nn.Parameter(torch.tensor(8.0))
        self.bias = nn.Parameter(torch.full((len(words),), -4.0))
        self.place = nn.Linear(words.shape[1], 3)

    def forward(
        self,
        tokens: Float[Tensor, "frames tokens dim"],
        shown: Float[Tensor, "frames tokens categories"],
        coordinates: Float[Tensor, "frames tokens 3"],
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Return the loss of what (binary cross-entropy) and of where (smooth L1, metres)."""
        centred = functional.normalize(tokens.float(), dim=-1)
        logits = self.scale * centred @ self.words.T + self.bias
        what = functional.binary_cross_entropy_with_logits(logits, shown, reduction="none").sum(-1).mean()
        where = functional.smooth_l1_loss(self.place(centred) * 10, coordinates)
        return what, where
