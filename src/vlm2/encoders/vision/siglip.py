"""SigLIP so400m-patch14-384 (Zhai et al. 2023) as in LLaVA-Video: without the last layer and the final normalisation.

The option after the colon is a folder or a hub name: `siglip:/weights/siglip`. The number of layers is
`feature_layers` in config.json, which `vlm2 import` writes; by default all layers but the last.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import SiglipVisionConfig, SiglipVisionModel

from .encoder import VisionEncoder

HUB_NAME = "google/siglip-so400m-patch14-384"
# Its sizes, without the last of its 27 layers.
SIGLIP_SO400M = {
    "model_type": "siglip_vision_model",
    "hidden_size": 1152,
    "intermediate_size": 4304,
    "num_hidden_layers": 26,
    "num_attention_heads": 16,
    "image_size": 384,
    "patch_size": 14,
    "hidden_act": "gelu_pytorch_tanh",
    "layer_norm_eps": 1e-6,
    "vision_use_head": False,
}


class SigLIP(VisionEncoder):
    """Tokens of the last used layer. The frame is resized to the square on which the encoder was trained."""

    name = "siglip"
    mean = (0.5, 0.5, 0.5)
    std = (0.5, 0.5, 0.5)

    def __init__(self, backbone: SiglipVisionModel) -> None:
        super().__init__()
        config = backbone.config
        self.dim, self.stride, self.side = (
            int(str(number)) for number in (config.hidden_size, config.patch_size, config.image_size)
        )
        self.max_pixels = self.side**2
        self.embeddings = backbone.embeddings
        used = getattr(config, "feature_layers", len(backbone.encoder.layers) - 1)
        self.layers = backbone.encoder.layers[:used]
        self.freeze()

    def frame_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the encoder's square (384×384) for every frame, because the position embeddings are fixed."""
        return self.side, self.side

    def check_size(self, height: int, width: int) -> None:
        """Raise ValueError if the frame is not the encoder's square."""
        if (height, width) != (self.side, self.side):
            raise ValueError(f"{self.name} takes frames of {self.side}×{self.side} pixels, not {width}×{height}.")

    @torch.no_grad()
    def forward(self, images: Float[Tensor, "frames 3 height width"]) -> Float[Tensor, "frames patches dim"]:
        """Encode square images in [0, 1]. Patches are in row-major order."""
        self.check_size(*images.shape[-2:])
        hidden = self.embeddings(self.normalise(images))
        for layer in self.layers:
            hidden = layer(hidden, None)
        return hidden


class Trunk(SiglipVisionModel):
    """SigLIP's encoder as LLaVA-Video stores it. The modules after the layers are not used and may be missing."""

    _keys_to_ignore_on_load_missing: ClassVar = [r"post_layernorm\.", r"head\."]


def load(source: str = HUB_NAME) -> SigLIP:
    """Load the published weights from the hub or a folder. Raises ValueError if they cannot be read."""
    try:
        return SigLIP(Trunk.from_pretrained(source))
    except OSError as error:
        raise ValueError(
            f"The vision encoder siglip could not be read from {source!r}: {error}. Give a folder that holds it "
            f"(config.json, model.safetensors), or connect to the Hugging Face hub, where it is {HUB_NAME}."
        ) from error


def build(source: str = HUB_NAME) -> SigLIP:
    """Build an untrained encoder of the sizes in a folder's config.json; without that file, of the published sizes."""
    if (Path(source) / "config.json").is_file():
        return SigLIP(SiglipVisionModel(SiglipVisionConfig.from_pretrained(source)))
    config = SiglipVisionConfig(**SIGLIP_SO400M)
    config.feature_layers = config.num_hidden_layers
    return SigLIP(SiglipVisionModel(config))
