"""The camera's path, thinned out so that it stays small however long the stream gets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

MOST = 512  # poses


def _nothing() -> Tensor:
    return torch.empty(0, 4, 4)


@dataclass(frozen=True)
class ThinnedTrajectory:
    """Poses of every `stride`-th frame, with frame indices and times in seconds.

    The world is the first frame's camera frame: OpenCV axes, metres where the geometry is metric.
    """

    frames: Int[Tensor, " poses"] = field(default_factory=lambda: torch.empty(0, dtype=torch.long))
    times: Float[Tensor, " poses"] = field(default_factory=lambda: torch.empty(0, dtype=torch.float64))
    world_from_camera: Float[Tensor, "poses 4 4"] = field(default_factory=_nothing)
    stride: int = 1

    def __len__(self) -> int:
        return len(self.frames)

    def moved(self, new_from_old: Float[Tensor, "poses 4 4"]) -> ThinnedTrajectory:
        """Return the path with its poses where rigid motions put them."""
        return replace(self, world_from_camera=new_from_old @ self.world_from_camera)

    def then(
        self,
        frames: Int[Tensor, " new"],
        times: Float[Tensor, " new"],
        world_from_camera: Float[Tensor, "new 4 4"],
    ) -> ThinnedTrajectory:
        """Return the path with later poses: whenever there are more than `MOST`, every second one goes.

        The result depends on the frames' indices alone, not on how the frames are portioned.
        """
        frames = torch.cat((self.frames, frames))
        times = torch.cat((self.times, times))
        poses = torch.cat((self.world_from_camera, world_from_camera))
        stride = self.stride
        while int((kept := frames % stride == 0).sum()) > MOST:
            stride *= 2
        return ThinnedTrajectory(frames[kept], times[kept], poses[kept], stride)
