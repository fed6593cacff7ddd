"""The pictures of the page: frames with boxes, depth beside true depth, and the path from above."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from jaxtyping import Float, Float32, Float64, UInt8
from PIL import Image

from ...encoders.detectors.boxes import overlaps
from ...objects.lifting import sampled
from .categories import Categories, plain
from .evaluate import SetResult
from .recognition import LEAST_OVERLAP, ComparedPicture
from .sets import RealFrame

WIDTH = 400  # pixels of a picture on the page
MOST_FRAMES, MOST_PHOTOS = 8, 12
UNKNOWN = 150  # grey of a cell without depth
FAR = 95.0  # per cent of the true depths that the colours cover
LEAST_SCORE = 0.5  # of a box that is drawn; lower ones would hide the picture
MARGIN = 0.6  # metres round the path on its map

Judgement = Literal["right", "wrong", "other", "missed"]


@dataclass(frozen=True)
class DrawnBox:
    """A box on a picture: left, top, width, height as shares of it, a text, and how it is judged. `other` is a kind
    that is not labelled, `missed` a true box without a right detection."""

    place: tuple[float, float, float, float]
    text: str
    judgement: Judgement


@dataclass(frozen=True)
class DrawnFrame:
    """A frame on the page: data URIs of the picture, of its depth and of its true depth, where they are known."""

    name: str
    image: str
    aspect: float
    boxes: tuple[DrawnBox, ...]
    depth: str | None = None
    true_depth: str | None = None
    note: str = ""


@dataclass(frozen=True)
class DrawnPath:
    """A path from above, in metres. `box` is the box of the drawing (left, top, width, height).

    `found` and `true` are the found and the true path as points of an SVG polyline, and `starts` their first points.
    `things` are the things with their places.
    """

    box: tuple[float, float, float, float]
    found: str
    true: str
    starts: tuple[tuple[float, float], ...]
    things: tuple[tuple[str, float, float], ...]
    bar: float


def frames(result: SetResult) -> Iterator[DrawnFrame]:
    """Draw frames that are spread over a set."""
    real, most = result.real, MOST_PHOTOS if result.real.photos else MOST_FRAMES
    run = next(iter(result.runs.values()), None)
    for index in np.unique(np.linspace(0, len(real.frames) - 1, most).astype(int)).tolist():
        frame, image = real.frames[index], real.frames[index].image
        height, width = image.shape[:2]
        boxes = tuple(judged(result.pictures[index], real.categories if frame.objects else {}, width, height))
        name = frame.file.name if real.photos else f"{frame.time:.1f} s"
        drawn = DrawnFrame(name, data_uri(image), height / width, boxes)
        if run is None or frame.depth_file is None:
            yield drawn
        else:
            yield _with_depth(result, frame, run.depths[frame.time], drawn)


def judged(picture: ComparedPicture, categories: Categories, width: int, height: int) -> Iterator[DrawnBox]:
    """Judge the boxes of a picture from `LEAST_SCORE` on: each against the true ones of its categories, one to
    one."""
    matched: set[int] = set()
    drawn = [box for box in picture.found if box.score >= LEAST_SCORE]
    for found in sorted(drawn, key=lambda box: -box.score):
        groups = [words for words in categories.values() if plain(found.label) in words]
        common = {
            index: float(overlaps(np.array([found.box]), np.array([thing.box_xyxy]))[0, 0])
            for index, thing in enumerate(picture.true)
            if index not in matched and any(plain(thing.label) in words for words in groups)
        }
        best = max(common, key=lambda index: common[index], default=None)
        right = best is not None and common[best] >= LEAST_OVERLAP
        if right and best is not None:
            matched.add(best)
        judgement: Judgement = "other" if not groups else "right" if right else "wrong"
        yield DrawnBox(_shares(found.box, width, height), f"{found.label} {found.score:.2f}", judgement)
    for index, thing in enumerate(picture.true):
        if index not in matched and any(plain(thing.label) in words for words in categories.values()):
            yield DrawnBox(_shares(thing.box_xyxy, width, height), plain(thing.label), "missed")


def path(result: SetResult) -> DrawnPath | None:
    """Draw the found path and the true one, laid on it by a rigid motion, in the found map's floor plane."""
    pair = result.path
    if pair is None:
        return None
    run = next(iter(result.runs.values()))
    motion = pair.found_from_true
    found, true = pair.found[:, :3, 3], motion.points(pair.true[:, :3, 3])
    low = np.minimum(found.min(0), true.min(0))[:2] - MARGIN
    high = np.maximum(found.max(0), true.max(0))[:2] + MARGIN
    size = high - low
    things = [(t.label, *t.box.center[:2]) for t in run.map.tracks if t.status != "removed"]
    inside = [(name, x, y) for name, x, y in things if low[0] < x < high[0] and low[1] < y < high[1]]
    return DrawnPath(
        box=(float(low[0]), float(-high[1]), float(size[0]), float(size[1])),
        found=_points(found),
        true=_points(true),
        starts=tuple((float(line[0, 0]), float(-line[0, 1])) for line in (found, true)),
        things=tuple((name, x, -y) for name, x, y in inside),
        bar=next((step for step in (10.0, 5.0, 2.0, 1.0, 0.5) if step < 0.4 * size[0]), 0.1),
    )


