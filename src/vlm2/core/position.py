"""Adaptive 3D position injection: F_pa = F + α ⊙ φ(C)."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

PositionFeatures = Literal["fourier", "raw"]

# Wavelengths of the Fourier features in metres: from a cup to a flat, octave by octave.
SHORTEST_WAVE = 0.25
WAVES = 8


class PositionInjection(nn.Module):
    """Add to each visual token the position of its patch in the world, scaled by a gate α per patch.

    φ is an MLP (`phi`) over features of C: Fourier features, or C itself ("raw"). With `pass_through`, φ starts at 0.
    `frames` are any leading dimensions: a batch, frames, or both.
    """

    def __init__(
        self,
        dim: int,
        features: PositionFeatures = "fourier",
        confidence: bool = True,
        pass_through: bool = False,
    ) -> None:
        super().__init__()
        self.features, self.confidence = features, confidence
        inputs = 3 if features == "raw" else 3 + 6 * WAVES
        self.phi = nn.Sequential(nn.Linear(inputs, dim), nn.GELU(), nn.Linear(dim, dim))
        self.gate = nn.Sequential(nn.Linear(2 * dim + confidence, dim // 4), nn.GELU(), nn.Linear(dim // 4, 1))
        if pass_through:
            for parameter in self.phi[-1].parameters():
                nn.init.zeros_(parameter)

    def forward(
        self,
        visual_tokens: Float[Tensor, "*frames patches dim"],
        patch_coordinates: Float[Tensor, "*frames patches 3"],
        confidence: Float[Tensor, "*frames patches"],
    ) -> Float[Tensor, "*frames patches dim"]:
        """Return F_pa for F, C in metres, and the geometry encoder's confidence in [0, 1]."""
        position = self.phi(self._describe(patch_coordinates).to(visual_tokens.dtype))
        return visual_tokens + self.position_gate(visual_tokens, position, confidence) * position

    def position_gate(
        self,
        visual_tokens: Float[Tensor, "*frames patches dim"],
        position: Float[Tensor, "*frames patches dim"],
        confidence: Float[Tensor, "*frames patches"],
    ) -> Float[Tensor, "*frames patches 1"]:
        """Return α in [0, 1], computed from [F; φ(C)] and, if the module was built so, from the confidence."""
        inputs = [visual_tokens, position]
        if self.confidence:
            inputs.append(confidence[..., None].to(position.dtype))
        return self.gate(torch.cat(inputs, dim=-1)).sigmoid()

    def _describe(self, coordinates: Float[Tensor, "*frames patches 3"]) -> Float[Tensor, "*frames patches inputs"]:
        """Return the features of C: C itself, or C with its sines and cosines.

        They are computed in single precision, because bfloat16 is too coarse for a phase.
        """
        coordinates = coordinates.float()
        if self.features == "raw":
            return coordinates
        octaves = 2.0 ** torch.arange(WAVES, device=coordinates.device)
        phase = (2 * torch.pi / SHORTEST_WAVE) * (coordinates[..., None] / octaves).flatten(-2)
        return torch.cat([coordinates, phase.sin(), phase.cos()], dim=-1)
