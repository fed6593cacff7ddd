"""The vision encoders: one token a patch, every frame alone."""

from __future__ import annotations

from dataclasses import dataclass

from ...encoders.geometry.encoder import native_size, nearest_size
from ...encoders.vision.efficientnet_lite0 import GROUPS, STEM_CHANNELS
from ...encoders.vision.encoder import VisionEncoder
from ..configuration import VLM2Config
from ..presets import SIGLIP_SO400M
from .counting import PATCH, BlockSize, Grid, layer, products


@dataclass(frozen=True)
class VisionTransformer:
    """An encoder of patches and blocks, such as SigLIP (1152 wide, 4304 hidden, 26 of 27 layers, 27×27 positions).

    `extra_tokens`: a class token and registers. `closing`: parameters after the blocks that are used.
    """

    block: BlockSize
    depth: int
    positions: int
    extra_tokens: int = 0
    closing: int = 0

    @property
    def parameters(self) -> int:
        """Patch convolution, positions (one for the class token where there are extra tokens), extra tokens, blocks."""
        width = self.block.width
        places = self.positions + (self.extra_tokens > 0) + self.extra_tokens
        return layer(3 * PATCH**2, width) + places * width + self.depth * self.block.parameters + self.closing

    def operations(self, frames: int, grid: Grid) -> int:
        """Return the operations; each frame's tokens attend to each other."""
        patches = grid[0] * grid[1]
        embedding = products(patches, 3 * PATCH**2, self.block.width)
        return frames * (embedding + self.depth * self.block.operations(patches + self.extra_tokens))

    def working(self, frames: int, grid: Grid) -> int:
        """Return the working numbers: the images, a block's, and twice what entered the first one."""
        patches = grid[0] * grid[1]
        tokens = frames * (patches + self.extra_tokens)
        return frames * patches * 3 * PATCH**2 + self.block.working(tokens) + 2 * tokens * self.block.width


@dataclass(frozen=True)
class EfficientNet:
    """EfficientNet-Lite0, from the table of its groups."""

    stride: int = 32

    def _convolutions(self, grid: Grid) -> list[tuple[int, int, int, int, int]]:
        """List (pixels out, pixels in, kernel, channels in a group, channels out) of all convolutions."""
        height, width = (side * self.stride // 2 for side in grid)
        found = [(height * width, 4 * height * width, 3, 3, STEM_CHANNELS)]
        channels = STEM_CHANNELS
        for count, kernel, stride, expansion, out in GROUPS:
            for index in range(count):
                before, inner = height * width, channels * expansion
                if expansion > 1:
                    found.append((before, before, 1, channels, inner))
                if index == 0 and stride > 1:
                    height, width = -(-height // stride), -(-width // stride)
                found.append((height * width, before, kernel, 1, inner))
                found.append((height * width, height * width, 1, inner, out))
                channels = out
        return found

    @property
    def parameters(self) -> int:
        """Every convolution has a bias: batch normalisation is folded in."""
        return sum(layer(kernel**2 * inside, out) for _, _, kernel, inside, out in self._convolutions((1, 1)))

    def operations(self, frames: int, grid: Grid) -> int:
        """Return the operations: each output pixel and channel is a sum over a kernel of the channels in its group;
        with stride 2 the kernel has a row and a column more."""
        rows = self._convolutions(grid)
        sums = ((out, (kernel + (out < before)) ** 2 * inside, wide) for out, before, kernel, inside, wide in rows)
        return frames * sum(products(*each) for each in sums)

    def working(self, frames: int, grid: Grid) -> int:
        """Return the working numbers: the images, as given and normalised, and of the widest block what goes in, what
        it is expanded to, and both again behind the convolution by channels."""
        pixels = 3 * grid[0] * grid[1] * self.stride**2
        rows = self._convolutions(grid)
        blocks = zip(rows, rows[1:], rows[2:], strict=False)
        widest = max(
            before * (entering + inner) + out * (inner + leaving)
            for (_, _, _, entering, _), (out, before, _, inside, inner), (_, _, _, _, leaving) in blocks
            if inside == 1
        )
        return frames * (2 * pixels + widest)


SIGLIP = VisionTransformer(
    BlockSize(SIGLIP_SO400M["hidden_size"], SIGLIP_SO400M["intermediate_size"]),
    depth=SIGLIP_SO400M["num_hidden_layers"],
    positions=(SIGLIP_SO400M["image_size"] // SIGLIP_SO400M["patch_size"]) ** 2,
)


def vision(config: VLM2Config) -> VisionTransformer | EfficientNet:
    """Return the sizes of a model's vision encoder. Raises ValueError for one that has no formula here."""
    name = config.vision["name"].partition(":")[0]
    if name not in (known := {"siglip": SIGLIP, "efficientnet-lite0": EfficientNet()}):
        raise ValueError(
            f"There is no capacity formula for the vision encoder {name!r}; there are formulas for {', '.join(known)}."
        )
    return known[name]


def sizes(config: VLM2Config, height: int, width: int, pixels: int | None = None) -> tuple[Grid, Grid]:
    """Return the grids of patches that vision and geometry encoder make of a frame of so many pixels. `pixels`: at most
    so many for a geometry encoder that sees images, in the place of the configuration's."""
    stride, side = config.vision["stride"], config.vision.get("side")
    seen = (side, side) if side else nearest_size(width / height, 2 * stride, VisionEncoder.max_pixels)
    grid = (seen[0] // stride, seen[1] // stride)
    if (limits := config.geometry.get("images")) is None:
        return grid, grid
    step = limits["stride"]
    shown = native_size(height, width, step, pixels or limits["max_pixels"])
    return grid, (shown[0] // step, shown[1] // step)
