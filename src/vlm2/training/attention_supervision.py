"""Pointing: where the language model should look when a question names a thing.

An auxiliary task of training [choice]; nothing of it is kept afterwards. Of a few heads in a few layers, the attention
of a name's last token to the video should fall on the tokens that show the thing. An answer alone says very little
about where to look; this says it of every name in every question.
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
class Pointing:
    """What the names in packed questions point at. `places` are positions behind the prefix; `shown[i]` marks those
    positions of the prefix that show what name i names; `video` is the prefix's part that is video. The attention adds
    to `shares`, a layer at a time, how much of a name's attention to the video falls on them."""

    places: Int[Tensor, " names"]
    shown: Bool[Tensor, "names prefix"]
    video: slice
    shares: list[Float[Tensor, "heads names"]] = field(default_factory=list)

    def listen(self, layer: int, weights: Float[Tensor, "heads places prefix"]) -> None:
        """Take note of a layer's attention from all places behind the prefix to the prefix."""
        if layer in LAYERS and len(self.places):
            looks = weights[HEADS, self.places]
            inside = (looks * self.shown).sum(-1)
            self.shares.append(inside / looks[..., self.video].sum(-1).clamp(min=1e-6))

    def loss(self) -> Float[Tensor, ""]:
        """Return the mean of −log of the shares that were noted; 0 where no question names what is shown."""
        if not self.shares:
            return torch.zeros(())
        return -torch.stack(self.shares).float().clamp(min=1e-4).log().mean()


def named_tokens(prompt: str, offsets: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Find the category names in a prompt: (token, category), the token being each name's last. `offsets` are the
    characters that every token covers."""
    found = []
    for begins, ends, category in named(prompt):
        tokens = [i for i, (start, end) in enumerate(offsets) if start < ends and end > begins]
        found.append((tokens[-1], category))
    return found


def point(
    names: Sequence[Sequence[tuple[int, int]]],
    starts: Sequence[int],
    shown: Bool[Tensor, "tokens categories"],
    before: int,
    prefix: int,
) -> Pointing:
    """Make the pointing of packed questions. `names[i]` are those of question i, which starts at `starts[i]` behind the
    prefix; `shown` says what each of the video's tokens shows, the first standing at position `before`."""
    places, targets = [], []
    for found, start in zip(names, starts, strict=True):
        for token, category in found:
            here = shown[:, category - 1]
            if here.any():
                places.append(start + token)
                targets.append(here)
    marked = torch.zeros(len(places), prefix, dtype=torch.bool, device=shown.device)
    video = slice(before, before + len(shown))
    if targets:
        marked[:, video] = torch.stack(targets)
    return Pointing(torch.tensor(places, dtype=torch.long, device=shown.device), marked, video)
