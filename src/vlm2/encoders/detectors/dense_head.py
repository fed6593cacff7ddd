"""The dense head of our detector: what each cell of the frame shows, from the frozen vision encoder's stages."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

STAGE_CHANNELS = (40, 112, 320)  # of EfficientNet-Lite0 at strides 8, 16 and 32
STAGE_DEVIATIONS = (4.0, 6.7, 3.0)
STRIDE = 8  # pixels of a cell


@dataclass(frozen=True)
class DenseHeadConfig:
    """`labels` are the classes of a cell: the first is "nothing in particular", the last `surfaces` are of the room."""

    labels: tuple[str, ...]
    surfaces: int = 3
    width: int = 128  # channels at strides 16 and 32
    fine_width: int = 96  # channels at stride 8


@dataclass(frozen=True)
class DensePrediction:
    """The prediction for each cell, in metres in the camera's frame.

    `label` holds logits. `vote` leads from the cell to the middle of its thing in the image, in units of four cells;
    `center` leads from the visible point to the centre of the thing's box. `size` holds the natural logarithms of long
    side, short side and height, `depth` that of the depth. `heading` is the cosine and the sine of twice the angle of
    the long side, from the camera's right to its forward direction. `up` is the vertical.
    """

    label: Float[Tensor, "frames labels rows columns"]
    vote: Float[Tensor, "frames 2 rows columns"]
    center: Float[Tensor, "frames 3 rows columns"]
    size: Float[Tensor, "frames 3 rows columns"]
    heading: Float[Tensor, "frames 2 rows columns"]
    depth: Float[Tensor, "frames 1 rows columns"]
    up: Float[Tensor, "frames 3 rows columns"]


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions and their input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(channels)

    def forward(self, features: Tensor) -> Tensor:
        """Map [frames, channels, rows, columns] to the same shape."""
        inner = functional.relu(self.first_norm(self.first(features)))
        return functional.relu(features + self.second_norm(self.second(inner)))


class DenseHead(nn.Module):
    """A feature pyramid: laterals summed from coarse to fine, a residual block at each stride, one 1×1 output."""

    def __init__(self, config: DenseHeadConfig) -> None:
        super().__init__()
        self.config = config
        wide, fine = config.width, config.fine_width
        widths = zip(STAGE_CHANNELS, (fine, wide, wide), strict=True)
        self.laterals = nn.ModuleList(nn.Conv2d(channels, width, 1) for channels, width in widths)
        self.blocks = nn.ModuleList(ResidualBlock(w) for w in (fine, wide, wide))
        self.narrow = nn.Conv2d(wide, fine, 1)
        self.dropout = nn.Dropout2d(0.1)
        self.channels = (len(config.labels), 2, 3, 3, 2, 1, 3)
        self.output = nn.Conv2d(fine, sum(self.channels), 1)

    def forward(self, stages: tuple[Tensor, Tensor, Tensor]) -> DensePrediction:
        """Predict every cell at stride 8, from stages [frames, channels, rows, columns] at strides 8, 16 and 32."""
        return self.divided(self.convolve(*stages))

    def divided(self, output: Float[Tensor, "frames channels rows columns"]) -> DensePrediction:
        """Split an output of `convolve` into its predictions."""
        return DensePrediction(*output.float().split(self.channels, dim=1))

    def convolve(self, *stages: Tensor) -> Tensor:
        """Return the output [frames, channels, rows, columns] for stages as `forward` takes them."""
        fine, middle, coarse = (
            lateral(stage / deviation)
            for lateral, stage, deviation in zip(self.laterals, stages, STAGE_DEVIATIONS, strict=True)
        )
        coarse = self.blocks[2](functional.relu(coarse))
        middle = self.blocks[1](functional.relu(middle + functional.interpolate(coarse, scale_factor=2.0)))
        finer = functional.interpolate(self.narrow(middle), scale_factor=2.0)
        fine = self.blocks[0](functional.relu(fine + finer))
        return self.output(self.dropout(fine))
