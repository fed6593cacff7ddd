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
        self.layer, self.deeper = nn.Conv2d(3, 4, 1), nn.Conv2d(40, 8, 1)
        self.freeze()

    def forward(self, images: Tensor) -> Tensor:
        return self.tokens_and_stages(images)[0]

    @torch.no_grad()
    def stages(self, images: Tensor) -> tuple[Tensor, ...]:
        eighth = functional.avg_pool2d(self.layer(images.to(self.layer.weight)), 8).repeat(1, 10, 1, 1)
        return eighth, *self.later_stages(eighth)

    def later_stages(self, eighth: Tensor) -> tuple[Tensor, Tensor]:
        values = self.deeper(eighth)
        sixteenth, last = (functional.avg_pool2d(values, side) for side in (2, 4))
        return sixteenth.repeat(1, 14, 1, 1), last.repeat(1, 40, 1, 1)

    def later_parameters(self) -> dict[str, nn.Parameter]:
        return {f"deeper.{name}": value for name, value in self.deeper.named_parameters()}

    def tokens_and_stages(self, images: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        stages = self.stages(images)
        return stages[2][:, :8].flatten(2).transpose(1, 2), stages
