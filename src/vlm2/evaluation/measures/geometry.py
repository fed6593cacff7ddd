"""Errors of a geometry encoder's depth, scale and poses, on windows of frames with known geometry.

All values are medians, without any alignment. `depth_error`: |ẑ − z| / z, the median over a frame's points;
`scale_error`: |median(ẑ / z) − 1| of a window; `rotation_error` (degrees) and `translation_error` (metres): the pose of
each frame in the camera of the frame before it; `rotation_still`, `translation_still`: the same for a camera that
never moves; `confident_depth_error`: the depth error of points with a confidence above ½; `confident_share`: their
share.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
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


@torch.no_grad()
def run(model, processor, folder: Path, count: int | None = None, fps: float = FPS, most: int = 4) -> Iterator[Errors]:
    """Measure a model's geometry encoder on videos of homes made with `--geometry`, read as a session reads them.

    Yields the errors of each window. Raises ValueError where the folder has no geometry.
    """
    encoder = model.frame_encoder
    for file in geometry_files(folder, count):
        truth = np.load(file)
        frames = [f.image for f in VideoFile(folder / "videos" / f"{file.stem}.mp4").sample(fps)]
        for start in window_starts(min(len(frames), len(truth["times"])), model.geometry.window, most):
            chosen = slice(start, start + model.geometry.window)
            pictures = np.stack(frames[chosen])
            inputs = encoder.inputs(
                processor.video_processor.resize(pictures), processor.video_processor.resize_for_geometry(pictures)
            )
            geometry, _ = encoder.windows.encode_window(inputs)
            points = true_points(truth["depth"][chosen], truth["intrinsics"], geometry.local_points.shape[1:3])
            poses = torch.from_numpy(truth["world_from_camera"][chosen]).float()
            yield window_errors(geometry, points, poses)


def geometry_files(folder: Path, count: int | None) -> list[Path]:
    """Return the geometry of the first homes of a folder. Raises ValueError where there is none."""
    return files_of(folder, "geometry/*.npz", "geometry; make homes with `vlm2 homes make --geometry", count)


def true_points(
    depth: np.ndarray, intrinsics: np.ndarray, size: tuple[int, int]
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
