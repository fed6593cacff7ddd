"""Token grounding: the video's tokens learn what they show and where it is, in the language model's own words.

An auxiliary task of training [choice]; nothing of it is kept afterwards. Each token is compared with the language
model's embeddings of the category names, and a linear map reads its position. It teaches the projector the language
model's vocabulary at a hundredth of the cost of teaching it through answers.
"""

from __future__ import annotations

from pathlib import Path

import torch
from jaxtyping import Float
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedTokenizerBase

from ..models import VLM2ForConditionalGeneration
from ..scenes.vocabulary import VOCABULARY
from .examples import Example, FrameTruth
from .loop import last_checkpoint
from .stage import Objective


def token_truth(
    truth: FrameTruth, grid: tuple[int, int]
) -> tuple[Float[Tensor, "frames tokens categories"], Float[Tensor, "frames tokens 3"]]:
    """Return the truth about tokens of 2×2 patches, which are row-major on `grid`.

    The first tensor is 1 for each category that one of the patches shows, and 0 for the others. The second is the mean
    of the patches' coordinates.
    """
    shown = functional.one_hot(truth.categories, len(VOCABULARY)).float()[..., 1:]
    images = [values.transpose(1, 2).unflatten(2, grid) for values in (shown, truth.coordinates)]
    pooled = functional.max_pool2d(images[0], 2), functional.avg_pool2d(images[1], 2)
    return pooled[0].flatten(2).transpose(1, 2), pooled[1].flatten(2).transpose(1, 2)


def word_embeddings(
    embed_tokens: nn.Embedding, tokenizer: PreTrainedTokenizerBase
) -> Float[Tensor, "categories text_dim"]:
    """Embed every category of the vocabulary as the mean of its tokens' embeddings, less the mean of all, at unit
    length."""
    rows = [
        embed_tokens.weight[torch.tensor(tokenizer(" " + name, add_special_tokens=False)["input_ids"])].float().mean(0)
        for name in VOCABULARY[1:]
    ]
    rows = torch.stack(rows).detach()
    return functional.normalize(rows - rows.mean(0), dim=-1)


class Recognition(nn.Module):
    """Compares tokens with the embeddings of the categories: a scaled cosine, and a bias per category."""

    words: Tensor

    def __init__(self, words: Float[Tensor, "categories text_dim"]) -> None:
        super().__init__()
        self.register_buffer("words", words)
        self.scale = nn.Parameter(torch.tensor(8.0))
        self.bias = nn.Parameter(torch.full((len(words),), -4.0))

    def forward(self, tokens: Float[Tensor, "slots tokens text_dim"]) -> Float[Tensor, "slots tokens categories"]:
        """Return logits: does a token show a thing of this category?"""
        return self.scale * functional.normalize(tokens.float(), dim=-1) @ self.words.T + self.bias


class GroundingLoss(nn.Module):
    """The losses of what a token shows, by recognition, and of where it is, by a linear head. `words` are the
    embeddings of the category names."""

    def __init__(self, words: Float[Tensor, "categories text_dim"]) -> None:
        super().__init__()
        self.recognition = Recognition(words)
        self.place = nn.Linear(words.shape[1], 3)

    def forward(
        self,
        tokens: Float[Tensor, "frames tokens dim"],
        shown: Float[Tensor, "frames tokens categories"],
        coordinates: Float[Tensor, "frames tokens 3"],
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Return the loss of the categories (binary cross-entropy) and of the positions (smooth L1, metres)."""
        logits = self.recognition(tokens)
        category = functional.binary_cross_entropy_with_logits(logits, shown, reduction="none").sum(-1).mean()
        position = self.place(functional.normalize(tokens.float(), dim=-1)) * 10
        return category, functional.smooth_l1_loss(position, coordinates)


class TokenGrounding(Objective):
    """The grounding loss of single frames, without the memory: a quick start for representation and projector."""

    def __init__(self, model: VLM2ForConditionalGeneration, grounding: GroundingLoss) -> None:
        super().__init__()
        self.model, self.grounding = model, grounding

    def forward(self, example: Example) -> dict[str, Tensor]:
        """Return the grounding losses of every frame's own tokens."""
        assert example.truth is not None
        features, truth = example.features.to(self.device), example.truth.to(self.device)
        tokens = self.model.projector(self.model.represent(features), features.grid)
        category, position = self.grounding(tokens, *token_truth(truth, features.grid))
        return {"loss": category + 0.5 * position, "category": category, "position": position}

    def load_grounded(self, folder: str | Path) -> None:
        """Load the weights that a token grounding in `folder` trained; memory and adapters stay as they are.

        Raises ValueError where the folder holds no checkpoint, or one of another model.
        """
        last = last_checkpoint(folder)
        if last is None:
            raise ValueError(f"There is no token grounding in {folder}; give the folder `grounding` of a run.")
        found, mine = load_file(last / "model.safetensors"), self.state_dict()
        parts = ("grounding.", "model.representation.", "model.projector.")
        learnt = [name for name in mine if name.startswith(parts)]
        differing = [name for name in learnt if name not in found or found[name].shape != mine[name].shape]
        if differing:
            raise ValueError(f"{folder} is a token grounding of another model; tensors that differ: {differing[:8]}.")
        self.load_state_dict(mine | {name: found[name] for name in learnt})
