"""Render and encode generated homes for training: `vlm2 train cache --out runs/cache/train --count 200`."""

from __future__ import annotations

import io
import json
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int16
from PIL import Image
from torch import Tensor

from ...encoders.vision import load_vision_encoder
from ...homes.close_walk import close_walk
from ...homes.home import Split
from ..eye_views import thing_table
from ..home_cache import HOME_FORMAT
from ..recipe import claim_folder
from ..tensor_cache import write_tensors
from ..walk_variation import LIFT, vary_looks, vary_walk

BLOCK = 4  # pixels of the frame along one side of a cached point
FRAMES_AT_ONCE = 16  # through the vision encoder
load_encoder_once = cache(load_vision_encoder)

# Width × height of a training frame, with its share of the homes: phones and cameras held either way.
FRAME_SIZES = (((256, 192), 0.6), ((320, 192), 0.25), ((192, 320), 0.15))


@dataclass(frozen=True)
class CacheConfig:
    """Which homes to cache, and how."""

    out: str = "runs/cache/train"  # folder of the cached homes
    split: Split = "train"  # split of the furniture models and textures
    count: int = 200  # number of homes
    seed: int = 1  # of the homes; other seeds give other homes
    fps: float = 2.0  # frames a second
    encoder: str = "efficientnet-lite0"  # vision encoder
    workers: int = 2  # processes
    varied: float = 0.0  # share of the homes with varied cameras, paths and looks
    close: float = 0.0  # share of the varied homes in which single things are filmed from close by
    room_shares: tuple[float, ...] = (0.4, 0.3, 0.2, 0.1)  # shares of homes with one, two, three, four rooms


def recipe() -> CacheConfig:
    """Return the configuration of the training homes."""
    return CacheConfig()


def run(config: CacheConfig) -> None:
    """Cache the homes that are not there yet, in parallel; a killed run continues.

    Raises ValueError where the folder holds homes that were made with other settings.
    """
    from rich.progress import track

    claim_folder(config.out, config, apart=("out", "count", "workers"))
    with ProcessPoolExecutor(config.workers, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(_cache_home, config, i) for i in range(config.count)]
        for job in track(as_completed(jobs), total=len(jobs), description=f"Caching {config.split} homes"):
            job.result()


def recompress(frames: np.ndarray, quality: int) -> np.ndarray:
    """Pass frames through JPEG, so that training sees compression artefacts as in videos."""
    out = []
    for frame in frames:
        buffer = io.BytesIO()
        Image.fromarray(frame).save(buffer, "JPEG", quality=quality)
        out.append(np.asarray(Image.open(buffer)))
    return np.stack(out)


def block_points(points: np.ndarray) -> Float[Tensor, "frames rows columns 3"]:
    """Take the point nearest the centre of each block of pixels; a mean would invent points at edges."""
    half = BLOCK // 2
    return torch.from_numpy(points[:, half::BLOCK, half::BLOCK].copy()).to(torch.float16)


def patch_categories(
    instances: np.ndarray, grid: tuple[int, int], category_of: np.ndarray
) -> Int16[Tensor, "frames patches"]:
    """Return the category that covers most of each patch, if it covers more than an eighth of it (else 0)."""
    frames, height, width = instances.shape
    rows, columns = grid
    blocks = category_of[instances].reshape(frames, rows, height // rows, columns, width // columns)
    blocks = blocks.transpose(0, 1, 3, 2, 4).reshape(frames, rows * columns, -1)
    patches, categories = frames * rows * columns, int(category_of.max()) + 1
    cells = np.arange(patches)[:, None] * categories + blocks.reshape(patches, -1)
    counts = np.bincount(cells.ravel(), minlength=patches * categories).reshape(patches, categories)
    counts[:, 0] = blocks.shape[-1] // 8
    return torch.from_numpy(counts.argmax(-1).astype(np.int16).reshape(frames, rows * columns))


def _cache_home(config: CacheConfig, index: int) -> None:
    """Render, encode and write one home, unless its file is there."""
    from ...homes.production import sample_home

    torch.set_num_threads(1)
    seed = config.seed * 100_000 + index
    out = Path(config.out) / f"home_{seed:07d}.safetensors"
    if out.exists():
        return
    rng = np.random.default_rng([seed, 71])
    size = FRAME_SIZES[int(rng.choice(len(FRAME_SIZES), p=[share for _, share in FRAME_SIZES]))][0]
    rooms = 1 + int(rng.choice(len(config.room_shares), p=config.room_shares))
    varied = rng.random() < config.varied
    close = varied and rng.random() < config.close
    film = partial(close_walk, rng=rng) if close else None
    vary = partial(vary_walk, rng=rng, lift=0.0 if close else LIFT) if varied else None
    home = sample_home(seed, config.split, fps=config.fps, size=size, rooms=rooms, film=film, vary=vary)
    frames = home.frames
    if varied:
        to_world = home.world_from_camera[:, None, None]
        points = (to_world[..., :3, :3] @ home.points[..., None])[..., 0] + to_world[..., :3, 3]
        frames = vary_looks(frames, home.instances, points, rng)
    frames = recompress(frames, int(rng.integers(30 if varied else 60, 95)))
    encoder = load_encoder_once(config.encoder)
    images = torch.from_numpy(frames).permute(0, 3, 1, 2)
    tokens = [encoder(part.float() / 255).to(torch.bfloat16) for part in images.split(FRAMES_AT_ONCE)]
    grid = encoder.grid(size[1], size[0])
    tensors = {
        "visual_tokens": torch.cat(tokens),
        "local_points": block_points(home.points),
        "patch_categories": patch_categories(home.instances, grid, thing_table(home.scene).labels),
        "world_from_camera": torch.as_tensor(home.world_from_camera, dtype=torch.float32),
        "times": torch.as_tensor(home.times, dtype=torch.float32),
    }
    scene = home.scene.to_json()
    header = {"format": HOME_FORMAT, "grid": json.dumps(grid), "encoder": config.encoder, "scene": scene}
    write_tensors(out, tensors, header)
