"""`joint`: our own detector and YOLOX as one; each makes up for what the other is bad at.

Our detector was trained on generated homes: it gives masks, 3D boxes and the room's surfaces, and knows categories
that COCO lacks. On photos it mistakes many things for a bed or a table. YOLOX was trained on photos, but labels doors
and closets as refrigerators. The two work together as follows:

- If both find a thing, their evidence adds up.
- If YOLOX has no evidence for a category that it knows, the evidence of our detector counts less.
- If our detector is certain of what the frames of a window show, these frames look like those that it was trained on,
  and it is used alone.

The option is YOLOX's: `nano` (the default), `tiny`, `s`, or the path of an ONNX file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from . import BoxShapes, Detections, Detector, homes, yolox
from .boxes import suppressed
from .homes import Cells, HomesDetector
from .yolox import YoloxDetector

GROUPS = (
    ("sofa", "bed", "chair", "bench"),
    ("tv", "monitor", "laptop", "picture", "mirror", "window"),
    ("table", "desk", "counter"),
    ("refrigerator", "closet", "cabinet", "door", "shelf", "bookshelf", "dishwasher", "washer", "stove", "microwave"),
    ("cup", "bowl", "bottle", "wine glass", "vase", "kettle", "pan"),
    ("backpack", "suitcase", "handbag", "basket", "box", "trash bin"),
    ("sink", "toilet", "bathtub"),
    ("plant", "vase"),
    ("book", "laptop", "keyboard"),
    ("remote control", "telephone", "computer mouse"),
)
"""Names that the two detectors may give to one thing in one frame."""
INSIDE, COMMON = 0.6, 0.3  # of a mask in a box, of their union: a mask is the box's thing from here on
FILLED = 0.25  # of the box: less of it is not the box's thing under another label, nor the whole of its thing
SILENT, SILENT_ABOUT = 0.1, {"table": 0.7}  # weight of our evidence for a category of COCO where YOLOX is silent
SHARPER = 2.0  # power of our evidence in frames of which our detector is not certain: it is too sure there
LEAST_SCORE = 0.1
PHOTO = 0.65  # certainty of our detector in photos, on average
AGREEING = 0.3  # weight of our evidence for the label of YOLOX
FOREIGN = 0.3  # weight of our evidence for what COCO lacks, against YOLOX's label
NEAR_SURFACE, DEEP = 0.3, 0.25  # quantile of the depths in a box; share of the depth that the thing may differ from it
LEAST_THING = 0.3  # mean probability that cells show a thing, from which on their sizes are used


class JointDetector:
    """Finds things with our own detector and one that gives boxes with evidence. `labels` are those of both."""

    def __init__(self, own: HomesDetector, boxes: Detector) -> None:
        assert boxes.labels is not None
        self.own, self.boxes = own, boxes
        self.labels: tuple[str, ...] = (*own.labels, *(label for label in boxes.labels if label not in own.labels))
        self._places = [self.labels.index(label) for label in boxes.labels]
        self._shared = np.isin(self.labels, boxes.labels)
        self._grouped = grouped(self.labels)
        by_coco = [yolox.COVERED.get(label, label) for label in self.labels]
        silent = [SILENT_ABOUT.get(label, SILENT) for label in by_coco]
        self._alone = np.where(np.isin(by_coco, boxes.labels), silent, 1.0)

    def use_openvino(self) -> None:
        """Compute the network of our own detector in OpenVINO from now on; OpenCV computes YOLOX."""
        self.own.use_openvino()

    def detect(self, frames: UInt8[np.ndarray, "frames height width 3"]) -> list[Detections]:
        """Find things in RGB frames of one scene. A photo of average certainty is counted among them, so that few
        frames must be more certain than many."""
        height, width = frames.shape[1:3]
        cells = self.own.cells(frames)
        own = [self.own.detections(one, height, width) for one in cells]
        if np.mean([PHOTO, *map(certainty, own)]) > self.own.certain:
            return [replace(found, evidence=self._widened(found)) for found in own]
        boxes = self.boxes.detect(frames)
        return [self.join(*seen, height, width) for seen in zip(cells, own, boxes, strict=True)]

    def join(self, cells: Cells, own: Detections, boxes: Detections, height: int, width: int) -> Detections:
        """Join our detections in the cells of a frame of this size with those of YOLOX.

        The scores are calibrated on photos, so the evidence for the labels is of a thing that is there: its sum is 1.
        """
        assert own.masks is not None and boxes.evidence is not None
        known = self._widened(own) ** SHARPER
        seen = np.zeros((len(boxes), len(self.labels)), np.float32)
        seen[:, self._places] = boxes.evidence
        inside = cells_inside(boxes.boxes, cells.depth.shape, height, width)
        mates = self._mates(own.masks, known, inside, seen)
        masks = [
            self._mask(cells, np.asarray(own.masks[mates == index].any(0)), box) for index, box in enumerate(inside)
        ]
        there = self.own.described(cells, masks, height, width)
        lonely = known * self._alone
        alone = (mates < 0) & (lonely.max(1) >= LEAST_SCORE)
        evidence = np.concatenate([self._together(seen, self._widened(there) ** SHARPER), lonely[alone]])
        evidence = evidence.astype(np.float32)
        places, best = np.concatenate([boxes.boxes, own.boxes[alone]]), evidence.argmax(1)
        # Boxes that YOLOX gave different labels may have one now.
        kept = np.sort(suppressed(places, evidence.max(1, initial=0.0), best, yolox.OVERLAP))
        masks_of_all = np.concatenate([np.array(masks, bool).reshape(-1, *cells.depth.shape), own.masks[alone]])
        shapes = _shapes(there, own, alone, [self._is_thing(cells, mask) for mask in masks])
        return Detections(
            boxes=places[kept],
            scores=evidence[kept].max(1).astype(float),
            labels=tuple(self.labels[index] for index in best[kept]),
            masks=masks_of_all[kept],
            evidence=evidence[kept] / np.maximum(evidence[kept].sum(1, keepdims=True), 1e-6),
            shapes=replace(shapes, sizes=shapes.sizes[kept], headings=shapes.headings[kept]),
            surfaces=own.surfaces,
        )

    def _widened(self, found: Detections) -> Float[np.ndarray, "boxes labels"]:
        """Return our detector's evidence over the labels of both."""
        assert found.evidence is not None
        return np.pad(found.evidence, ((0, 0), (0, len(self.labels) - found.evidence.shape[1])))

    def _mates(
        self,
        masks: Bool[np.ndarray, "masks rows columns"],
        known: Float[np.ndarray, "masks labels"],
        inside: Bool[np.ndarray, "boxes rows columns"],
        seen: Float[np.ndarray, "boxes labels"],
    ) -> Int[np.ndarray, " masks"]:
        """Return the box of the thing that each mask shows, -1 where there is none."""
        if not len(masks) or not len(inside):
            return np.full(len(masks), -1)
        common = np.einsum("irc,jrc->ij", masks.astype(np.float32), inside.astype(np.float32))
        areas, wholes = masks.sum((1, 2))[:, None], np.maximum(inside.sum((1, 2)), 1)[None]
        part, union, filled = common / areas, common / (areas + wholes - common), common / wholes
        one, other = known.argmax(1)[:, None], seen.argmax(1)[None]
        fits = (one == other) | (self._grouped[one, other] & (filled >= FILLED))
        worth = np.where(fits & ((part >= INSIDE) | (union >= COMMON)), part + union + (one == other), 0.0)
        return np.where(worth.max(1) > 0, worth.argmax(1), -1)

    def _mask(
        self, cells: Cells, own: Bool[np.ndarray, "rows columns"], inside: Bool[np.ndarray, "rows columns"]
    ) -> Bool[np.ndarray, "rows columns"]:
        """Return the cells of a box's thing: those of our own detections of it, or the near surface in the box where
        these fill little of it."""
        if (own & inside).sum() >= FILLED * inside.sum():
            return own & inside
        depth = np.exp(cells.depth)
        shell = cells.probability[..., -self.own.head.config.surfaces :].sum(-1) > 0.5
        near = np.quantile(depth[inside], NEAR_SURFACE)
        surface = inside & ~shell & (np.abs(depth - near) < DEEP * near)
        return surface if surface.any() else inside

    def _together(
        self, seen: Float[np.ndarray, "boxes labels"], known: Float[np.ndarray, "boxes labels"]
    ) -> Float[np.ndarray, "boxes labels"]:
        """Return the joint evidence for boxes of YOLOX, from its evidence and from ours for their cells.

        Our evidence for categories that COCO lacks weakens YOLOX's label, since YOLOX can only give one that it knows.
        """
        near = known * (self._grouped | np.eye(len(self.labels), dtype=bool))[seen.argmax(1)]
        foreign = known[:, ~self._shared].sum(1, keepdims=True)
        kept = seen * (1.0 - FOREIGN * foreign)
        both = 1.0 - (1.0 - kept) * (1.0 - AGREEING * near)
        evidence = np.where(self._shared, both, near * (1.0 - kept.max(1, keepdims=True, initial=0.0)))
        return evidence / np.maximum(evidence.sum(1, keepdims=True), 1.0)

    def _is_thing(self, cells: Cells, mask: Bool[np.ndarray, "rows columns"]) -> bool:
        """Return whether our detector takes the cells of a mask for a thing, so that their sizes are of one."""
        return bool(self.own.things(cells)[mask].sum(-1).mean() > LEAST_THING)


