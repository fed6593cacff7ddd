"""Cached homes: what training needs of a generated home, rendered and encoded once, one safetensors file a home.

Tensors of `NAME.safetensors` (frames at `fps`, patches row-major on `grid`):

| name | type | shape | what |
|---|---|---|---|
| `visual_tokens` | bf16 | frames, patches, dim | the frozen vision encoder's tokens |
| `local_points` | fp16 | frames, height/4, width/4, 3 | true points, camera frame, metres, one of each 4×4 pixels |
| `patch_categories` | int16 | frames, patches | `VOCABULARY` index of what covers most of the patch (0: nothing) |
| `world_from_camera` | fp32 | frames, 4, 4 | true poses |
| `times` | fp32 | frames | seconds |

The JSON header holds `format`, `grid`, `encoder` and `scene` (the scene record).
"""

from __future__ import annotations

import io
import json
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int16
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from ..encoders.vision import VisionEncoder, load_vision_encoder
from ..homes.home import Split
from ..scenes.record import Scene
from .recipe import claim

FORMAT = "vlm2-cached-home-1"
BLOCK = 4  # pixels of the frame along one side of a cached point

# Width × height of a training frame, with its share of the homes: phones and cameras held either way.
FRAME_SIZES = (((256, 192), 0.8), ((320, 192), 0.1), ((192, 320), 0.1))


@dataclass(frozen=True)
class CacheConfig:
    """Which homes to cache, and how."""

    out: str = "runs/cache/train"
    split: Split = "train"
    count: int = 200
    seed: int = 1
    fps: float = 2.0
    encoder: str = "efficientnet-lite0"
    workers: int = 2
    room_shares: tuple[float, ...] = (0.4, 0.3, 0.2, 0.1)  # of homes with one, two, three, four rooms


@dataclass(frozen=True)
class CachedHome:
    """One cached home, its tensors read on demand."""

    path: Path
    grid: tuple[int, int]
    frames: int
    encoder: str
    scene: Scene

    def tensor(self, name: str) -> Tensor:
        """Read one tensor by its name."""
        with safe_open(self.path, framework="pt") as file:
            return file.get_tensor(name)

    def slice(self, name: str, start: int, stop: int, step: int = 1) -> Tensor:
        """Read frames `start:stop:step` of one tensor."""
        with safe_open(self.path, framework="pt") as file:
            return file.get_slice(name)[start:stop][::step]


def open_home(path: Path) -> CachedHome:
    """Read the header of a cached home. Raise ValueError for a file of another format."""
    with safe_open(path, framework="pt") as file:
        header = file.metadata() or {}
        if header.get("format") != FORMAT:
            raise ValueError(f"{path} is not a cached home of format {FORMAT}; make it again with `vlm2 train cache`.")
        frames = file.get_slice("times").get_shape()[0]
    rows, columns = json.loads(header["grid"])
    return CachedHome(path, (rows, columns), frames, header["encoder"], Scene.from_json(header["scene"]))


def open_cache(folder: str | Path, encoder: str | None = None) -> list[CachedHome]:
    """Open every cached home of a folder, by name. Raise ValueError where there is none, or one whose tokens are
    another vision encoder's than `encoder`, where that is given."""
    paths = sorted(p for p in Path(folder).glob("*.safetensors") if ".geometry" not in p.name)
    if not paths:
        raise ValueError(f"No cached homes in {folder}. Make some: vlm2 train cache out={folder}")
    homes = [open_home(p) for p in paths]
    if encoder is not None and (others := {home.encoder for home in homes} - {encoder}):
        raise ValueError(
            f"Homes in {folder} were cached with {', '.join(sorted(others))}, but this model sees with {encoder}; make "
            f"others: vlm2 train cache encoder={encoder} out=FOLDER"
        )
    return homes


def recompress(frames: np.ndarray, quality: int) -> np.ndarray:
    """Pass frames through JPEG, so that training sees the kind of loss that video has."""
    out = []
    for frame in frames:
        buffer = io.BytesIO()
        Image.fromarray(frame).save(buffer, "JPEG", quality=quality)
        out.append(np.asarray(Image.open(buffer)))
    return np.stack(out)


