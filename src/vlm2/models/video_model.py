"""VideoModel: frames in, a 3D-aware representation and the dual memory. The half of a model before any language."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..core import DualMemory
from ..encoders.geometry.encoder import GeometryEncoder
from ..encoders.runtime import Runtime
from ..encoders.vision import VisionEncoder
from .configuration import VLM2Config
from .frame_features import FrameEncoder, FrameFeatures
from .parts import load_geometry, load_vision
from .representation import Representation
from .windows import WindowEncoder


class VideoModel(nn.Module):
    """The half of a model that a session needs to watch. It needs no model class of transformers, whose import takes
    seconds. `VLM2ForConditionalGeneration` is a VideoModel with a language model.

    The way of a video: `encode` (frozen) → FrameFeatures → `represent` → H → `memory` → M. Frozen parts that are not
    given are loaded as the configuration names them. `unloaded`: the tensors that the checkpoint of this model holds
    beside those of this half. `runtime` computes the vision encoder.
    """

    config: VLM2Config
    vision: VisionEncoder
    geometry: GeometryEncoder
    representation: Representation
    memory: DualMemory
    runtime: Runtime = "torch"

    def __init__(
        self, config: VLM2Config, vision: VisionEncoder | None = None, geometry: GeometryEncoder | None = None
    ) -> None:
        super().__init__()
        self.config = config
        self.unloaded: dict[str, Tensor] = {}  # no buffers: they are moved nowhere and saved nowhere
        self.vision = load_vision(config) if vision is None else vision
        self.geometry = load_geometry(config) if geometry is None else geometry.requires_grad_(False)
        self.representation = Representation(config, self.geometry.geometry_dim, self.geometry.view_dim)
        self.memory = DualMemory(config.memory)

    def train(self, mode: bool = True) -> VideoModel:
        """Train the trained parts; the geometry encoder is frozen and stays in eval mode."""
        super().train(mode)
        self.geometry.eval()
        return self

    def use_openvino(self) -> None:
        """Compute the vision encoder in OpenVINO from now on. Raises ValueError for one that PyTorch alone computes."""
        self.vision.use_openvino()
        self.runtime = "openvino"

    @property
    def frame_encoder(self) -> FrameEncoder:
        """The frozen encoders, with camera tracking and loop closure as configured."""
        return FrameEncoder(self.vision, WindowEncoder.of(self.geometry, self.config.geometry_config))

    @property
    def context_length(self) -> int | None:
        """How many positions the language model reads, video included; None where its configuration has no limit.
        Raises ValueError for a configuration whose limit is no whole number."""
        text = self.config.text_config
        limit = (text if isinstance(text, dict) else vars(text)).get("max_position_embeddings")
        if not isinstance(limit, int | None):
            raise ValueError(f"text_config.max_position_embeddings={limit!r} is no whole number of positions.")
        return limit

    @torch.no_grad()
    def encode(
        self,
        images: Float[Tensor, "frames 3 height width"],
        times: Float[Tensor, " frames"],
        geometry_images: Float[Tensor, "frames 3 geometry_height geometry_width"] | None = None,
    ) -> FrameFeatures:
        """Run the frozen encoders over a video: whole frames in [0, 1] of a size that `vision.frame_size` gives, and
        their times in seconds. `geometry_images`: the same frames at the size of a geometry encoder that sees images.
        Raises ValueError for frames of another size."""
        return self.frame_encoder.encode(images, times, geometry_images)

    def represent(self, features: FrameFeatures) -> Float[Tensor, "frames patches dim"]:
        """Return H, the 3D-aware representation, of every frame on its own."""
        return self.representation(features)
