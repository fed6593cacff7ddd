"""The view-consistent 3D-aware representation H: position injection, alignment and fusion, one after another."""

from __future__ import annotations

from typing import cast

from jaxtyping import Float
from torch import Tensor, nn

from ..core.alignment import ViewpointAlignment
from ..core.fusion import Fusion
from ..core.position import PositionInjection
from .configuration import PositionFeatures, VLM2Config
from .frame_features import FrameFeatures


class Representation(nn.Module):
    """Turn what the frozen encoders say about frames into H. Frames do not see each other here."""

    def __init__(self, config: VLM2Config, geometry_dim: int, view_dim: int) -> None:
        super().__init__()
        dim = config.dim
        self.vision_projection = (
            nn.Sequential(nn.Linear(config.vision_config.dim, dim), nn.LayerNorm(dim))
            if config.vision_projection
            else None
        )
        self.spatial = config.representation == "3d"
        if self.spatial:
            self.position = PositionInjection(
                dim, cast(PositionFeatures, config.position_features), config.position_confidence, config.pass_through
            )
            self.alignment = ViewpointAlignment(geometry_dim, view_dim, dim)
            self.fusion = Fusion(dim, config.heads, config.fusion_residual, config.pass_through)

    def forward(self, features: FrameFeatures) -> Float[Tensor, "frames patches dim"]:
        """Return H."""
        visual_tokens = features.visual_tokens
        if self.vision_projection is not None:
            visual_tokens = self.vision_projection(visual_tokens)
        if not self.spatial:
            return visual_tokens
        positioned = self.position(visual_tokens, features.patch_coordinates, features.confidence)
        return self.fusion(positioned, self.alignment(features.geometry_tokens, features.view_tokens))
