"""Cached videos: the frozen encoders' features of a user's videos, one file per video.

A file holds all tensors of the frame features (`tensor_cache` describes the format). Its name holds a hash of all that
they depend on: the video's bytes, the sampling, the frozen encoders, the format. So a video is encoded again when any
of them changes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file

from ..encoders.weights import sha256
from ..models import FrameFeatures, VLM2ForConditionalGeneration, VLM2Processor
from ..models.checkpoint import frozen_checksums
from ..video import VideoFile
from .tensor_cache import CachedTensors, feature_tensors, read_features, read_header, weights_hash, write_tensors

VIDEO_FORMAT = "vlm2-cached-video-1"


@dataclass(frozen=True)
class Sampling:
    """Which frames of a video are used. Raises ValueError for values that leave no frames."""

    fps: float = 2.0  # frames a second, as a session samples; fewer of a long video
    frames: int | None = None  # instead, so many frames spread evenly over the video
    most_frames: int = 240  # at most, with fps

    def __post_init__(self) -> None:
        if not self.fps > 0 or self.most_frames < 1 or (self.frames is not None and self.frames < 1):
            raise ValueError(f"{self} leaves no frames; fps, frames and most_frames must be above 0.")


@dataclass(frozen=True)
class CachedVideo(CachedTensors):
    """The cached features of one video."""

    def features(self) -> FrameFeatures:
        """Read them, in single precision."""
        return read_features(load_file(self.path), self.grid)


def encoders_key(model: VLM2ForConditionalGeneration) -> str:
    """Return a hash of the frozen encoders: their names, the checksums of pinned ones, our geometry's weights, and how
    its windows are joined."""
    vision = model.config.vision_config
    frozen = [
        vision.name,
        vision.dim,
        vision.stride,
        vision.side,
        frozen_checksums(model.config),
        weights_hash(model.geometry),
    ]
    windows = model.frame_encoder.windows
    frozen += [None if part is None else asdict(part) for part in (windows.tracking, windows.loop_closure)]
    return hashlib.sha256(json.dumps(frozen).encode()).hexdigest()


class VideoCache:
    """The cached videos of a folder, as a model and a sampling make them."""

    def __init__(
        self, folder: Path, model: VLM2ForConditionalGeneration, processor: VLM2Processor, sampling: Sampling
    ) -> None:
        self.folder, self.model, self.processor, self.sampling = folder, model, processor, sampling
        self.encoders = encoders_key(model)
        folder.mkdir(parents=True, exist_ok=True)

    def __getitem__(self, video: Path) -> CachedVideo:
        """Return a cached video; encode it first, unless it is there. Raises VideoError for a file that is no video."""
        what = {
            "format": VIDEO_FORMAT,
            "video": sha256(video),
            "sampling": asdict(self.sampling),
            "encoders": self.encoders,
        }
        key = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
        path = self.folder / f"{video.stem}.{key[:16]}.safetensors"
        if not path.is_file():
            features = encode(self.model, self.processor, video, self.sampling)
            header = {"grid": json.dumps(features.grid), "video": video.name}
            write_tensors(path, feature_tensors(features), header)
        return CachedVideo(path, read_header(path))


@torch.no_grad()
def encode(
    model: VLM2ForConditionalGeneration, processor: VLM2Processor, video: Path, sampling: Sampling
) -> FrameFeatures:
    """Run the frozen encoders over a video's frames, which are resized one by one as they are decoded."""
    file = VideoFile(video)
    if sampling.frames is not None:
        frames = file.spread(sampling.frames)
    else:
        frames = file.sample(min(sampling.fps, sampling.most_frames / max(file.seconds, 1e-6)))
    images, geometry_images, times = [], [], []
    for frame in frames:
        images.append(processor.video_processor.resize(frame.image[None])[0])
        geometry_images.append(processor.video_processor.resize_for_geometry(frame.image[None]))
        times.append(frame.time)
        if sampling.frames is None and len(images) == sampling.most_frames:
            break
    larger = [image for image in geometry_images if image is not None]
    return model.encode(torch.stack(images), torch.tensor(times), torch.cat(larger) if larger else None)
