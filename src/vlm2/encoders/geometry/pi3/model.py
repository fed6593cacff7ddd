"""π³: permutation-equivariant geometry of unordered frames (arXiv 2507.13347), published and compact."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..cameras import in_first_camera
from ..encoder import Geometry, GeometryEncoder
from .block import TransformerBlock
from .config import Pi3Config
from .heads import CameraHead, Decoder, PatchMap
from .inputs import PATCH, Dinov2, VisualTokens
from .rope import RotaryTable, grid_positions, rotary_table

TYPICAL_DEPTH = 2.5  # metres: where the untrained compact model starts
FRAMES_AT_ONCE = 16  # through decoders and heads, where no gradient is kept


@dataclass(frozen=True)
class Pi3Output:
    """The output for a batch of windows. All poses of a window are in one arbitrary frame."""

    local_points: Float[Tensor, "batch frames height width 3"]
    confidence_logits: Float[Tensor, "batch frames height width"]
    shared_from_camera: Float[Tensor, "batch frames 4 4"]
    geometry_tokens: Float[Tensor, "batch frames patches geometry_dim"]
    view_tokens: Float[Tensor, "batch frames patches view_dim"]


class Pi3(GeometryEncoder):
    """π³. Even blocks of the trunk attend within a frame, odd ones over all frames of a window."""

    image_mean: Tensor
    image_std: Tensor

    def __init__(self, config: Pi3Config) -> None:
        super().__init__()
        self.config = config
        self.geometry_dim, self.view_dim = config.points.out, config.camera.out
        self.metric, self.window = config.metric, config.window
        self.needs_visual_tokens = config.input == "visual_tokens"
        self.in_bfloat16 = False
        if self.needs_visual_tokens:
            self.encoder = VisualTokens(config)
        else:
            self.encoder = Dinov2(config)
            self.register_buffer("image_mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
            self.register_buffer("image_std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))
        self.register_token = nn.Parameter(1e-6 * torch.randn(1, 1, config.registers, config.width))
        self.decoder = nn.ModuleList(
            TransformerBlock(config.width, config.heads, config.mlp_ratio, qk_norm=True, layer_scale=config.layer_scale)
            for _ in range(config.depth)
        )
        self.point_decoder, self.conf_decoder, self.camera_decoder = (
            Decoder(2 * config.width, size, config.registers, config.rope_base)
            for size in (config.points, config.confidence, config.camera)
        )
        self.point_head = PatchMap(config.points.out, 3, config.points_per_side)
        self.conf_head = PatchMap(config.confidence.out, 1, config.points_per_side)
        self.camera_head = CameraHead(config.camera.out)
        if config.metric:
            self._start_plausibly()

    def _start_plausibly(self) -> None:
        """Start near the truth: a wall at a typical depth, a camera that does not move.

        And with queries equal to keys where blocks see all frames, so that a patch attends to its like.
        """
        with torch.no_grad():
            for block in list(self.decoder)[1::2]:
                query, key, _ = block.get_parameter("attn.qkv.weight").chunk(3)
                key.copy_(query)
            self.point_head.proj.bias.zero_()
            self.point_head.proj.bias[2 * self.config.points_per_side**2 :] = torch.tensor(TYPICAL_DEPTH).log()
            self.camera_head.fc_rot.bias.copy_(torch.eye(3).flatten())
            self.camera_head.fc_t.bias.zero_()

    def to_bfloat16(self) -> Pi3:
        """Keep the matrices of trunk and decoders in bfloat16, and compute with them in it; the norms, the residual
        stream and the heads stay in single precision, as under autocast. Return self."""
        parts = (self.encoder, self.decoder, self.point_decoder, self.conf_decoder, self.camera_decoder)
        for layer in (layer for part in parts for layer in part.modules()):
            if isinstance(layer, nn.Linear | nn.Conv2d):
                layer.to(torch.bfloat16)
        self.in_bfloat16 = True
        return self

    def trunk(
        self, tokens: Float[Tensor, "batch frames patches width"], grid: tuple[int, int]
    ) -> Float[Tensor, "all_frames tokens trunk"]:
        """Run the alternating blocks; the last two blocks' outputs side by side, registers first."""
        batch, frames = tokens.shape[:2]
        x = torch.cat((self.register_token.expand(batch, frames, -1, -1).to(tokens.dtype), tokens), dim=2)
        per_frame = x.shape[2]
        positions = grid_positions(grid, self.config.registers, x.device)
        table = rotary_table(positions, self.config.width // self.config.heads, self.config.rope_base)
        table_all = RotaryTable(*(part.repeat(1, 1, frames, 1) for part in table))
        x = before = x.flatten(0, 1)
        for index, block in enumerate(self.decoder):
            before = x
            if index % 2 == 0:
                x = block(x, table)
            else:
                x = block(x.reshape(batch, frames * per_frame, -1), table_all).reshape(batch * frames, per_frame, -1)
        return torch.cat((before, x), dim=-1)

    def tokens(
        self, source: Float[Tensor, "batch frames ..."], grid: tuple[int, int]
    ) -> Float[Tensor, "batch frames patches width"]:
        """Turn images in [0, 1] or visual tokens into the trunk's tokens."""
        flat = source.flatten(0, 1)
        if self.needs_visual_tokens:
            return self.encoder(flat, grid).unflatten(0, source.shape[:2])
        return self.encoder((flat - self.image_mean) / self.image_std).unflatten(0, source.shape[:2])

    def forward(self, source: Float[Tensor, "batch frames ..."], grid: tuple[int, int]) -> Pi3Output:
        """Read windows of visual tokens (patches, visual_dim) on `grid`, or of images (3, height, width).

        Heads stay in 32 bits under autocast: poses and depths do not survive 8 bits of mantissa.
        """
        autocast = torch.autocast(source.device.type, torch.bfloat16) if self.in_bfloat16 else nullcontext()
        with autocast:
            hidden = self.trunk(self.tokens(source, grid), grid)
            # What follows sees every frame alone, and takes more memory than the trunk.
            pieces = (hidden,) if torch.is_grad_enabled() else hidden.split(FRAMES_AT_ONCE)
            parts = zip(*(self._decode(piece, grid) for piece in pieces), strict=True)
        return Pi3Output(*(torch.cat(part).unflatten(0, source.shape[:2]) for part in parts))

    def _decode(self, hidden: Float[Tensor, "frames tokens trunk"], grid: tuple[int, int]) -> tuple[Tensor, ...]:
        point_tokens = self.point_decoder(hidden, grid)
        confidence_tokens = self.conf_decoder(hidden, grid)
        camera_tokens = self.camera_decoder(hidden, grid)
        with _no_autocast(hidden.device.type):
            ray, log_depth = self.point_head(point_tokens.float(), grid).split((2, 1), dim=-1)
            depth = log_depth.exp()
            local_points = torch.cat((ray * depth, depth), dim=-1)
            confidence = self.conf_head(confidence_tokens.float(), grid)[..., 0]
            poses = self.camera_head(camera_tokens.float())
        return local_points, confidence, poses, point_tokens.float(), camera_tokens.float()

    @torch.no_grad()
    def encode(
        self,
        images: Float[Tensor, "frames 3 height width"] | None,
        visual_tokens: Float[Tensor, "frames patches dim"] | None = None,
        grid: tuple[int, int] | None = None,
    ) -> Geometry:
        """Encode frames together; the first frame's camera frame becomes the world frame."""
        if self.needs_visual_tokens:
            source, grid = self._checked_tokens(visual_tokens, grid)
        else:
            source, grid = self._checked_images(images)
        if len(source) > self.window:
            raise ValueError(
                f"{len(source)} frames at once, but this encoder sees at most {self.window}; "
                "vlm2.models.windows joins more."
            )
        output = self(source[None], grid)
        return Geometry(
            local_points=output.local_points[0],
            confidence=output.confidence_logits[0].sigmoid(),
            world_from_camera=in_first_camera(output.shared_from_camera)[0],
            geometry_tokens=output.geometry_tokens[0],
            view_tokens=output.view_tokens[0],
            grid=grid,
            metric=self.metric,
        )

    def _checked_tokens(
        self, visual_tokens: Tensor | None, grid: tuple[int, int] | None
    ) -> tuple[Tensor, tuple[int, int]]:
        if visual_tokens is None or grid is None:
            raise ValueError("This π³ reads the vision encoder's features: give visual_tokens and their grid.")
        patches, dim = visual_tokens.shape[-2:]
        if patches != grid[0] * grid[1] or dim != self.config.visual_dim:
            raise ValueError(
                f"visual_tokens of {patches} patches × {dim} channels do not fit the grid {grid} × "
                f"{self.config.visual_dim} channels."
            )
        return visual_tokens, grid

    def _checked_images(self, images: Tensor | None) -> tuple[Tensor, tuple[int, int]]:
        if images is None:
            raise ValueError("This π³ sees images: give images in [0, 1], with sides that are multiples of 14 pixels.")
        height, width = images.shape[-2:]
        if height % PATCH or width % PATCH:
            raise ValueError(f"Images of {height} × {width} pixels: both sides must be multiples of {PATCH}.")
        return images, (height // PATCH, width // PATCH)


def _no_autocast(device_type: str) -> AbstractContextManager:
    """Switch autocast off, on devices that have it; the meta device has none."""
    available = torch.amp.is_autocast_available(device_type)
    return torch.autocast(device_type, enabled=False) if available else nullcontext()