def depth_picture(depth: Float[np.ndarray, "rows columns"], farthest: float) -> UInt8[np.ndarray, "rows columns 3"]:
    """Colour depths from 0 (dark blue) to `farthest` (red); grey where there is none."""
    levels = (255 * np.clip(np.nan_to_num(depth) / farthest, 0, 1)).astype(np.uint8)
    colours = cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_TURBO), cv2.COLOR_BGR2RGB)
    return np.where((depth > 0)[..., None], colours, np.uint8(UNKNOWN)).astype(np.uint8)


def data_uri(image: UInt8[np.ndarray, "height width 3"]) -> str:
    """Return a picture as a JPEG of `WIDTH` pixels in a data URI."""
    size = (WIDTH, max(1, round(WIDTH * image.shape[0] / image.shape[1])))
    how = cv2.INTER_NEAREST if image.shape[1] < WIDTH / 2 else cv2.INTER_AREA
    packed = io.BytesIO()
    Image.fromarray(cv2.resize(image, size, interpolation=how)).save(packed, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(packed.getvalue()).decode()}"


def _with_depth(
    result: SetResult, frame: RealFrame, found: Float32[np.ndarray, "rows columns"], drawn: DrawnFrame
) -> DrawnFrame:
    true = result.real.depth(frame)
    known = true[true > 0]
    farthest = float(np.percentile(known, FAR)) if len(known) else 5.0
    cells = sampled(true, *found.shape)
    ratio = found[cells > 0] / cells[cells > 0]
    note = f"error {np.median(np.abs(ratio - 1)):.2f}, scale {np.median(ratio):.2f}" if len(ratio) else ""
    grid = cv2.resize(found, (WIDTH, round(drawn.aspect * WIDTH)), interpolation=cv2.INTER_NEAREST)
    return replace(
        drawn,
        depth=data_uri(depth_picture(grid, farthest)),
        true_depth=data_uri(depth_picture(true, farthest)),
        note=note,
    )


def _points(places: Float64[np.ndarray, "frames 3"]) -> str:
    return " ".join(f"{x:.3f},{-y:.3f}" for x, y in places[:, :2].tolist())


def _shares(box: Sequence[float], width: int, height: int) -> tuple[float, float, float, float]:
    """Return left, top, width and height of a box (left, top, right, bottom in pixels) as shares of the picture."""
    left, top, right, bottom = box
    return left / width, top / height, (right - left) / width, (bottom - top) / height
