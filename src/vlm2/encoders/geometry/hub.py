"""Metric depth of transformers' depth estimation, beside a model's own geometry encoder.

Depth comes from the checkpoint (Depth Anything V2 metric, Depth Pro, ZoeDepth), by its own processor and
post-processing, a frame at a time. All else comes from the own encoder. Its geometry tokens, view tokens and confidence
are those on which the token memory was trained. Its poses, from which the camera is tracked, are brought to the scale
of the depth.

The focal length is the checkpoint's where it gives one, else the one that fits the own encoder's points, else
`USUAL_FOCAL`. Camera tracking refines it with the deviation `TrackingConfig.focal_deviation`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn import functional

from ..hub_checkpoint import PREFIX, load_pretrained, load_processor, read_pretrained_config
from .cameras import focal_length
from .encoder import Geometry, GeometryEncoder

if TYPE_CHECKING:
    from transformers import PreTrainedModel

USUAL_FOCAL = 0.8  # of the longer side, 64° across it; phones and webcams have 0.65 to 1.0
LEAST_FOCAL, LARGEST_FOCAL = 0.4, 2.0  # of the longer side: what is believed of the own encoder
FARTHEST = 100.0  # metres; what lies farther away, such as the sky, is cut to this
NEAREST = 0.01  # metres
POINT_STRIDE = 4  # pixels from point to point
IMAGES = {"stride": 14, "max_pixels": 307_200}  # of frames, for a model whose own encoder reads visual tokens
METRIC: dict[str, Callable[[Any], bool]] = {
    "depth_anything": lambda config: config.depth_estimation_type == "metric",
    "depth_pro": lambda config: True,
    "zoedepth": lambda config: True,
}
"""Whether a configuration of this model type is that of a model that measures in metres."""


class HubGeometry(GeometryEncoder):
    """Points from `model`, a depth model with its `processor`; tokens, confidence and poses from the encoder `own`.

    Its stored weights are those of `own` alone."""

    metric, needs_images = True, True

    def __init__(self, own: GeometryEncoder, model: PreTrainedModel, processor: Any) -> None:
        super().__init__()
        self.own, self.model, self.processor = own, model, processor
        self.geometry_dim, self.view_dim, self.window = own.geometry_dim, own.view_dim, own.window
        self.needs_visual_tokens = own.needs_visual_tokens

    def state_dict(self, *args: Any, **options: Any) -> dict[str, Any]:
        """Return the weights of `own`, under its names."""
        return self.own.state_dict(*args, **options)

    @torch.no_grad()
    def encode(
        self,
        images: Float[Tensor, "frames 3 height width"] | None,
        visual_tokens: Float[Tensor, "frames patches dim"] | None = None,
        grid: tuple[int, int] | None = None,
    ) -> Geometry:
        """Encode frames as `own` does, with the depth of `images`. Raises ValueError without images."""
        if images is None:
            raise ValueError("A depth model sees images, and none were given.")
        own = self.own.encode(images, visual_tokens, grid)
        found = [self.estimate(image) for image in images]
        height, width = images.shape[-2:]
        size = (max(height // POINT_STRIDE, 1), max(width // POINT_STRIDE, 1))
        depth = functional.interpolate(torch.stack([one for one, _ in found])[:, None], size, mode="nearest-exact")
        depth = depth[:, 0].to(own.local_points)
        given = [focal for _, focal in found if focal is not None]
        focal = sum(given) / len(given) if given else own_focal(own.local_points, height / width)
        poses = own.world_from_camera.clone()
        poses[:, :3, 3] *= depth.median() / own.local_points[..., 2].median().clamp(min=NEAREST)
        return replace(
            own,
            local_points=back_projected(depth, focal, height / width),
            confidence=functional.interpolate(own.confidence[:, None], size, mode="nearest-exact")[:, 0],
            world_from_camera=poses,
            metric=True,
        )

    def estimate(self, image: Float[Tensor, "3 height width"]) -> tuple[Float[Tensor, "height width"], float | None]:
        """Return the depth of a frame in metres, and its focal length in widths of the frame, where the model gives
        one."""
        pixels = (image * 255).round().byte().permute(1, 2, 0).cpu().numpy()
        height, width = pixels.shape[:2]
        inputs = self.processor(images=[Image.fromarray(pixels)], return_tensors="pt").to(self.model.device)
        # No name for the sizes, as in transformers' pipeline: they are of ZoeDepth's source, but of others' target.
        (found,) = self.processor.post_process_depth_estimation(self.model(**inputs), [(height, width)])
        focal = found.get("focal_length")
        depth = found["predicted_depth"].float().nan_to_num(FARTHEST).clamp(NEAREST, FARTHEST)
        return depth, None if focal is None else float(focal) / width


def own_focal(local_points: Float[Tensor, "frames rows columns 3"], aspect: float) -> float:
    """Return the focal length, in widths of the frame, that fits an encoder's points; `USUAL_FOCAL` where none does.
    `aspect` is the frame's height by its width."""
    focal = focal_length(local_points)
    longer = max(1.0, aspect)
    return focal if LEAST_FOCAL * longer < focal < LARGEST_FOCAL * longer else USUAL_FOCAL * longer


def back_projected(
    depth: Float[Tensor, "frames rows columns"], focal: float, aspect: float
) -> Float[Tensor, "frames rows columns 3"]:
    """Return the points at given depths in the camera's frame. `focal` is in widths of the frame, whose height by its
    width is `aspect`."""
    rows, columns = (
        ((torch.arange(count, device=depth.device) + 0.5) / count - 0.5) * side / focal
        for count, side in zip(depth.shape[1:], (aspect, 1.0), strict=True)
    )
    return torch.stack((columns.expand_as(depth) * depth, rows[:, None].expand_as(depth) * depth, depth), -1)


def load_depth(own: GeometryEncoder, name: str) -> HubGeometry:
    """Put the depth model of this name, `hub:OWNER/NAME` or `hub:FOLDER`, beside an encoder, on the encoder's device.

    Raises ValueError for one that cannot be had or loaded, and for one that does not measure in metres.
    """
    from transformers import AutoImageProcessor, AutoModelForDepthEstimation

    check_name(name)
    folder, config = read_pretrained_config(name.removeprefix(PREFIX))
    if (kind := config.model_type) not in METRIC:
        raise ValueError(f"{name} is a {kind}, which gives no depth in metres here; take one of {', '.join(METRIC)}.")
    if not METRIC[kind](config):
        raise ValueError(
            f"{name} gives relative depth, and objects need metres. Take a metric model, such as "
            "hub:depth-anything/Depth-Anything-V2-Metric-Indoor-Small-hf."
        )
    processor = load_processor(AutoImageProcessor, folder)
    model = load_pretrained(AutoModelForDepthEstimation, folder)
    return HubGeometry(own, model, processor).requires_grad_(False).eval()


def check_name(name: str) -> None:
    """Raise ValueError for a name that does not begin with `hub:`."""
    if not name.startswith(PREFIX) or name == PREFIX:
        raise ValueError(f"There is no geometry {name!r}: give hub:OWNER/NAME or hub:FOLDER of a depth model.")
