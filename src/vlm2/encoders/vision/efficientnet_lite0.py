"""EfficientNet-Lite0 (Tan and Le 2019, the Lite variant of 2020): mini's vision encoder.

Convolutions only, no squeeze-and-excite, ReLU6. Batch normalisation was folded into the convolutions when the part was
prepared (weights.py), so every convolution here has a bias. Layers pad as TensorFlow does, where the weights come from.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from ..weights import find_part
from .encoder import VisionEncoder

# Groups of blocks: (blocks, kernel, stride of the first, expansion, channels). The stem (32 channels) has stride 2.
GROUPS = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM_CHANNELS = 32
# The last block of each stride, whose output is a stage: strides 8, 16 and 32.
STAGE_BLOCKS = (4, 10, 15)
# Standard deviation of the stages of strides 16 and 32 on video of a home; tokens are divided by it.
STAGE_DEVIATIONS = (6.7, 3.0)


class Convolution(nn.Conv2d):
    """A convolution padded to give size / stride pixels, the odd pixel of padding at the right and the bottom. With
    stride 2 it takes images of even sides."""

    def forward(self, input: Tensor) -> Tensor:
        """Convolve [batch, channels, height, width]."""
        kernel, stride, weight = self.kernel_size[0], self.stride[0], self.weight
        if stride == 2:  # a zero row and column before the kernel do what padding behind the image would, unpadded
            weight = functional.pad(weight, (1, 0, 1, 0))
        return functional.conv2d(input, weight, self.bias, stride, padding=kernel // 2, groups=self.groups)


class InvertedResidual(nn.Module):
    """An inverted residual: expand, convolve each channel, project; add the input where shapes allow."""

    def __init__(self, channels: int, kernel: int, stride: int, expansion: int, out_channels: int) -> None:
        super().__init__()
        inner = channels * expansion
        self.expand = Convolution(channels, inner, 1) if expansion > 1 else None
        self.depthwise = Convolution(inner, inner, kernel, stride, groups=inner)
        self.project = Convolution(inner, out_channels, 1)
        self.residual = stride == 1 and channels == out_channels

    def forward(self, features: Tensor) -> Tensor:
        """Map [batch, channels, height, width] to [batch, out_channels, height / stride, width / stride]."""
        inner = features if self.expand is None else functional.relu6(self.expand(features), inplace=True)
        out = self.project(functional.relu6(self.depthwise(inner), inplace=True))
        return out + features if self.residual else out


class EfficientNetLite0(VisionEncoder):
    """Tokens of stride 32 and width 768: the last stage's 320 channels beside the 2×2 cells of the 112 at stride 16."""

    name = "efficientnet-lite0"
    dim = 320 + 4 * 112
    stride = 32
    mean = (127 / 255, 127 / 255, 127 / 255)
    std = (128 / 255, 128 / 255, 128 / 255)

    def __init__(self) -> None:
        super().__init__()
        self.stem = Convolution(3, STEM_CHANNELS, 3, 2)
        self.blocks = nn.ModuleList()
        channels = STEM_CHANNELS
        for count, kernel, stride, expansion, out_channels in GROUPS:
            for index in range(count):
                self.blocks.append(InvertedResidual(channels, kernel, 1 if index else stride, expansion, out_channels))
                channels = out_channels
        self.freeze()

    @torch.no_grad()
    def stages(self, images: Float[Tensor, "frames 3 height width"]) -> tuple[Tensor, Tensor, Tensor]:
        """Return the maps [frames, channels, rows, columns] of strides 8, 16 and 32 (40, 112 and 320 channels)."""
        self.check_size(*images.shape[-2:])
        # channels last: half the time on a CPU, for depthwise convolutions
        pixels = self.normalise(images).contiguous(memory_format=torch.channels_last)
        features = functional.relu6(self.stem(pixels), inplace=True)
        stages = []
        for index, block in enumerate(self.blocks):
            features = block(features)
            if index in STAGE_BLOCKS:
                stages.append(features)
        eighth, sixteenth, last = stages
        return eighth, sixteenth, last

    @torch.no_grad()
    def forward(self, images: Float[Tensor, "frames 3 height width"]) -> Float[Tensor, "frames patches dim"]:
        """Encode images in [0, 1] whose sides are multiples of 32 pixels; patches in row-major order."""
        _, sixteenth, last = self.stages(images)
        cells = functional.pixel_unshuffle(sixteenth / STAGE_DEVIATIONS[0], 2)
        return torch.cat([last / STAGE_DEVIATIONS[1], cells], dim=1).flatten(2).transpose(1, 2)


def build() -> EfficientNetLite0:
    """Build an untrained encoder."""
    return EfficientNetLite0()


def load() -> EfficientNetLite0:
    """Load the prepared part. Raises MissingPart when it is not there."""
    encoder = build()
    encoder.load_state_dict(load_file(find_part(EfficientNetLite0.name) / "model.safetensors"))
    return encoder


def fold(source: dict[str, Tensor], epsilon: float = 1e-3) -> dict[str, Tensor]:
    """Fold the published checkpoint's batch normalisations into its convolutions: an EfficientNetLite0 state dict.

    The classification head is left out. Raises KeyError when the checkpoint has other names.
    """
    state: dict[str, Tensor] = {}

    def put(name: str, convolution: str, norm: str) -> None:
        scale = source[f"{norm}.weight"] / torch.sqrt(source[f"{norm}.running_var"] + epsilon)
        state[f"{name}.weight"] = source[f"{convolution}.weight"] * scale[:, None, None, None]
        state[f"{name}.bias"] = source[f"{norm}.bias"] - source[f"{norm}.running_mean"] * scale

    put("stem", "_conv_stem", "_bn0")
    for index in range(sum(group[0] for group in GROUPS)):
        here, there = f"blocks.{index}", f"_blocks.{index}"
        if index:  # the first block does not expand
            put(f"{here}.expand", f"{there}._expand_conv", f"{there}._bn0")
        put(f"{here}.depthwise", f"{there}._depthwise_conv", f"{there}._bn1")
        put(f"{here}.project", f"{there}._project_conv", f"{there}._bn2")
    return state
