"""A vision encoder with stages, of no weight."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from vlm2.encoders.vision import VisionEncoder


class ToyStages(VisionEncoder):
    """Three maps of the shapes of EfficientNet-Lite0's stages."""

    name, dim, stride = "toy-stages", 8, 32

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 4, 1)
        self.freeze()

    def forward(self, images: Tensor) -> Tensor:
        return self.tokens_and_stages(images)[0]

    @torch.no_grad()
    def stages(self, images: Tensor) -> tuple[Tensor, ...]:
        values = self.layer(images)
        return tuple(
            functional.avg_pool2d(values, stride).repeat(1, channels // 4, 1, 1)
            for stride, channels in ((8, 40), (16, 112), (32, 320))
        )

    def tokens_and_stages(self, images: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        stages = self.stages(images)
        return stages[2][:, :8].flatten(2).transpose(1, 2), stages
