"""`yolox`: YOLOX (Ge et al. 2021), trained on COCO, read by OpenCV: sees the things of real rooms that COCO names.

The option is `nano` (the default), `tiny` or `s`, or the path of an ONNX file of another size or export. A frame is
letterboxed into a square. Each of the three grids (strides 8, 16, 32) predicts a box a cell.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8

from ..frozen_part import FrozenPart
from ..weights import find_part
from . import Detections
from .boxes import suppressed

NANO = FrozenPart(
    name="yolox-nano",
    title="YOLOX-nano, a detector trained on COCO",
    file="yolox_nano.onnx",
    also=("yolox_nano_416.onnx",),
    checksums=(
        "c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d",
        "695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14",
    ),
    megabytes=4,
    licence="Apache-2.0",
    release=("Megvii-BaseDetection/YOLOX", "0.1.1rc0"),
    needed=False,
)
TINY = FrozenPart(
    name="yolox-tiny",
    title="YOLOX-tiny, a detector trained on COCO",
    file="yolox_tiny.onnx",
    checksums=("427cc366d34e27ff7a03e2899b5e3671425c262ea2291f88bb942bc1cc70b0f7",),
    megabytes=20,
    licence="Apache-2.0",
    release=("Megvii-BaseDetection/YOLOX", "0.1.1rc0"),
    needed=False,
)
S = FrozenPart(
    name="yolox-s",
    title="YOLOX-s, a detector trained on COCO",
    file="yolox_s.onnx",
    checksums=("c5c2d13e59ae883e6af3b45daea64af4833a4951c92d116ec270d9ddbe998063",),
    megabytes=36,
    licence="Apache-2.0",
    release=("Megvii-BaseDetection/YOLOX", "0.1.1rc0"),
    needed=False,
)
SIZES = {"nano": NANO, "tiny": TINY, "s": S}  # from the fastest to the best
COSTS = {
    "nano": "about 25 ms a frame on one core",
    "tiny": "6 times the arithmetic of nano",
    "s": "25 times the arithmetic of nano",
}
COCO = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
    "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow", "elephant",
    "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard",
    "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard", "tennis racket", "bottle",
    "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple", "sandwich", "orange", "broccoli",
    "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch", "potted plant", "bed", "dining table", "toilet",
    "tv", "laptop", "mouse", "remote", "keyboard", "cell phone", "microwave", "oven", "toaster", "sink",
    "refrigerator", "book", "clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush",
)  # fmt: skip
OUTDOORS = frozenset(COCO[COCO.index("car") : COCO.index("bench")]) - {"motorcycle"} | frozenset(
    COCO[COCO.index("horse") : COCO.index("backpack")]
)
"""What is not found in rooms: a detection of it there is false."""
OUR_WORDS = {
    "couch": "sofa",
    "potted plant": "plant",
    "dining table": "table",
    "mouse": "computer mouse",
    "remote": "remote control",
    "cell phone": "telephone",
    "oven": "stove",
    "hair drier": "hair dryer",
}
COVERED = {"monitor": "tv"}
"""Our words that one of COCO's labels covers: a detector of COCO calls a monitor a tv however often it sees it."""
STRIDES = (8, 16, 32)
GRAY = 114  # of the letterbox's border
LEAST_SCORE = 0.25
OVERLAP = 0.5  # IoU from which on two boxes of one label are one thing's


class YoloxDetector:
    """Finds the things of COCO that rooms hold; `labels` are our words for them. `file` is an ONNX file."""

    def __init__(self, file: Path, least: float = LEAST_SCORE) -> None:
        self.file, self.least, self.pixels = file, least, input_pixels(file)
        self._kept = [index for index, name in enumerate(COCO) if name not in OUTDOORS]
        self.labels: tuple[str, ...] = tuple(OUR_WORDS.get(COCO[index], COCO[index]) for index in self._kept)
        try:
            self._net = cv2.dnn.readNetFromONNX(str(file))
        except cv2.error as error:
            raise ValueError(f"OpenCV cannot read {file} as a network: {error}") from None
        self._grid, self._lock = grid(self.pixels), threading.Lock()

    def detect(self, frames: UInt8[np.ndarray, "frames height width 3"]) -> list[Detections]:
        """Find things in RGB frames."""
        return [self._detect(frame) for frame in frames]

    def _detect(self, frame: UInt8[np.ndarray, "height width 3"]) -> Detections:
        image, scale = letterbox(frame, self.pixels)
        pixels = np.ascontiguousarray(image[..., ::-1].transpose(2, 0, 1)[None], np.float32)  # BGR
        with self._lock:  # a network of OpenCV has one input
            self._net.setInput(pixels)
            output = self._net.forward()[0].copy()
        if output.shape != (len(self._grid), 5 + len(COCO)):
            raise ValueError(f"{self.file} is no YOLOX trained on COCO: its output has the shape {output.shape}.")
        evidence = output[:, 4:5] * output[:, 5:][:, self._kept]
        found = evidence.max(1) >= self.least
        boxes, evidence = decode(output[found], self._grid[found]) / scale, evidence[found]
        scores, best = evidence.max(1), evidence.argmax(1)
        chosen = suppressed(boxes, scores, best, OVERLAP)
        height, width = frame.shape[:2]
        return Detections(
            boxes=boxes[chosen].clip(0, [width, height, width, height]),
            scores=scores[chosen].astype(float),
            labels=tuple(self.labels[index] for index in best[chosen]),
            evidence=evidence[chosen],
        )


