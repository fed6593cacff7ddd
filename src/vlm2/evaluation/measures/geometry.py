"""Errors of a geometry encoder's depth, scale and poses, on windows of frames with known geometry.

All values are medians, without any alignment:
- `depth_error`: |ẑ − z| / z, the median over a frame's points. `confident_depth_error` is that of points with a
  confidence above ½. `confident_share` is the share of these points.
- `scale_error`: |median(ẑ / z) − 1| of a window.
- `rotation_error` (degrees), `translation_error` (metres): of each frame's pose relative to the frame before it.
  `rotation_still` and `translation_still` are the same errors for a camera that never moves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ...encoders.geometry.cameras import invert, rotation_angle, valid_depth
from ...encoders.geometry.encoder import Geometry
from ...video import VideoFile
from .measure import FPS, Measure, Table, files_of

Errors = dict[str, list[float]]


def window_errors(
    geometry: Geometry,
    local_points: Float[Tensor, "frames height width 3"],
    world_from_camera: Float[Tensor, "frames 4 4"],
) -> Errors:
    """Compare the geometry of one window with the truth: points in the camera frame (metres), and poses."""
    valid = valid_depth(local_points) > 0
    ratio = torch.where(valid, geometry.local_points[..., 2] / local_points[..., 2], torch.nan)
    errors, sure = (ratio - 1).abs(), valid & (geometry.confidence > 0.5)
    steps = [invert(poses[:-1]) @ poses[1:] for poses in (geometry.world_from_camera.float(), world_from_camera)]
    still = torch.eye(4, device=valid.device).expand_as(steps[1])

    def rotation(step: Tensor) -> list[float]:
        return rotation_angle(step[:, :3, :3], steps[1][:, :3, :3]).rad2deg().tolist()

    def translation(step: Tensor) -> list[float]:
        return (step[:, :3, 3] - steps[1][:, :3, 3]).norm(dim=-1).tolist()

    return {
        "depth_error": errors.flatten(1).nanmedian(dim=1).values.tolist(),
        "confident_depth_error": torch.where(sure, errors, torch.nan).flatten(1).nanmedian(dim=1).values.tolist(),
        "confident_share": [float(sure.sum() / valid.sum().clamp(min=1))],
        "scale_error": [float((ratio.nanmedian() - 1).abs())],
        "rotation_error": rotation(steps[0]),
        "translation_error": translation(steps[0]),
        "rotation_still": rotation(still),
        "translation_still": translation(still),
    }


def summary(windows: Iterable[Errors]) -> dict[str, float]:
    """Return the medians over all windows, and the number of frames measured."""
    found: dict[str, list[float]] = defaultdict(list)
    for errors in windows:
        for name, values in errors.items():
            found[name].extend(values)
    share = float(np.mean(found.pop("confident_share")))
    return {
        **{name: float(np.nanmedian(values)) for name, values in found.items()},
        "confident_share": share,
        "frames": len(found["depth_error"]),
    }


def window_starts(frames: int, window: int, most: int) -> list[int]:
    """Spread at most `most` windows evenly over the frames of a video; none where it is shorter than one."""
    last = frames - window
    return sorted({round(last * k / max(most - 1, 1)) for k in range(most)}) if last >= 0 else []


@dataclass(frozen=True)
class Walk:
    """The ground truth of a camera's walk: points in each camera's frame (metres), and poses."""

    local_points: Float[Tensor, "frames height width 3"]
    world_from_camera: Float[Tensor, "frames 4 4"]

    @property
    def distance(self) -> float:
        """The length of the camera's path in metres."""
        return float(self.world_from_camera[:, :3, 3].diff(dim=0).norm(dim=-1).sum())


@dataclass(frozen=True)
class FilmedHome:
    """A home made with `--geometry`: its sampled frames (RGB), and the geometry of each of them from its file."""

    name: str
    frames: list[np.ndarray]
    truth: Mapping[str, np.ndarray]

    def walk(self, frames: slice, size: Sequence[int], device: torch.device | None = None) -> Walk:
        """Return the truth of some frames, with points at the centres of `size` (rows, columns) cells."""
        points = true_points(self.truth["depth"][frames], self.truth["intrinsics"], size)
        poses = torch.from_numpy(self.truth["world_from_camera"][frames]).float()
        return Walk(points.to(device), poses.to(device))


def read_homes(folder: Path, count: int | None, fps: float) -> Iterator[FilmedHome]:
    """Read the first homes of a folder, as many frames as have geometry. Raises ValueError for a folder without any."""
    for file in files_of(folder, "geometry/*.npz", "geometry; make homes with `vlm2 homes make --geometry", count):
        truth = np.load(file)
        frames = [frame.image for frame in VideoFile(folder / "videos" / f"{file.stem}.mp4").sample(fps)]
        yield FilmedHome(file.stem, frames[: len(truth["times"])], truth)


@torch.no_grad()
def run(model, processor, folder: Path, count: int | None = None, fps: float = FPS, most: int = 4) -> Iterator[Errors]:
    """Measure a model's geometry encoder on videos of homes made with `--geometry`, read as a session reads them.

    Yields the errors of each window. Raises ValueError where the folder has no geometry.
    """
    encoder = model.frame_encoder
    for home in read_homes(folder, count, fps):
        for start in window_starts(len(home.frames), model.geometry.window, most):
            chosen = slice(start, start + model.geometry.window)
            pictures, size = np.stack(home.frames[chosen]), processor.video_processor
            inputs = encoder.inputs(size.resize(pictures), size.resize_for_geometry(pictures))
            geometry, _ = encoder.windows.encode_window(inputs)
            walk = home.walk(chosen, geometry.local_points.shape[1:3])
            yield window_errors(geometry, walk.local_points, walk.world_from_camera)


def true_points(
    depth: np.ndarray, intrinsics: np.ndarray, size: Sequence[int]
) -> Float[Tensor, "frames rows columns 3"]:
    """Return the points at the centres of `size` (rows, columns) equal cells of depth maps: camera frame, metres."""
    height, width = depth.shape[1:]
    v = ((np.arange(size[0]) + 0.5) * height / size[0]).astype(int)
    u = ((np.arange(size[1]) + 0.5) * width / size[1]).astype(int)
    z = depth[:, v][:, :, u].astype(np.float32)
    x = (u + 0.5 - intrinsics[0, 2]) / intrinsics[0, 0] * z
    y = ((v + 0.5 - intrinsics[1, 2]) / intrinsics[1, 1])[:, None] * z
    return torch.from_numpy(np.stack([x, y, z], -1).astype(np.float32))


def table(result: dict[str, float]) -> Table:
    """Lay out a summary: one row a value."""
    return ("", "median"), [
        (name, f"{value:g}" if name == "frames" else f"{value:.4f}") for name, value in result.items()
    ]


MEASURE = Measure(run, summary, table)
