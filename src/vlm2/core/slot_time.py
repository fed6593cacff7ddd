"""Slot time embedding: the time of a slot as a vector for the language model [choice]."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

# Wavelengths of the Fourier features in seconds: from a second to half an hour, octave by octave.
SHORTEST_WAVE = 1.0
WAVES = 12


class SlotTimeEmbedding(nn.Module):
    """Embed the seconds since the start of the stream. The model adds the vector to all tokens of a slot.

    It is needed because the position of a slot in the prompt does not give its time. It is zero before training.
    """

    def __init__(self, text_dim: int) -> None:
        super().__init__()
        self.embed = nn.Linear(1 + 2 * WAVES, text_dim)
        nn.init.zeros_(self.embed.weight)
        nn.init.zeros_(self.embed.bias)

    def forward(self, times: Float[Tensor, " slots"]) -> Float[Tensor, "slots text_dim"]:
        """Return one vector per slot, from log(1 + minutes) and the sines and cosines of its time."""
        seconds = times.float()[:, None]
        phase = 2 * torch.pi * seconds / (SHORTEST_WAVE * 2.0 ** torch.arange(WAVES, device=times.device))
        described = torch.cat([torch.log1p(seconds / 60), phase.sin(), phase.cos()], dim=-1)
        return self.embed(described.to(self.embed.weight.dtype))
