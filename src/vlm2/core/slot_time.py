"""When a slot was seen, said to the language model: a time embedding [choice]."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

# Wavelengths of the Fourier features in seconds: from a second to half an hour, octave by octave.
SHORTEST_WAVE = 1.0
WAVES = 12


class SlotTimeEmbedding(nn.Module):
    """Turn seconds since the stream's start into a vector that is added to all tokens of a slot; zero before training.

    The place of a slot in the prompt tells no seconds, and a language model reads order from places only vaguely.
    """

    def __init__(self, text_dim: int) -> None:
        super().__init__()
        self.embed = nn.Linear(1 + 2 * WAVES, text_dim)
        nn.init.zeros_(self.embed.weight)
        nn.init.zeros_(self.embed.bias)

    def forward(self, times: Float[Tensor, " slots"]) -> Float[Tensor, "slots text_dim"]:
        """Embed the slots' times in seconds; log(1 + minutes) stands beside the sines and cosines."""
        seconds = times.float()[:, None]
        phase = 2 * torch.pi * seconds / (SHORTEST_WAVE * 2.0 ** torch.arange(WAVES, device=times.device))
        described = torch.cat([torch.log1p(seconds / 60), phase.sin(), phase.cos()], dim=-1)
        return self.embed(described.to(self.embed.weight.dtype))