def letterbox(
    frame: UInt8[np.ndarray, "height width 3"], pixels: int
) -> tuple[UInt8[np.ndarray, "side side 3"], float]:
    """Return a frame scaled into the upper left of a gray square of so many pixels, and its scale."""
    height, width = frame.shape[:2]
    scale = min(pixels / height, pixels / width)
    inside = max(1, int(width * scale)), max(1, int(height * scale))
    square = np.full((pixels, pixels, 3), GRAY, np.uint8)
    square[: inside[1], : inside[0]] = cv2.resize(
        frame, inside, interpolation=cv2.INTER_LINEAR if scale > 1 else cv2.INTER_AREA
    )
    return square, scale


def grid(pixels: int) -> Float32[np.ndarray, "cells 3"]:
    """Return column, row and stride of every output cell, in the network's order."""
    cells = []
    for stride in STRIDES:
        y, x = np.mgrid[: pixels // stride, : pixels // stride]
        cells.append(np.stack([x.ravel(), y.ravel(), np.full(x.size, stride)], -1))
    return np.concatenate(cells).astype(np.float32)


def decode(
    output: Float[np.ndarray, "cells channels"], grid: Float32[np.ndarray, "cells 3"]
) -> Float[np.ndarray, "cells 4"]:
    """Return the boxes of output cells in pixels of the letterbox: the upper left and the lower right corner."""
    stride = grid[:, 2:]
    middle = (output[:, :2] + grid[:, :2]) * stride
    half = np.exp(output[:, 2:4]) * stride / 2
    return np.concatenate([middle - half, middle + half], 1).astype(float)


def input_pixels(file: Path) -> int:
    """Return the side of the square that a network takes, from its ONNX file. Raises ValueError for another file.

    The side is the last number of ModelProto.graph.input[0].type.tensor_type.shape.dim.dim_value.
    """
    try:
        message = file.read_bytes()
        for number in (7, 11, 2, 1, 2):
            message = next(value for field, value in _fields(message) if field == number)
        sides = [dict(_fields(side))[1] for field, side in _fields(message) if field == 1]
        *_, height, width = sides
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}.") from None
    except (StopIteration, LookupError, TypeError, ValueError):
        raise ValueError(f"{file} is no ONNX file with an input of a fixed size.") from None
    if height != width or width % STRIDES[-1]:
        raise ValueError(f"{file} takes images of {width}×{height} pixels; YOLOX takes squares of a multiple of 32.")
    return width


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Yield the number and the value of each field of a protocol buffer message."""
    place = 0

    def varint() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = message[place]
            place, value, shift = place + 1, value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value

    while place < len(message):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        else:
            size = {1: 8, 5: 4}.get(key & 7) or varint()
            yield key >> 3, message[place : place + size]
            place += size


def prepare(source: Path, folder: Path) -> None:
    """Copy the ONNX file: OpenCV reads it as it is."""
    shutil.copyfile(source, folder / f"{folder.name}.onnx")


def parts(option: str = "nano") -> list[str]:
    """Return the names of the frozen parts that the detector needs."""
    return [SIZES[option].name] if option in SIZES else []


def files(option: str = "nano") -> list[Path]:
    """Return the file on which the detections depend. Raises MissingPart where it is not on this machine, ValueError
    where there is no such size or file."""
    if option not in SIZES:
        if not Path(option).is_file():
            raise ValueError(f"{option} is no size of YOLOX ({', '.join(SIZES)}) and no ONNX file.")
        return [Path(option)]
    folder = find_part(SIZES[option].name)
    return [folder / f"{folder.name}.onnx"]


def load(option: str = "nano") -> YoloxDetector:
    """Load a size of YOLOX, or an ONNX file. Raises MissingPart where it is not on this machine, ValueError where there
    is no such size or file."""
    return YoloxDetector(files(option)[0])
