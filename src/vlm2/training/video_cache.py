"""Cached footage: what the frozen encoders say of a real video, one safetensors file a video.

Tensors (frames as `Sampling` takes them, patches row-major on `grid`):

| name | type | shape |
|---|---|---|
| `visual_tokens` | bf16 | frames, patches, dim |
| `patch_coordinates` | fp32 | frames, patches, 3 |
| `confidence` | fp32 | frames, patches |
| `geometry_tokens`, `view_tokens` | bf16 | frames, geometry_patches, their dims |
| `times` | fp32 | frames, seconds |

The JSON header holds `format`, `grid`, `video` and `key`: the sha256 of all that the tensors depend on, which is the
video's bytes, the sampling and the frozen encoders. It is in the file's name, so that whatever changes is encoded anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from ..encoders.weights import sha256
from ..models import FrameFeatures, VLM2ForConditionalGeneration, VLM2Processor
from ..models.checkpoint import frozen_checksums
from ..video import VideoFile
from .digest import weights_hash

FORMAT = "vlm2-cached-footage-1"
WIDE = ("visual_tokens", "geometry_tokens", "view_tokens")  # kept in 16 bits


@dataclass(frozen=True)
class Sampling:
    """Which frames of a video are seen: `frames` spread evenly over it; or, where that is None, `fps` a second as a
    session watches, of a long video fewer, so that they are at most `most_frames`."""

    fps: float = 2.0
    frames: int | None = None
    most_frames: int = 240

    def __post_init__(self) -> None:
        if not self.fps > 0 or self.most_frames < 1 or (self.frames is not None and self.frames < 1):
            raise ValueError(f"{self} shows nothing; fps, frames and most_frames must be above 0.")


@dataclass(frozen=True)
class Footage:
    """The cached features of one video."""

    path: Path
    grid: tuple[int, int]

    def features(self) -> FrameFeatures:
        """Read them, in single precision."""
        tensors = {name: tensor.float() for name, tensor in load_file(self.path).items()}
        return FrameFeatures(**tensors, grid=self.grid)


def encoders_key(model: VLM2ForConditionalGeneration) -> str:
    """Return a hash of the frozen encoders: which they are, the checksums of those that are pinned, our geometry's
    weights, and how its windows are joined."""
    frozen = [model.config.vision, frozen_checksums(model.config), weights_hash(model.geometry)]
    windows = model.frame_encoder.windows
    frozen += [None if part is None else asdict(part) for part in (windows.tracking, windows.loop_closure)]
    return hashlib.sha256(json.dumps(frozen).encode()).hexdigest()


def cache_footage(
    model: VLM2ForConditionalGeneration,
    processor: VLM2Processor,
    video: Path,
    folder: Path,
    sampling: Sampling,
    encoders: str,
) -> Footage:
    """Encode a video, unless `folder` has it already; `encoders` is `encoders_key(model)`. Raises VideoError for a file
    that is no video."""
    what = {"video": sha256(video), "sampling": asdict(sampling), "encoders": encoders}
    key = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
    path = folder / f"{video.stem}.{key[:16]}.safetensors"
    if not path.is_file():
        features = encode(model, processor, video, sampling)
        tensors = {
            name: tensor.to("cpu", torch.bfloat16 if name in WIDE else torch.float32).contiguous()
            for name, tensor in vars(features).items()
            if isinstance(tensor, torch.Tensor)
        }
        header = {"format": FORMAT, "grid": json.dumps(features.grid), "video": video.name, "key": key}
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.partial")
        save_file(tensors, partial, metadata=header)
        partial.rename(path)
    return open_footage(path)


def open_footage(path: Path) -> Footage:
    """Read the header of cached footage. Raises ValueError for a file of another format."""
    with safe_open(path, framework="pt") as file:
        header = file.metadata() or {}
    if header.get("format") != FORMAT:
        raise ValueError(f"{path} is not cached footage of format {FORMAT}; delete it, and it is made again.")
    rows, columns = json.loads(header["grid"])
    return Footage(path, (rows, columns))


@torch.no_grad()
def encode(
    model: VLM2ForConditionalGeneration, processor: VLM2Processor, video: Path, sampling: Sampling
) -> FrameFeatures:
    """Run the frozen encoders over a video's frames, resized one by one as they are decoded."""
    file = VideoFile(video)
    if sampling.frames is not None:
        frames = file.spread(sampling.frames)
    else:
        frames = file.sample(min(sampling.fps, sampling.most_frames / max(file.seconds, 1e-6)))
    images, seen, times = [], [], []
    for frame in frames:
        images.append(processor.resize(frame.image[None])[0])
        seen.append(processor.resize_for_geometry(frame.image[None]))
        times.append(frame.time)
        if sampling.frames is None and len(images) == sampling.most_frames:
            break
    larger = [one for one in seen if one is not None]
    return model.encode(torch.stack(images), torch.tensor(times), torch.cat(larger) if larger else None)
