"""The interface of a frozen vision encoder: frames in, one token for each patch out."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..geometry.encoder import nearest_size


class VisionEncoder(nn.Module, ABC):
    """A frozen 2D encoder that computes F, the visual tokens. Each subclass has its own file.

    `dim` is the width of a token, `stride` the side of a patch in pixels, `mean` and `std` are the normalisation of RGB
    in [0, 1]. Parameters never require gradients, and the module stays in eval mode.
    """

    name: str
    dim: int
    stride: int
    max_pixels: int = 65_536
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)

    def freeze(self) -> VisionEncoder:
        """Return self in eval mode, without gradients."""
        return self.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> VisionEncoder:
        """Stay in eval mode: the encoder is frozen."""
        return super().train(False)

    def use_openvino(self) -> None:
        """Compute in OpenVINO from now on. Raises ValueError for an encoder that PyTorch alone computes."""
        raise ValueError(f"OpenVINO does not compute the vision encoder {self.name}; leave out the runtime.")

    def frame_size(self, height: int, width: int) -> tuple[int, int]:
        """Choose the (height, width) in pixels to which a whole frame of the given size is resized.

        Sides are multiples of two patches, so that 2×2 pooling of the grid works. The result has between half of
        `max_pixels` and `max_pixels`. Among these sizes the nearest aspect ratio wins, then the larger size. Raises
        ValueError for a frame without pixels.
        """
        if height < 1 or width < 1:
            raise ValueError(f"A frame of {width}×{height} pixels cannot be encoded: both sides must be at least 1.")
        return nearest_size(width / height, 2 * self.stride, self.max_pixels)

    def grid(self, height: int, width: int) -> tuple[int, int]:
        """Return the (rows, columns) of patches of a frame of this size in pixels."""
        return height // self.stride, width // self.stride

    def normalise(self, images: Float[Tensor, "frames 3 height width"]) -> Float[Tensor, "frames 3 height width"]:
        """Normalise images in [0, 1] with `mean` and `std`, in the encoder's dtype and on its device."""
        like = next(self.parameters())
        mean, std = (torch.tensor(v, dtype=like.dtype, device=like.device).view(3, 1, 1) for v in (self.mean, self.std))
        return (images.to(like) - mean) / std

    @abstractmethod
    def forward(self, images: Float[Tensor, "frames 3 height width"]) -> Float[Tensor, "frames patches dim"]:
        """Encode images in [0, 1] whose sides are multiples of the stride. Patches are in row-major order."""

    def tokens_and_stages(
        self, images: Float[Tensor, "frames 3 height width"]
    ) -> tuple[Float[Tensor, "frames patches dim"], tuple[Tensor, ...] | None]:
        """Encode images as `forward` does; also return the feature maps on the way, for a detector that reads them.
        None where the encoder has none to give."""
        return self(images), None

    def check_size(self, height: int, width: int) -> None:
        """Raise ValueError if a frame of this size does not divide into whole patches."""
        if height % self.stride or width % self.stride or not height or not width:
            size = self.frame_size(max(height, 1), max(width, 1))
            raise ValueError(
                f"{self.name} takes frames whose sides are multiples of {self.stride} pixels, not {width}×{height}; "
                f"resize them to frame_size({height}, {width}) = {size} (height, width) first."
            )
