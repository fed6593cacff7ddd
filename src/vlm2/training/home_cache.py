"""Cached homes: what training needs of a generated home, rendered and encoded once (`vlm2 train cache`).

Tensors of `NAME.safetensors` (the format is `tensor_cache`'s):

| name | type | shape | content |
|---|---|---|---|
| `visual_tokens` | bf16 | frames, patches, dim | the frozen vision encoder's tokens |
| `local_points` | fp16 | frames, height/4, width/4, 3 | true points, camera frame, metres, one of each 4×4 pixels |
| `patch_categories` | int16 | frames, patches | `VOCABULARY` index of what covers most of the patch (0: nothing) |
| `world_from_camera` | fp32 | frames, 4, 4 | true poses |
| `times` | fp32 | frames | seconds |

The header holds `format`, `grid`, `encoder` and `scene` (the scene record). `NAME.geometry.safetensors` holds the other
tensors of the frame features, which depend on a trained geometry encoder; its header names the encoder's weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from ..encoders.geometry.cameras import pool_to_grid, valid_depth
from ..models import FrameFeatures
from ..models.windows import FrameInputs, WindowEncoder
from ..scenes.record import Scene
from .tensor_cache import CachedTensors, feature_tensors, read_features, read_header, weights_hash, write_tensors

HOME_FORMAT = "vlm2-cached-home-1"


@dataclass(frozen=True)
class CachedScene(CachedTensors):
    """A file of a cache that shows a scene in `frames` frames."""

    frames: int
    scene: Scene


@dataclass(frozen=True)
class CachedHome(CachedScene):
    """One cached home."""

    @property
    def geometry_path(self) -> Path:
        """Place of the geometry encoder's outputs."""
        return self.path.with_suffix(".geometry.safetensors")

    def features(self, stride: int = 1) -> FrameFeatures:
        """Read every `stride`-th frame's features; `cache_geometry` must have been run."""
        seen = {name: self.tensor(name) for name in ("visual_tokens", "times")}
        return read_features(seen | load_file(self.geometry_path), self.grid, stride)

    def coordinates(self) -> Float[Tensor, "frames patches 3"]:
        """Return each patch's mean true point, in metres, in the first frame's camera frame."""
        poses = self.tensor("world_from_camera")
        first_from_camera = torch.linalg.inv(poses[:1]) @ poses
        points = self.tensor("local_points").float()
        local = pool_to_grid(points, self.grid, valid_depth(points))
        return local @ first_from_camera[:, :3, :3].transpose(1, 2) + first_from_camera[:, None, :3, 3]


def open_home(path: Path) -> CachedHome:
    """Read the header of a cached home. Raises ValueError for a file of another format."""
    header = read_header(path)
    if header.get("format") != HOME_FORMAT:
        raise ValueError(f"{path} is not a cached home of format {HOME_FORMAT}; make it again with `vlm2 train cache`.")
    with safe_open(path, framework="pt") as file:
        frames = file.get_slice("times").get_shape()[0]
    return CachedHome(path, header, frames, Scene.from_json(header["scene"]))


def open_cache(folder: str | Path, encoder: str | None = None) -> list[CachedHome]:
    """Open every cached home of a folder, in order of their names.

    Raises ValueError if there is none, or if the visual tokens are not those of the vision encoder `encoder` (where
    that is given).
    """
    paths = sorted(p for p in Path(folder).glob("*.safetensors") if ".geometry" not in p.name)
    if not paths:
        raise ValueError(f"No cached homes in {folder}. Make some: vlm2 train cache --out {folder}")
    homes = [open_home(p) for p in paths]
    if encoder is not None and (others := {home.header["encoder"] for home in homes} - {encoder}):
        raise ValueError(
            f"Homes in {folder} were cached with {', '.join(sorted(others))}, but this model uses {encoder}; make "
            f"others: vlm2 train cache --encoder {encoder} --out FOLDER"
        )
    return homes


@torch.no_grad()
def cache_geometry(homes: Sequence[CachedHome], windows: WindowEncoder) -> None:
    """Run the geometry encoder over cached homes as a session would, and store its outputs beside them.

    The cache holds no images. So where the camera is tracked, the poses are the true ones with simulated tracking
    errors. Homes that have the outputs of this encoder already are skipped; those of another encoder are replaced.
    """
    from rich.progress import track

    device = next(windows.encoder.parameters()).device
    key = weights_hash(windows.encoder) + (" tracked" if windows.tracking is not None else "")
    new = [home for home in homes if read_header(home.geometry_path).get("encoder") != key]
    for home in track(new, description="Geometry of the cached homes", disable=not new):
        inputs = FrameInputs(visual_tokens=home.tensor("visual_tokens").float().to(device), grid=home.grid)
        geometry = windows.encode(inputs)
        if windows.tracking is not None:
            rng = np.random.default_rng(home.scene.seed or 0)
            poses = add_tracking_errors(home.tensor("world_from_camera"), rng)
            geometry = replace(geometry, world_from_camera=poses.to(device))
        tensors = feature_tensors(FrameFeatures.join(inputs, geometry, home.tensor("times")))
        del tensors["visual_tokens"], tensors["times"]  # the home's own file has them
        write_tensors(home.geometry_path, tensors, {"encoder": key})


def add_tracking_errors(
    world_from_camera: Float[Tensor, "frames 4 4"], rng: np.random.Generator
) -> Float[Tensor, "frames 4 4"]:
    """Return a path in the first camera's frame, with errors like those of tracking, which add up.

    A step has an error of 0.3° and 1 cm (standard deviation on each axis); for one step in 25 it is ten and five times
    as large [choice].
    """
    steps = torch.linalg.inv(world_from_camera[:-1]) @ world_from_camera[1:]
    lost = (rng.random(len(steps)) < 0.04)[:, None]
    turns = torch.from_numpy(np.radians(rng.normal(0, np.where(lost, 3.0, 0.3), (len(steps), 3)))).float()
    shifts = torch.from_numpy(rng.normal(0, np.where(lost, 0.05, 0.01), (len(steps), 3))).float()
    x, y, z = turns.unbind(-1)
    zero = torch.zeros_like(x)
    skew = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))
    errors = torch.eye(4).repeat(len(steps), 1, 1)
    errors[:, :3, :3], errors[:, :3, 3] = torch.matrix_exp(skew), shifts
    path = [torch.eye(4)]
    for step in steps @ errors:
        path.append(path[-1] @ step)
    return torch.stack(path)