def block_points(points: np.ndarray) -> Float[Tensor, "frames rows columns 3"]:
    """Take the point nearest the centre of each block of pixels: averaging would invent points at edges."""
    half = BLOCK // 2
    return torch.from_numpy(points[:, half::BLOCK, half::BLOCK].copy()).to(torch.float16)


def patch_categories(
    instances: np.ndarray, grid: tuple[int, int], category_of: np.ndarray
) -> Int16[Tensor, "frames patches"]:
    """Name each patch by the category that covers most of it, where one covers an eighth of it (else 0)."""
    frames, height, width = instances.shape
    rows, columns = grid
    blocks = category_of[instances].reshape(frames, rows, height // rows, columns, width // columns)
    blocks = blocks.transpose(0, 1, 3, 2, 4).reshape(frames, rows * columns, -1)
    patches, categories = frames * rows * columns, int(category_of.max()) + 1
    cells = np.arange(patches)[:, None] * categories + blocks.reshape(patches, -1)
    counts = np.bincount(cells.ravel(), minlength=patches * categories).reshape(patches, categories)
    counts[:, 0] = blocks.shape[-1] // 8
    return torch.from_numpy(counts.argmax(-1).astype(np.int16).reshape(frames, rows * columns))


def _cache_home(config: CacheConfig, index: int) -> str:
    from ..homes.production import sample_home
    from ..scenes.vocabulary import category_index

    torch.set_num_threads(1)
    seed = config.seed * 100_000 + index
    out = Path(config.out) / f"home_{seed:07d}.safetensors"
    if out.exists():
        return out.name
    rng = np.random.default_rng([seed, 71])
    width, height = FRAME_SIZES[int(rng.choice(len(FRAME_SIZES), p=[share for _, share in FRAME_SIZES]))][0]
    rooms = 1 + int(rng.choice(len(config.room_shares), p=config.room_shares))
    home = sample_home(seed, config.split, fps=config.fps, size=(width, height), rooms=rooms)
    frames = recompress(home.frames, int(rng.integers(60, 95)))
    encoder = _encoder(config.encoder)
    tokens = []
    for start in range(0, len(frames), 16):
        images = torch.from_numpy(frames[start : start + 16]).permute(0, 3, 1, 2).float() / 255
        tokens.append(encoder(images).to(torch.bfloat16))
    grid = encoder.grid(height, width)
    category_of = np.zeros(max((o.id for o in home.scene.objects), default=0) + 1, dtype=np.int64)
    for thing in home.scene.objects:
        category_of[thing.id] = category_index(thing.category)
    tensors = {
        "visual_tokens": torch.cat(tokens),
        "local_points": block_points(home.points),
        "patch_categories": patch_categories(home.instances, grid, category_of),
        "world_from_camera": torch.as_tensor(home.world_from_camera, dtype=torch.float32),
        "times": torch.as_tensor(home.times, dtype=torch.float32),
    }
    header = {
        "format": FORMAT,
        "grid": json.dumps(grid),
        "encoder": config.encoder,
        "scene": replace(home.scene, split=config.split).to_json(),
    }
    partial = out.with_suffix(f".{os.getpid()}.partial")
    save_file({k: v.contiguous() for k, v in tensors.items()}, partial, metadata=header)
    partial.rename(out)
    return out.name


@cache
def _encoder(name: str) -> VisionEncoder:
    """Load the vision encoder, once a process."""
    return load_vision_encoder(name)


def run(config: CacheConfig) -> None:
    """Cache the homes that are not there yet, in parallel, with a progress bar; a killed run goes on where it was.

    Raises ValueError where the folder holds homes that were made with other settings.
    """
    from rich.progress import track

    claim(config.out, config, apart=("out", "count", "workers"))
    with ProcessPoolExecutor(config.workers, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(_cache_home, config, i) for i in range(config.count)]
        for job in track(as_completed(jobs), total=len(jobs), description=f"Caching {config.split} homes"):
            job.result()
