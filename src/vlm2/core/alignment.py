"""Viewpoint-aware geometry alignment, from geometry and view tokens to G_vc = [MLP([G; ψ_v(Z)]) ; ψ_g(mean(Z))]."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn


class ViewpointAlignment(nn.Module):
    """Combine each geometry token with its viewpoint, and add one global view token Z_g per frame.

    G and Z come from another network with scales of its own, so both are normalised first [choice].
    """

    def __init__(self, geometry_dim: int, view_dim: int, dim: int) -> None:
        super().__init__()
        self.geometry_norm = nn.LayerNorm(geometry_dim)
        self.view_norm = nn.LayerNorm(view_dim)
        self.psi_v = nn.Sequential(nn.Linear(view_dim, view_dim), nn.GELU())
        self.psi_g = nn.Sequential(nn.Linear(view_dim, dim), nn.GELU(), nn.Linear(dim, dim))
        self.mlp = nn.Sequential(nn.Linear(geometry_dim + view_dim, dim), nn.GELU(), nn.Linear(dim, dim))

    def forward(
        self,
        geometry_tokens: Float[Tensor, "*frames patches geometry_dim"],
        view_tokens: Float[Tensor, "*frames patches view_dim"],
    ) -> Float[Tensor, "*frames aligned dim"]:
        """Return G_vc, patches + 1 tokens per frame: G_va of every patch, then Z_g.

        `frames` are any leading dimensions.
        """
        geometry, view = self.geometry_norm(geometry_tokens), self.view_norm(view_tokens)
        aligned = self.mlp(torch.cat([geometry, self.psi_v(view)], dim=-1))
        frame_view = self.psi_g(view.mean(dim=-2, keepdim=True))
        return torch.cat([aligned, frame_view], dim=-2)
