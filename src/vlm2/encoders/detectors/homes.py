"""`homes`: our own detector, a dense head on the stages of a vision encoder, trained on generated homes.

Cells that vote for the same middle form a detection. The detector returns boxes, masks and labels. It also returns the
3D box of each thing as far as one picture shows it, the vertical direction, and the cells that show floor.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from safetensors.torch import load_file
from torch import Tensor, nn

from ...median import column_medians
from ..openvino_network import OpenVINONetwork
from ..precision import multiplies_bfloat16
from ..vision import VisionEncoder, load_vision_encoder
from ..vision.efficientnet_lite0 import EfficientNetLite0
from . import BoxShapes, Detections, RoomSurfaces
from .dense_head import DenseHead, DenseHeadConfig, DensePrediction

FOLDER = Path(__file__).parents[2] / "checkpoints" / "eyes"
LEAST_THING = 0.5  # probability that a cell shows a thing, of a cell that counts
FEWEST_CELLS = 2
LEAST_SCORE = 0.3
FOCAL = 0.8  # of the image's longer side: for the size of a thing in cells, which limits how far votes may differ
SPREAD = 0.35  # of a thing's size: votes nearer than this are one thing's
CERTAIN = 0.75
TUNED = "encoder."  # prefix of the vision encoder's tuned weights in a file


@dataclass(frozen=True)
class Cells:
    """The predictions of one frame as arrays of [rows, columns, ...]."""

    probability: Float[np.ndarray, "rows columns labels"]
    vote: Float[np.ndarray, "rows columns 2"]
    center: Float[np.ndarray, "rows columns 3"]
    size: Float[np.ndarray, "rows columns 3"]
    heading: Float[np.ndarray, "rows columns 2"]
    depth: Float[np.ndarray, "rows columns"]
    up: Float[np.ndarray, "rows columns 3"]


class HomesDetector:
    """Finds the things of homes. `labels` are the categories that it knows, `encoder` is the name of the vision encoder
    whose stages the head reads; `tuned` are weights that replace its own. Both compute in `dtype`.

    Frames are resized to `zoom` times the size that the encoder would choose, so that small things cover more cells.
    Frames whose things have a mean score over `certain`, a photo among them, look like those that it was trained on."""

    def __init__(
        self,
        head: DenseHead,
        encoder: str,
        zoom: float = 1.0,
        tuned: Mapping[str, Tensor] | None = None,
        dtype: torch.dtype = torch.float32,
        certain: float = CERTAIN,
    ) -> None:
        self.head, self.encoder, self.zoom = head.eval().requires_grad_(False).to(dtype), encoder, zoom
        self.tuned, self.certain = dict(tuned or {}), certain
        self._openvino: OpenVINONetwork | None = None
        surfaces = head.config.surfaces
        self.labels: tuple[str, ...] = head.config.labels[1:-surfaces]

    @cached_property
    def vision(self) -> VisionEncoder:
        """The vision encoder, loaded when frames come without its stages. Raises MissingPart where its weights are not
        on this machine, ValueError for tuned weights that do not fit it."""
        encoder = load_vision_encoder(self.encoder)
        try:
            encoder.load_state_dict(encoder.state_dict() | self.tuned)
        except RuntimeError as error:
            raise ValueError(f"The tuned weights of the detector do not fit {self.encoder}: {error}") from None
        return encoder.to(self.head.output.weight.dtype)

    def use_openvino(self) -> None:
        """Compute the network in OpenVINO from now on. Raises MissingPart where the vision encoder's weights are not on
        this machine, ValueError for one that PyTorch alone computes."""
        if not isinstance(self.vision, EfficientNetLite0):
            raise ValueError(f"OpenVINO does not compute the vision encoder {self.encoder}; leave out the runtime.")
        mean, std = (torch.tensor(value).view(3, 1, 1) for value in (self.vision.mean, self.vision.std))

        def compute(parts: Sequence[Any], images: Tensor) -> Tensor:
            vision, head = parts
            return head.convolve(*vision.convolve((images - mean) / std))

        self._openvino = OpenVINONetwork("homes", nn.ModuleList([self.vision, self.head]), compute)

    def detect(self, frames: UInt8[np.ndarray, "frames height width 3"]) -> list[Detections]:
        """Find things in RGB frames of any size."""
        height, width = frames.shape[1:3]
        return [self.detections(cells, height, width) for cells in self.cells(frames)]

    @torch.inference_mode()
    def cells(self, frames: UInt8[np.ndarray, "frames height width 3"]) -> list[Cells]:
        """Predict what the cells of RGB frames of any size show."""
        height, width = (32 * round(self.zoom * side / 32) for side in self.vision.frame_size(*frames.shape[1:3]))
        smaller = height * width < frames.shape[1] * frames.shape[2]
        method = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
        resized = np.stack([cv2.resize(frame, (width, height), interpolation=method) for frame in frames])
        planes = torch.from_numpy(resized).permute(0, 3, 1, 2).contiguous()  # others are slow to normalise in bfloat16
        return _cells(self.predict(planes.float().div_(255)))

    def predict(self, images: Float[Tensor, "frames 3 height width"]) -> DensePrediction:
        """Predict from images in [0, 1] whose sides are multiples of 32 pixels."""
        if self._openvino is not None:
            (output,) = self._openvino(images)
            return self.head.divided(output)
        _, stages = self.vision.tokens_and_stages(images)
        if stages is None:
            raise ValueError(f"The vision encoder {self.encoder} has no stages that a detector could read.")
        eighth, sixteenth, last = (stage.to(self.head.output.weight) for stage in stages)
        return self.head((eighth, sixteenth, last))

    def things(self, cells: Cells) -> Float[np.ndarray, "rows columns labels"]:
        """Return the probabilities of the things that cells may show."""
        return cells.probability[..., 1 : 1 + len(self.labels)]

    def detections(self, cells: Cells, height: int, width: int) -> Detections:
        """Join the cells of one frame of this size, in pixels, into things."""
        return self.described(cells, group_cells(cells, self.things(cells)), height, width)

    def described(self, cells: Cells, groups: Sequence[np.ndarray], height: int, width: int) -> Detections:
        """Return the detections whose masks are given: none of them is empty."""
        things = self.things(cells)
        floor = cells.probability[..., -self.head.config.surfaces]
        rows, columns = floor.shape
        count, scale = len(groups), np.tile([width / columns, height / rows], 2)
        boxes, evidence = np.empty((count, 4)), np.empty((count, len(self.labels)), np.float32)
        sizes, headings = np.empty((count, 3), np.float32), np.empty((count, 2), np.float32)
        for index, mask in enumerate(groups):
            ys, xs = np.nonzero(mask)
            boxes[index] = xs.min(), ys[0], xs.max() + 1, ys[-1] + 1
            evidence[index] = things[ys, xs].mean(0)
            sizes[index] = column_medians(cells.size[ys, xs])
            headings[index] = cells.heading[ys, xs].mean(0)
        return Detections(
            boxes=scale * boxes,
            scores=evidence.max(1).astype(float),
            labels=tuple(self.labels[i] for i in evidence.argmax(1)),
            masks=np.array(groups, bool).reshape(count, rows, columns),
            evidence=evidence,
            shapes=BoxShapes(np.exp(sizes), 0.5 * np.arctan2(headings[:, 1], headings[:, 0]), cells.center),
            surfaces=RoomSurfaces(cells.up.reshape(-1, 3).mean(0), floor > 0.5),
        )


def group_cells(cells: Cells, things: Float[np.ndarray, "rows columns labels"]) -> list[np.ndarray]:
    """Return the masks of the things: cells of one label whose votes lie close, in the image and in depth."""
    rows, columns = things.shape[:2]
    ys, xs = np.nonzero(things.sum(-1) > LEAST_THING)
    probability = things[ys, xs]
    label = probability.argmax(1)
    distance = np.exp(cells.depth[ys, xs]) + cells.center[ys, xs, 2]
    long = np.exp(cells.size[ys, xs, 0])
    focal = FOCAL * max(rows, columns)
    radius = np.clip(SPREAD * focal * long / np.maximum(distance, 0.4), 1.2, 10.0)
    middle = np.column_stack([xs, ys]) + 4.0 * cells.vote[ys, xs]
    place = np.column_stack([middle / radius[:, None], distance / (0.4 + 0.5 * long)])
    masks = []
    for k in np.flatnonzero(np.bincount(label) >= FEWEST_CELLS):
        alike = np.flatnonzero(label == k)
        weight = probability[alike, k]
        for group in cluster(place[alike], weight):
            if len(group) >= FEWEST_CELLS and weight[group].mean() >= LEAST_SCORE:
                mask = np.zeros((rows, columns), bool)
                mask[ys[alike[group]], xs[alike[group]]] = True
                masks.append(mask)
    return masks


def cluster(places: Float[np.ndarray, "cells dim"], weights: Float[np.ndarray, " cells"]) -> list[np.ndarray]:
    """Group places: the place with the most weight within distance 1 takes what lies there, and so on."""
    squares = (places**2).sum(1)
    distance = places @ (-2.0 * places.T)  # squared, in place: there may be thousands of cells
    distance += squares
    distance += squares[:, None]
    near = distance < 1.0
    mass = near @ weights
    left, groups = weights + 1e-6, []  # weights of the places that no group has taken yet, 0 for the others
    while left.any():
        best = int(np.where(left > 0, mass, -1.0).argmax())
        around = np.flatnonzero(near[best] & (left > 0))
        mean = left[around] @ places[around] / left[around].sum()
        group = (left > 0) & (squares - 2.0 * places @ mean < 1.5 - mean @ mean)
        group[best] = True
        members = np.flatnonzero(group)
        groups.append(members)
        left[members] = 0.0
        mass -= weights[members] @ near[members]
    return groups


def _cells(prediction: DensePrediction) -> list[Cells]:
    """Return the predictions frame by frame as NumPy arrays."""
    maps = {**vars(prediction), "probability": prediction.label.softmax(1)}
    del maps["label"]
    values = {name: value.permute(0, 2, 3, 1).cpu().numpy() for name, value in maps.items()}
    values["depth"] = values["depth"][..., 0]
    return [Cells(**{name: value[i] for name, value in values.items()}) for i in range(len(prediction.label))]


def shipped_labels() -> tuple[str, ...]:
    """Return the words of the shipped detector, without loading it."""
    config = json.loads((FOLDER / "config.json").read_text())
    return tuple(config["labels"][1 : -config["surfaces"]])


def files(folder: str | Path = FOLDER) -> list[Path]:
    """Return the files on which the detections depend."""
    return [Path(folder) / "config.json", Path(folder) / "model.safetensors"]


def load(folder: str | Path = FOLDER) -> HomesDetector:
    """Load the shipped detector, or one that `vlm2 train eyes` left in a folder. It computes in bfloat16 where the CPU
    is fast in it. Raises ValueError where there is none."""
    folder = Path(folder)
    if not (folder / "config.json").is_file():
        raise ValueError(f"No trained detector in {folder}; train one with `vlm2 train eyes`.")
    config = json.loads((folder / "config.json").read_text())
    sizes = config["surfaces"], config["width"], config["fine_width"]
    head = DenseHead(DenseHeadConfig(tuple(config["labels"]), *sizes))
    weights = {name: tensor.float() for name, tensor in load_file(folder / "model.safetensors").items()}
    tuned = {name.removeprefix(TUNED): weights.pop(name) for name in list(weights) if name.startswith(TUNED)}
    try:
        missing, foreign = head.load_state_dict(weights, strict=False)
    except RuntimeError as error:
        raise ValueError(f"The weights in {folder} do not fit its config.json: {error}") from None
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]  # only training counts batches
    if missing or foreign:
        names = ", ".join((*missing, *foreign)[:3])
        raise ValueError(f"The weights in {folder} are of another detector: {names} are missing or unknown.")
    dtype = torch.bfloat16 if multiplies_bfloat16(torch.device("cpu")) else torch.float32
    return HomesDetector(head, config["vision"], config.get("zoom", 1.0), tuned, dtype, config.get("certain", CERTAIN))
