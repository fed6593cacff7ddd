"""Grounding: what the language model sees of a patch should say, in its own words, what is there and where.

An auxiliary task of training [choice]; nothing of it is kept afterwards. Each of the video's tokens is compared with
the language model's own embeddings of the category names (what is there), and read by a linear map (where it is).
It teaches the projector the language model's vocabulary at a hundredth of the cost of teaching it through answers.
"""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from ..models.recall.recognition import Recognition
from ..scenes.vocabulary import VOCABULARY


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
    """The losses of what a token shows, by the recall's recognition, and of where it is, by a head of its own."""

    def __init__(self, recognition: Recognition) -> None:
        super().__init__()
        self.recognition = recognition
        self.place = nn.Linear(recognition.words.shape[1], 3)

    def forward(
        self,
        tokens: Float[Tensor, "frames tokens dim"],
        shown: Float[Tensor, "frames tokens categories"],
        coordinates: Float[Tensor, "frames tokens 3"],
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Return the loss of what (binary cross-entropy) and of where (smooth L1, metres)."""
        logits = self.recognition(tokens)
        what = functional.binary_cross_entropy_with_logits(logits, shown, reduction="none").sum(-1).mean()
        where = functional.smooth_l1_loss(self.place(functional.normalize(tokens.float(), dim=-1)) * 10, coordinates)
        return what, where
