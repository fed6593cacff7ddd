"""Which categories a token of the video shows, by the language model's own words for them."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedTokenizerBase

from ..scenes.vocabulary import VOCABULARY


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
