"""Attention supervision: which tokens the language model should attend to when a question names an object.

An auxiliary task of training [choice]; nothing of it is kept afterwards. In a few heads of a few layers, the attention
from a name's last token to the video should fall on the tokens that show the object. An answer alone supervises that
weakly; this is a target for every name in every question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..scenes.vocabulary import named

LAYERS = (9, 13, 17, 21)
HEADS = slice(0, 3)  # SmolLM2's heads of one key


@dataclass(frozen=True)
class AttentionTargets:
    """Targets of the attention from the names in packed questions.

    `positions` are those of the names behind the prefix. `shown[i]` marks the positions of the prefix that show what
    name i names; `video` is the video's part of the prefix. `shares` holds, for each recorded layer, the share of each
    name's attention to the video that falls on its targets.
    """

    positions: Int[Tensor, " names"]
    shown: Bool[Tensor, "names prefix"]
    video: slice
    shares: list[Float[Tensor, "heads names"]] = field(default_factory=list)

    def record(self, layer: int, weights: Float[Tensor, "heads positions prefix"]) -> None:
        """Record a layer's attention from all positions behind the prefix to the prefix."""
        if layer in LAYERS and len(self.positions):
            from_names = weights[HEADS, self.positions]
            inside = (from_names * self.shown).sum(-1)
            self.shares.append(inside / from_names[..., self.video].sum(-1).clamp(min=1e-6))

    def loss(self) -> Float[Tensor, ""]:
        """Return the mean of −log of the recorded shares; 0 if no question names an object that is shown."""
        if not self.shares:
            return torch.zeros(())
        return -torch.stack(self.shares).float().clamp(min=1e-4).log().mean()


def named_tokens(prompt: str, offsets: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Find the category names in a prompt, each as (index of its last token, category).

    `offsets` are the characters that each token covers.
    """
    found = []
    for begins, ends, category in named(prompt):
        tokens = [i for i, (start, end) in enumerate(offsets) if start < ends and end > begins]
        found.append((tokens[-1], category))
    return found


def attention_targets(
    names: Sequence[Sequence[tuple[int, int]]],
    starts: Sequence[int],
    shown: Bool[Tensor, "tokens categories"],
    before: int,
    prefix: int,
) -> AttentionTargets:
    """Return the targets of packed questions.

    `names[i]` are the names in question i (`named_tokens`), which starts at `starts[i]` behind the prefix of `prefix`
    positions. `shown` marks what each token of the video shows; the first of them is at position `before`.
    """
    placed = [(start + token, name) for found, start in zip(names, starts, strict=True) for token, name in found]
    placed = [(position, name) for position, name in placed if shown[:, name - 1].any()]
    positions, categories = torch.tensor(placed, dtype=torch.long, device=shown.device).reshape(-1, 2).T
    marked = torch.zeros(len(placed), prefix, dtype=torch.bool, device=shown.device)
    video = slice(before, before + len(shown))
    marked[:, video] = shown.T[categories - 1]
    return AttentionTargets(positions, marked, video)
