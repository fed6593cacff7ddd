"""Lifting: turn the detections of a frame into sightings in 3D, with the frame's geometry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from ..encoders.detectors import Detections
from ..median import column_medians
from .ground import GroundView
from .memory import ObjectFrame
from .position import Pose
from .sighting import ObjectSighting, SightedBox, visible_points

GRID = 32  # cells on the longer side of a frame: the resolution at which lifting samples surfaces
FLOOR_POINTS = 24
NEAR, SLIP, REPEAT = 0.05, 0.03, 0.3  # metres, per metre of depth, share of the long side: centres of one thing
FARTHEST = 1000.0  # metres: what lies farther away is no measured surface
ALIKE = 0.3  # cosine of the labels of one thing
PIECES, PIECES_ALIKE = 0.75, 0.5  # share of the shorter long side, and cosine of labels: two pieces of one thing
INNER = 0.6  # of a box without a mask: the part whose surface is used
THIN, TURNS = 1e-4, 100.0  # the least edge of a box in metres; radians
RIM = 0.01  # of the image: a box this close to the border counts as cut off by it
BEYOND = 0.2  # of a column's points: those beyond the end of its view
NEAR_SURFACE = 0.3  # quantile of the depths there: the box also contains background


def lift(
    detections: Detections,
    labels: Sequence[str],
    image: UInt8[np.ndarray, "height width 3"],
    points: Float[np.ndarray, "rows columns 3"],
    frame: int,
    time: float,
    world_from_camera: Pose,
) -> ObjectFrame:
    """Return what a frame adds to the object memory.

    `points` are the surface in the camera's frame (metres; 0 where unknown) on any grid of the image. `labels` are
    those of the memory, in the order of the evidence. Detections with too few surface points are left out, and those
    with a score or evidence that is not finite.
    """
    height, width = image.shape[:2]
    rows, columns = grid_of(height, width)
    surface = sampled(points, rows, columns)
    with np.errstate(invalid="ignore"):
        known = (np.abs(surface) < FARTHEST).all(-1, keepdims=True)  # not NaN either
    surface = np.where(known, surface, np.float32(0.0))
    colours = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.float32)
    evidence = np.maximum(_evidence(detections, labels), 0.0)
    finite = np.isfinite(detections.scores) & np.isfinite(evidence).all(1)
    near = NEAR_SURFACE if detections.masks is None else 0.5
    centres = None if detections.shapes is None else surface + sampled(detections.shapes.offsets, rows, columns)
    sightings = []
    for index, mask in enumerate(_masks(detections, height, width, rows, columns)):
        seen = visible_points(surface, mask, near) if finite[index] else None
        if seen is None:
            continue
        share, whole = _extent(detections, index, mask, height, width)
        sightings.append(
            ObjectSighting(
                frame=frame,
                time=time,
                evidence=evidence[index],
                score=min(1.0, max(0.0, float(detections.scores[index]))),
                points=seen,
                shape=None if centres is None else _shape(detections, index, centres[mask & (surface[..., 2] > 0.05)]),
                share=share,
                colour=column_medians(colours[mask]).astype(np.uint8),
                whole=whole,
            )
        )
    things = without_repeats(sightings)
    return ObjectFrame(frame, time, world_from_camera, surface, things, _view(detections, surface, frame))


def without_repeats(sightings: Sequence[ObjectSighting]) -> list[ObjectSighting]:
    """Return the sightings of one frame after joining those of one thing. A detector may find a thing in pieces, or
    twice under two labels. They are sorted by score times share of the image, the largest first."""
    kept: list[ObjectSighting] = []
    for sighting in sorted(sightings, key=lambda s: -s.score * s.share):
        for place, other in enumerate(kept):
            if _are_one(other, sighting):
                kept[place] = _joined(other, sighting)
                break
        else:
            kept.append(sighting)
    return kept


def _are_one(main: ObjectSighting, other: ObjectSighting) -> bool:
    """Return whether two sightings of one frame show one thing.

    They do if their centres lie very close, and labels or sizes agree. They also do if their labels agree and their
    boxes overlap so much that two things cannot be there: a detector that estimates boxes finds a thing in pieces.
    """
    distance, (shorter, longer) = math.dist(main.centre, other.centre), sorted((main.extent, other.extent))
    similarity, boxed = float(main.label_direction @ other.label_direction), main.shape is not None
    if boxed and similarity > PIECES_ALIKE and distance < PIECES * shorter:
        return True
    alike = similarity > ALIKE or (boxed and shorter > 0.75 * longer)
    return alike and distance < NEAR + SLIP * main.depth + REPEAT * shorter


def _joined(main: ObjectSighting, piece: ObjectSighting) -> ObjectSighting:
    """Join two sightings of one thing; its position, points and shape are those of the main one."""
    weights = np.array([main.score * main.share, piece.score * piece.share])
    evidence = weights @ np.array([main.evidence, piece.evidence]) / max(weights.sum(), 1e-9)
    evidence = evidence.astype(main.evidence.dtype)
    return replace(main, evidence=evidence, share=min(main.share + piece.share, 1.0), whole=main.whole and piece.whole)


def grid_of(height: int, width: int) -> tuple[int, int]:
    """Return the rows and columns of the memory's grid for a frame of this size."""
    longer = max(height, width)
    return max(round(GRID * height / longer), 1), max(round(GRID * width / longer), 1)


