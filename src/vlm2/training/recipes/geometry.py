"""Train the compact π³ on windows of cached homes: `vlm2 train geometry --train runs/cache/train --steps 900`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.utils.data import Dataset

from ...encoders.geometry.encoder import GeometryEncoder
from ...encoders.geometry.pi3 import Pi3, Pi3Config
from ...evaluation.measures.geometry import Errors, summary, window_errors, window_starts
from ..geometry_losses import GeometryLossWeights, geometry_losses
from ..home_cache import CachedHome, open_cache
from ..loop import process_rank, train_stage
from ..model_card import training_record, write_card
from ..recipe import claim_folder
from ..stage import Objective, Optimiser, RunConfig, StageConfig


@dataclass(frozen=True)
class GeometryTraining(RunConfig, StageConfig):
    """Training of the compact π³, in one stage. `out` receives checkpoints, log, metrics.json and the encoder."""

    out: str = "runs/geometry"  # folder of the run
    save_every: int = 150  # steps between two checkpoints
    train: str = "runs/cache/train"  # cached homes to train on
    validation: str | None = "runs/cache/validation"  # cached homes to measure the encoder on at the end
    start: str | None = None  # folder of a trained encoder to begin from
    steps: int = 900  # of the optimiser
    optimiser: Optimiser = field(default_factory=lambda: Optimiser(6e-4, weight_decay=0.05))
    encoder: Pi3Config = field(default_factory=Pi3Config.compact)
    weights: GeometryLossWeights = field(default_factory=GeometryLossWeights)
    frames: int = 8  # in a window
    windows: int = 8  # in a batch, all of one grid
    longest_stride: int = 2  # a window takes every 1 … this many cached frames
    feature_noise: float = 0.1  # deviation of Gaussian noise on the visual tokens, in deviations of each channel
    evaluate_windows: int = 4  # of each home, at the end


def recipe() -> GeometryTraining:
    """Return the configuration of mini's geometry encoder: 16 minutes on two CPU cores."""
    return GeometryTraining()


def run(config: GeometryTraining) -> Pi3:
    """Train, or continue the run in `out`; leave the encoder and its card in `out`/encoder.

    Raises ValueError where `out` holds a training with other settings.
    """
    out, first = Path(config.out), process_rank()[0] == 0
    torch.manual_seed(config.seed)
    encoder = open_encoder(config.start) if config.start else Pi3(config.encoder)
    homes = open_cache(config.train)
    windows = Windows(homes, config)
    if first:
        claim_folder(out, config, apart=("out", "loader_workers"))
    training = training_record("geometry", config, homes)
    train_stage(config, "geometry", config, GeometryObjective(encoder, config), windows)
    encoder.eval()
    if not first:
        return encoder
    save_encoder(encoder, out / "encoder")
    if config.validation:
        metrics = evaluate_geometry(encoder, open_cache(config.validation), config.frames, config.evaluate_windows)
        (out / "metrics.json").write_text(json.dumps(metrics, indent=1))
        print(json.dumps(metrics, indent=1))
        training["scores"] = metrics
    write_card(out / "encoder", [training])
    return encoder


class Windows(Dataset):
    """Batches of windows. Item i is always the same for one seed, so a resumed run trains on the same data."""

    def __init__(self, homes: Sequence[CachedHome], config: GeometryTraining) -> None:
        self.config = config
        enough = [home for home in homes if home.frames >= config.frames]
        if not enough:
            raise ValueError(f"None of the {len(homes)} cached homes has {config.frames} frames; cache longer walks.")
        self.grids = sorted({home.grid for home in enough})
        self.homes = [[home for home in enough if home.grid == grid] for grid in self.grids]

    def __getitem__(self, index: int) -> dict:
        """Draw batch `index`: a grid by its share of the homes, then windows of its homes."""
        rng = np.random.default_rng([self.config.seed, index])
        shares = np.array([len(homes) for homes in self.homes], dtype=float)
        which = rng.choice(len(shares), p=shares / shares.sum())
        windows = [self._window(self.homes[which], rng) for _ in range(self.config.windows)]
        stacked = {name: torch.stack([window[name] for window in windows]) for name in windows[0]}
        return {"grid": self.grids[which], **stacked}

    def _window(self, homes: list[CachedHome], rng: np.random.Generator) -> dict[str, Tensor]:
        home = homes[rng.integers(len(homes))]
        longest = min(self.config.longest_stride, (home.frames - 1) // (self.config.frames - 1))
        stride = int(rng.integers(1, longest + 1))
        span = (self.config.frames - 1) * stride + 1
        start = int(rng.integers(home.frames - span + 1))
        return read_window(home, slice(start, start + span, stride))


def read_window(home: CachedHome, frames: slice) -> dict[str, Tensor]:
    """Read the inputs and the true geometry of some frames of a home."""
    names = ("visual_tokens", "local_points", "world_from_camera")
    return {name: home.tensor(name, frames).float() for name in names}


class GeometryObjective(Objective):
    """The losses of π³ on a batch of windows, with noise on the visual tokens."""

    def __init__(self, encoder: Pi3, config: GeometryTraining) -> None:
        super().__init__()
        self.encoder, self.weights, self.feature_noise = encoder, config.weights, config.feature_noise

    def forward(self, example: dict) -> dict[str, Float[Tensor, ""]]:
        """Return the losses of a batch of windows."""
        tokens = example["visual_tokens"]
        if self.feature_noise:
            tokens = tokens + self.feature_noise * tokens.std(dim=(0, 1, 2)) * torch.randn_like(tokens)
        output = self.encoder(tokens, tuple(example["grid"]))
        with torch.autocast(tokens.device.type, enabled=False):
            return geometry_losses(output, example["local_points"], example["world_from_camera"], self.weights)


def save_encoder(encoder: Pi3, folder: Path) -> None:
    """Write `config.json` and `model.safetensors` (bf16) of a π³."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"encoder": "pi3"} | encoder.config.to_dict(), indent=1))
    tensors = {name: value.to("cpu", torch.bfloat16).contiguous() for name, value in encoder.state_dict().items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def open_encoder(folder: Path | str) -> Pi3:
    """Load what `save_encoder` wrote, in fp32 and ready to encode. Raises ValueError where there is none."""
    folder = Path(folder)
    if not (folder / "config.json").is_file():
        raise ValueError(f"No trained geometry encoder in {folder}; train one with `vlm2 train geometry`.")
    values = json.loads((folder / "config.json").read_text())
    encoder = Pi3(Pi3Config.from_dict({name: value for name, value in values.items() if name != "encoder"}))
    encoder.load_state_dict(load_file(folder / "model.safetensors"))
    return encoder.eval()


def evaluate_geometry(
    encoder: GeometryEncoder, homes: Sequence[CachedHome], frames: int = 8, windows: int = 4
) -> dict[str, float]:
    """Measure a metric encoder on at most `windows` windows of every cached home, as
    `evaluation.measures.geometry` does."""
    device = next(encoder.parameters()).device
    found: list[Errors] = []
    for home in homes:
        for start in window_starts(home.frames, frames, windows):
            window = read_window(home, slice(start, start + frames))
            batch = {name: value.to(device) for name, value in window.items()}
            geometry = encoder.encode(None, batch["visual_tokens"], home.grid)
            found.append(window_errors(geometry, batch["local_points"], batch["world_from_camera"]))
    if not found:
        raise ValueError(f"None of the {len(homes)} homes has {frames} frames.")
    return summary(found)