def certainty(own: Detections) -> float:
    """Return the mean score of the cells that our detector takes for things; 0 where it finds nothing."""
    assert own.masks is not None
    areas = own.masks.sum((1, 2))
    return float((own.scores * areas).sum() / max(areas.sum(), 1))


def grouped(labels: Sequence[str]) -> Bool[np.ndarray, "labels labels"]:
    """Return which pairs of labels are in one group."""
    found = np.zeros((len(labels), len(labels)), bool)
    for group in GROUPS:
        places = [index for index, label in enumerate(labels) if label in group]
        found[np.ix_(places, places)] = True
    return found


def cells_inside(
    boxes: Float[np.ndarray, "boxes 4"], grid: tuple[int, ...], height: int, width: int
) -> Bool[np.ndarray, "boxes rows columns"]:
    """Return the cells of a grid over the image whose middles lie in each box, or the one nearest to its middle."""
    rows, columns = grid
    left, top, right, bottom = (side[:, None] for side in (boxes * np.array([columns / width, rows / height] * 2)).T)
    x, y = np.arange(columns) + 0.5, np.arange(rows) + 0.5
    across = np.abs(x - (left + right) / 2) <= np.maximum((right - left) / 2, 0.5)
    down = np.abs(y - (top + bottom) / 2) <= np.maximum((bottom - top) / 2, 0.5)
    return down[:, :, None] & across[:, None]


def _shapes(there: Detections, own: Detections, alone: Bool[np.ndarray, " own"], things: list[bool]) -> BoxShapes:
    """Return the 3D boxes of YOLOX's boxes, unknown where `things` is False, and of our own detections that are
    alone."""
    assert there.shapes is not None and own.shapes is not None
    sizes = np.where(np.array(things, bool)[:, None], there.shapes.sizes, np.nan)
    return BoxShapes(
        np.concatenate([sizes, own.shapes.sizes[alone]]),
        np.concatenate([there.shapes.headings, own.shapes.headings[alone]]),
        own.shapes.offsets,
    )


def parts(option: str = "nano") -> list[str]:
    """Return the names of the frozen parts that the detector needs beside those of mini."""
    return yolox.parts(option)


def files(option: str = "nano") -> list[Path]:
    """Return the files on which the detections depend."""
    return [*homes.files(), *yolox.files(option)]


def load(option: str = "nano") -> JointDetector:
    """Load our shipped detector and a size of YOLOX, or its ONNX file. Raises MissingPart where YOLOX is not on this
    machine, ValueError where there is no such size or file."""
    return JointDetector(homes.load(), YoloxDetector(yolox.files(option)[0], LEAST_SCORE))