def sampled(array: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Return the value at the centre of each cell of a grid; the array's first two dimensions cover the image."""
    height, width = array.shape[:2]
    y = ((np.arange(rows) + 0.5) * height / rows).astype(int)
    x = ((np.arange(columns) + 0.5) * width / columns).astype(int)
    return array[y][:, x]


def _masks(detections: Detections, height: int, width: int, rows: int, columns: int) -> list[np.ndarray]:
    """Return each detection's cells: its mask, or the inner part of its box."""
    if detections.masks is not None:
        return list(sampled(detections.masks.transpose(1, 2, 0), rows, columns).transpose(2, 0, 1))
    x = (np.arange(columns) + 0.5) * width / columns
    y = (np.arange(rows) + 0.5) * height / rows
    masks = []
    for left, top, right, bottom in np.nan_to_num(detections.boxes, nan=-1e9, posinf=1e9, neginf=-1e9):
        wide, high = 0.5 * INNER * (right - left), 0.5 * INNER * (bottom - top)
        inside_x = np.abs(x - 0.5 * (left + right)) <= max(wide, 0.5 * width / columns)
        inside_y = np.abs(y - 0.5 * (top + bottom)) <= max(high, 0.5 * height / rows)
        masks.append(inside_y[:, None] & inside_x[None])
    return masks


def _evidence(detections: Detections, labels: Sequence[str]) -> Float[np.ndarray, "boxes labels"]:
    """Return the detector's evidence, or one-hot evidence of the labels if it gives none. Raises ValueError for labels
    that the memory lacks."""
    if detections.evidence is not None:
        if detections.evidence.shape[1] != len(labels):
            raise ValueError(
                f"The detector gives evidence for {detections.evidence.shape[1]} labels, but the object memory has "
                f"{len(labels)}."
            )
        return detections.evidence
    unknown = sorted(set(detections.labels) - set(labels))
    if unknown:
        raise ValueError(f"The detector's labels {', '.join(unknown)} are not among those of the object memory.")
    evidence = np.zeros((len(detections), len(labels)), np.float32)
    for index, label in enumerate(detections.labels):
        evidence[index, labels.index(label)] = 1.0
    return evidence


def _shape(detections: Detections, index: int, centres: Float[np.ndarray, "cells 3"]) -> SightedBox | None:
    """Return the detector's 3D box, if it is one that can be. Its centre is the median of where its cells see it."""
    assert detections.shapes is not None
    centre = column_medians(centres).astype(np.float64)
    size, heading = detections.shapes.sizes[index].astype(np.float64), float(detections.shapes.headings[index])
    near = all(abs(place) < FARTHEST for place in centre.tolist())
    can_be = near and all(THIN < side < FARTHEST for side in size.tolist()) and abs(heading) < TURNS
    return SightedBox(centre, size, heading) if can_be else None


def _extent(detections: Detections, index: int, mask: np.ndarray, height: int, width: int) -> tuple[float, bool]:
    """Return a detection's share of the image, and whether it is whole: not cut off by the border."""
    if detections.masks is not None:
        on_rim = mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any()
        return float(np.count_nonzero(mask) / mask.size), not on_rim
    left, top, right, bottom = (float(v) for v in detections.boxes[index])
    wide, high = min(right, width) - max(left, 0.0), min(bottom, height) - max(top, 0.0)
    share = max(wide, 0.0) * max(high, 0.0) / (width * height)
    inside = left > RIM * width and top > RIM * height and right < (1 - RIM) * width and bottom < (1 - RIM) * height
    return share, inside


def _view(detections: Detections, surface: np.ndarray, frame: int) -> GroundView | None:
    """Return the frame's view of the ground; None if the detector gives no surfaces of the room, or no vertical."""
    if detections.surfaces is None or (up := detections.surfaces.vertical) is None:
        return None
    known = surface[..., 2] > 0.05
    level = surface - (surface @ up)[..., None] * up
    distance = np.where(known, np.linalg.norm(level, axis=-1), -1.0)
    beyond = (BEYOND * known.sum(0)).astype(int)  # the farthest points are farthest by their errors
    far = distance.argsort(0)[len(surface) - 1 - beyond, np.arange(surface.shape[1])]
    reach = surface[far, np.arange(surface.shape[1])].astype(np.float32)
    reach[distance.max(0) < 0] = np.nan
    floor = surface[sampled(detections.surfaces.floor, *known.shape) & known]
    step = max(1, len(floor) // FLOOR_POINTS)
    return GroundView(frame, reach, floor[::step][:FLOOR_POINTS].astype(np.float32), up.astype(np.float32))
