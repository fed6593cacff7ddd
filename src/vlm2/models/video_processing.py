"""VLM2VideoProcessor: frames to the sizes that the frozen encoders want, and several videos to one padded batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence
from transformers import BatchFeature
from transformers.processing_utils import VideosKwargs
from transformers.video_processing_utils import VideoProcessorMixin
from transformers.video_utils import make_batched_videos

from ..video import VideoFile
from .frame_resizer import MAX_PIXELS, FrameResizer

FRAMES_PER_SECOND = 2.0  # what mini was trained on


class VLM2VideosKwargs(VideosKwargs, total=False):
    """The options that a call may give for its videos, beside `fps`."""

    times: Sequence[float] | Sequence[Sequence[float]] | None


class VLM2VideoProcessor(FrameResizer, VideoProcessorMixin):
    """Prepare videos, resized as `FrameResizer` does, which explains the settings."""

    valid_kwargs = VLM2VideosKwargs
    model_input_names: ClassVar[list[str]] = [
        "pixel_values_videos", "video_times", "video_sizes", "pixel_values_geometry", "geometry_sizes",
    ]  # fmt: skip

    def __init__(
        self,
        stride: int,
        max_pixels: int = MAX_PIXELS,
        side: int | None = None,
        geometry_images: dict[str, int] | None = None,
        **_: Any,  # what a saved record names besides
    ) -> None:
        VideoProcessorMixin.__init__(self)
        FrameResizer.__init__(self, stride, max_pixels, side, geometry_images)

    def preprocess(
        self,
        videos: Any,
        times: Sequence[float] | Sequence[Sequence[float]] | None = None,
        fps: float | None = None,
        **_: Any,
    ) -> BatchFeature:
        """Prepare videos: arrays of RGB frames (uint8, frames × height × width × 3), or files, of which `fps` frames a
        second are shown (2 by default). `times`: seconds of the frames; by default those of the file, or 1 / fps (or a
        second) after one another.

        Returns pixel_values_videos and video_times, padded with zeros to one size. video_sizes has the frames, rows and
        columns of each video. If the geometry encoder sees images, the same is returned for pixel_values_geometry.
        """
        shown = [_frames(video, fps) for video in make_batched_videos(videos)]
        if times is not None:
            given = [times] if isinstance(times[0], int | float) else times
            if [len(own) for own in given] != [len(frames) for frames, _ in shown]:  # pyright: ignore
                counts = f"{[len(frames) for frames, _ in shown]} frames and {[len(own) for own in given]} times"  # pyright: ignore
                raise ValueError(f"The videos have {counts}; give each frame its time in seconds.")
            shown = [(frames, own) for (frames, _), own in zip(shown, given, strict=True)]
        seconds = [torch.tensor(own, dtype=torch.float32) for _, own in shown]
        data = {"video_times": pad_sequence(seconds, batch_first=True)}
        data["pixel_values_videos"], data["video_sizes"] = _padded([self.resize(frames) for frames, _ in shown])
        geometry = [seen for frames, _ in shown if (seen := self.resize_for_geometry(frames)) is not None]
        if geometry:
            data["pixel_values_geometry"], data["geometry_sizes"] = _padded(geometry)
        return BatchFeature(data)


def unpadded(videos: Tensor, sizes: Int[Tensor, "videos 3"] | None) -> list[Float[Tensor, "frames 3 rows columns"]]:
    """Cut each video out of a padded batch."""
    if sizes is None:
        return list(videos)
    return [video[:n, :, :rows, :columns] for video, (n, rows, columns) in zip(videos, sizes.tolist(), strict=True)]


def _padded(videos: list[Tensor]) -> tuple[Float[Tensor, "videos frames 3 rows columns"], Int[Tensor, "videos 3"]]:
    sizes = torch.tensor([[len(video), *video.shape[2:]] for video in videos])
    n, rows, columns = sizes.amax(0).tolist()
    padding = ((0, columns - v.shape[3], 0, rows - v.shape[2], 0, 0, 0, n - len(v)) for v in videos)
    return torch.stack([functional.pad(v, pads) for v, pads in zip(videos, padding, strict=True)]), sizes


def _frames(video: Any, fps: float | None) -> tuple[UInt8[np.ndarray, "frames height width 3"], Sequence[float]]:
    """Return a video's frames and their times in seconds."""
    if isinstance(video, str | VideoFile):
        file = VideoFile(video) if isinstance(video, str) else video
        found = list(file.sample(fps or FRAMES_PER_SECOND))
        return np.stack([frame.image for frame in found]), [frame.time for frame in found]
    frames = np.asarray(video) if not isinstance(video, list) else np.stack([np.asarray(frame) for frame in video])
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3:
        shape = " × ".join(map(str, frames.shape))
        raise ValueError(
            f"A video is a file's path or RGB frames, uint8, frames × height × width × 3; these are {frames.dtype}, "
            f"{shape}."
        )
    return frames, [index / (fps or 1.0) for index in range(len(frames))]
