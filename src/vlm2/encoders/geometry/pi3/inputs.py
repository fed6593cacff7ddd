"""The two ways into π³'s trunk: a DINOv2 of its own, or the features of a vision encoder that ran already."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from .block import EPSILON, TransformerBlock
from .config import Pi3Config

PATCH = 14  # pixels a side, DINOv2's


class PatchEmbedding(nn.Module):
    """Pixels of a patch to a token."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, kernel_size=PATCH, stride=PATCH)

    def forward(self, images: Float[Tensor, "frames 3 height width"]) -> Float[Tensor, "frames patches dim"]:
        """Embed patches row by row."""
        return self.proj(images).flatten(2).transpose(1, 2)


class Dinov2(nn.Module):
    """DINOv2 with registers (arXiv 2309.16588), patch tokens only, under the names of the published π³ weights."""

    def __init__(self, config: Pi3Config) -> None:
        super().__init__()
        width = config.width
        self.side = config.backbone_positions
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.side**2, width))
        self.register_tokens = nn.Parameter(torch.zeros(1, config.backbone_registers, width))
        self.patch_embed = PatchEmbedding(width)
        self.blocks = nn.ModuleList(
            TransformerBlock(width, config.heads, config.mlp_ratio, layer_scale=1.0)
            for _ in range(config.backbone_depth)
        )
        self.norm = nn.LayerNorm(width, eps=EPSILON)

    def positions(self, grid: tuple[int, int]) -> Float[Tensor, "1 patches width"]:
        """Resample the learnt square of positions to a grid."""
        square = self.pos_embed[:, 1:].float().unflatten(1, (self.side, self.side)).permute(0, 3, 1, 2)
        if grid != (self.side, self.side):
            square = functional.interpolate(square, size=grid, mode="bicubic", antialias=True)
        return square.flatten(2).transpose(1, 2)

    def forward(self, images: Float[Tensor, "frames 3 height width"]) -> Float[Tensor, "frames patches dim"]:
        """Encode normalised images to normalised patch tokens."""
        grid = (images.shape[-2] // PATCH, images.shape[-1] // PATCH)
        patches = self.patch_embed(images)
        patches = patches + self.positions(grid).to(patches.dtype)
        frames = len(patches)
        x = torch.cat(
            (
                (self.cls_token + self.pos_embed[:, :1]).expand(frames, -1, -1),
                self.register_tokens.expand(frames, -1, -1),
                patches,
            ),
            dim=1,
        )
        for block in self.blocks:
            x = block(x)
        return self.norm(x[:, -patches.shape[1] :])


class VisualTokens(nn.Module):
    """A frozen vision encoder's features to the trunk's width, with the patch's place in the image added.

    Places are in units of half the longer side, 0 at the image's centre, so that they keep the aspect ratio.
    """

    def __init__(self, config: Pi3Config) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.visual_dim, eps=EPSILON)
        self.proj = nn.Linear(config.visual_dim, config.width)
        self.octaves = config.position_frequencies
        self.place = nn.Linear(2 + 4 * self.octaves, config.width, bias=False) if self.octaves else None

    def features(self, grid: tuple[int, int], device: torch.device) -> Float[Tensor, "patches features"]:
        """Describe the patches' places by their coordinates and the sines and cosines of octaves of them."""
        longer = max(grid)
        rows, columns = ((2 * torch.arange(n, device=device) + 1 - n) / longer for n in grid)
        place = torch.cartesian_prod(rows, columns)
        angles = place[:, :, None] * (math.pi / 2) * 2.0 ** torch.arange(self.octaves, device=device)
        return torch.cat((place, angles.sin().flatten(1), angles.cos().flatten(1)), dim=1)

    def forward(
        self, visual_tokens: Float[Tensor, "frames patches visual_dim"], grid: tuple[int, int]
    ) -> Float[Tensor, "frames patches width"]:
        """Project features and add places."""
        x = self.proj(self.norm(visual_tokens.float()))
        return x if self.place is None else x + self.place(self.features(grid, x.device))
