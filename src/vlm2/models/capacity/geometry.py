"""The geometry encoder, π³: windows of frames to points, poses, G and Z."""

from __future__ import annotations

from dataclasses import dataclass

from ...encoders.geometry.pi3.config import DecoderSize, Pi3Config
from ...encoders.geometry.pi3.model import FRAMES_AT_ONCE
from ..configuration import VLM2Config
from .counting import PATCH, BlockSize, Grid, layer, products
from .vision import VisionTransformer


@dataclass(frozen=True)
class GeometrySize:
    """A π³ over windows of frames (arXiv 2507.13347): its DINOv2 or the projected visual tokens, a trunk whose blocks
    see a frame and the whole window by turns, three frame-wise decoders, heads."""

    config: Pi3Config

    @property
    def decoders(self) -> tuple[DecoderSize, DecoderSize, DecoderSize]:
        """Points, confidence, camera."""
        return self.config.points, self.config.confidence, self.config.camera

    @property
    def trunk(self) -> BlockSize:
        """A block with layer scales (2 vectors) and norms of queries and keys (2 of a head's width, with biases)."""
        config = self.config
        extra = 2 * config.width + 4 * (config.width // config.heads)
        return BlockSize(config.width, int(config.width * config.mlp_ratio), extra, rotated=True)

    @property
    def backbone(self) -> VisionTransformer | None:
        """The DINOv2 inside, of a π³ that sees images; its blocks have layer scales, a norm closes it."""
        config = self.config
        if config.input == "visual_tokens":
            return None
        block = BlockSize(config.width, int(config.width * config.mlp_ratio), extra=2 * config.width)
        return VisionTransformer(
            block, config.backbone_depth, config.backbone_positions**2, 1 + config.backbone_registers, 2 * config.width
        )

    @property
    def parameters(self) -> int:
        """Backbone or projection, registers, trunk, decoders, heads."""
        config = self.config
        camera = config.camera.out
        if self.backbone is not None:
            entrance = self.backbone.parameters
        else:
            places = layer(2 + 4 * config.position_frequencies, config.width, bias=False)
            projection = 2 * config.visual_dim + layer(config.visual_dim, config.width)
            entrance = projection + (places if config.position_frequencies else 0)
        decoders = sum(
            layer(2 * config.width, size.width) + size.depth * _decoder(size).parameters + layer(size.width, size.out)
            for size in self.decoders
        )
        maps = layer(config.points.out, 3 * config.points_per_side**2)
        maps += layer(config.confidence.out, config.points_per_side**2)
        pose = 8 * layer(camera, camera) + layer(camera, 3) + layer(camera, 9)
        return (
            entrance + config.registers * config.width + config.depth * self.trunk.parameters + decoders + maps + pose
        )

    def operations(self, frames: int, grid: Grid) -> int:
        """Return the operations on one window. Odd blocks of the trunk attend over all frames, so their attention grows
        with the square of the window."""
        config, patches = self.config, grid[0] * grid[1]
        tokens = patches + config.registers
        if self.backbone is not None:
            total = self.backbone.operations(frames, grid)
        else:
            places = 2 + 4 * config.position_frequencies if config.position_frequencies else 0
            total = products(frames * patches, config.visual_dim, config.width) + products(
                patches, places, config.width
            )
        window = frames * tokens
        total += (config.depth - config.depth // 2) * self.trunk.operations(window, tokens)
        total += config.depth // 2 * self.trunk.operations(window)
        for size in self.decoders:
            total += products(window, 2 * config.width, size.width)
            total += size.depth * _decoder(size).operations(window, tokens)
            total += products(frames * patches, size.width, size.out)
        total += products(frames * patches, config.points.out, 3 * config.points_per_side**2)
        total += products(frames * patches, config.confidence.out, config.points_per_side**2)
        camera = config.camera.out
        rotation = 2 * products(3, 3, 3)  # and its mirror, of which one is no rotation
        return total + frames * (products(6 * patches + 2, camera, camera) + products(1, camera, 12) + rotation)

    def working(self, frames: int, grid: Grid) -> int:
        """Return the working numbers of a window: the largest of the backbone's; of the trunk's (a block, the stream
        before it, angles); and, beside images and the trunk's output (twice its width), of the decoders, then the heads
        (about ten numbers a point), a piece of the frames after another, and of joining what the pieces gave."""
        config, patches = self.config, grid[0] * grid[1]
        tokens = frames * (patches + config.registers)
        pixels = frames * patches * 3 * PATCH**2
        images = 0 if self.backbone is None else 2 * pixels  # as given and normalised
        entrance = 0 if self.backbone is None else pixels + self.backbone.working(frames, grid)
        angles = 2 * config.width // config.heads * tokens
        trunk = images + self.trunk.working(tokens) + tokens * config.width + angles
        given, piece = images + 2 * config.width * tokens, min(frames, FRAMES_AT_ONCE)
        decoding, decoded = 0, self.kept(frames - piece, grid)
        for size in self.decoders:
            decoding = max(decoding, decoded + _decoder(size).working(piece * (patches + config.registers)))
            decoded += size.out * piece * patches
        heads = decoded + 10 * self.points(grid) * piece
        return max(entrance, trunk, given + max(decoding, heads, 2 * self.kept(frames, grid)))

    def points(self, grid: Grid) -> int:
        """Return how many points a frame has."""
        return grid[0] * grid[1] * self.config.points_per_side**2

    def kept(self, frames: int, grid: Grid) -> int:
        """Return the numbers that frames leave for what follows: points (3) and their confidence, G and Z."""
        return frames * (4 * self.points(grid) + grid[0] * grid[1] * (self.config.points.out + self.config.camera.out))


def _decoder(size: DecoderSize) -> BlockSize:
    return BlockSize(size.width, int(size.width * size.mlp_ratio), rotated=True)


def geometry(config: VLM2Config) -> GeometrySize:
    """Return the sizes of a model's geometry encoder. Raises ValueError for one that has no formula here."""
    if config.geometry["name"] != "pi3":
        raise ValueError(
            f"There is no capacity formula for the geometry encoder {config.geometry['name']!r}, only for pi3."
        )
    return GeometrySize(Pi3Config.from_dict(config.geometry["config"]))
