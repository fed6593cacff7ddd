"""Detectors that return the truth about each frame of a generated home, as a renderer gives it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int32, UInt8

from ..encoders.detectors import BoxShapes, Detections, Detector, RoomSurfaces
from ..objects.lifting import sampled
from ..questions.numbered_frames import camera_poses
from ..scenes.box_geometry import upright_edges
from ..scenes.record import Intrinsics, Scene, SceneObject, Trajectory
from ..scenes.vocabulary import VOCABULARY
from .benchmark import Truth

STRIDE = 2  # pixels between the stored cells of a rendered frame
SAME_TIME = 0.02  # seconds between a frame and the true one at most
LEAST_SHARE = 0.0005  # of the image, from which on a thing is detected
FLOOR_HEIGHT = 0.06  # metres, below which the shell is floor
MOSTLY = 0.5  # share of a mask: one with more cells of no thing is dropped


@dataclass(frozen=True)
class TrueFrame:
    """The truth about one frame, on a grid that covers it, and the pose.

    `instances` are ids of the things (0 for the shell). `points` are in the camera's frame (metres; 0 where nothing is
    hit).
    """

    instances: Int32[np.ndarray, "rows columns"]
    points: Float32[np.ndarray, "rows columns 3"]
    world_from_camera: Float64[np.ndarray, "4 4"]


@dataclass(frozen=True)
class TrueFrames:
    """The truth about the frames of a home's video. `depths` are metres along the camera's axis."""

    scene: Scene
    instances: Int32[np.ndarray, "frames rows columns"]
    depths: Float32[np.ndarray, "frames rows columns"]

    @staticmethod
    def render(truth: Truth) -> TrueFrames:
        """Render ids and depths of all frames that the record knows."""
        from ..homes.production import shared_renderer

        camera = _trajectory(truth.scene).intrinsics
        renderer = shared_renderer(camera.width, camera.height)
        renderer.load(truth.home())
        middle = slice(STRIDE // 2, None, STRIDE)
        shots = [renderer.render(pose, camera) for pose in _poses(truth.scene)]
        return TrueFrames(
            truth.scene,
            np.stack([shot.instances[middle, middle] for shot in shots]),
            np.stack([shot.depth[middle, middle] for shot in shots]),
        )

    def at(self, time: float) -> TrueFrame:
        """Return the truth about the frame at a time in seconds. Raises ValueError for a time between the frames."""
        times = np.array(_trajectory(self.scene).times)
        index = int(np.abs(times - times[0] - time).argmin())
        if abs(times[index] - times[0] - time) > SAME_TIME:
            raise ValueError(
                f"The truth is known at {1 / (times[1] - times[0]):g} frames a second, which have none at {time:g} s. "
                "Leave out --fps, or give a number that divides it."
            )
        points = _points(self.depths[index], _trajectory(self.scene).intrinsics)
        return TrueFrame(self.instances[index], points, _poses(self.scene)[index])


class TruthByTime:
    """A detector of the truth about frames, which is known by their times."""

    def detect(self, frames: UInt8[np.ndarray, "frames height width 3"]) -> Sequence[Detections]:
        """Refuse frames without their times."""
        raise ValueError("The truth is found by the time of a frame; this detector needs `detect_at`.")


class TrueDetector(TruthByTime):
    """Detects the true things of each frame with their true 3D boxes, the vertical and the floor."""

    labels: tuple[str, ...] = VOCABULARY[1:]

    def __init__(self, frames: TrueFrames) -> None:
        self.frames = frames
        self._things = {thing.id: thing for thing in frames.scene.objects if thing.category in self.labels}

    def detect_at(
        self, frames: UInt8[np.ndarray, "frames height width 3"], times: Sequence[float]
    ) -> Sequence[Detections]:
        """Return the true detections of frames at these times."""
        return [self._found(self.frames.at(time), frames.shape[1:3]) for time in times]

    def _found(self, true: TrueFrame, size: tuple[int, ...]) -> Detections:
        counts = np.bincount(true.instances.ravel())
        least = LEAST_SHARE * true.instances.size
        seen = [self._things[k] for k in np.flatnonzero(counts >= least).tolist() if k in self._things]
        masks = true.instances == np.array([thing.id for thing in seen], np.int32).reshape(-1, 1, 1)
        forms = [_form(thing, true.world_from_camera) for thing in seen]
        return Detections(
            boxes=_outlines(masks, size),
            scores=np.ones(len(seen)),
            labels=tuple(thing.category for thing in seen),
            masks=masks,
            shapes=BoxShapes(
                np.array([form[0] for form in forms]).reshape(-1, 3),
                np.array([form[1] for form in forms]),
                _offsets(seen, masks, true),
            ),
            surfaces=_surfaces(true),
        )


class TrueLabels(TruthByTime):
    """Gives the detections of another detector their true labels, and drops those that show mostly no thing."""

    def __init__(self, frames: TrueFrames, detector: Detector) -> None:
        if detector.labels is None:
            raise ValueError("True labels need a detector with a fixed set of words, such as homes.")
        self.frames, self.detector, self.labels = frames, detector, detector.labels
        known = {label: number for number, label in enumerate(detector.labels, 1)}
        self._numbers = np.zeros(1 + max(thing.id for thing in frames.scene.objects), int)
        for thing in frames.scene.objects:
            self._numbers[thing.id] = known.get(thing.category, 0)

    def detect_at(
        self, frames: UInt8[np.ndarray, "frames height width 3"], times: Sequence[float]
    ) -> Sequence[Detections]:
        """Return the other detector's detections of frames at these times, with true labels."""
        found = self.detector.detect(frames)
        return [self._relabelled(one, self.frames.at(time)) for one, time in zip(found, times, strict=True)]

    def _relabelled(self, found: Detections, true: TrueFrame) -> Detections:
        if found.masks is None:
            raise ValueError("True labels need a detector with masks, such as homes.")
        rows, columns = found.masks.shape[1:]
        numbers = self._numbers[sampled(true.instances, rows, columns)]
        kept, labels = [], []
        for index, mask in enumerate(found.masks):
            counts = np.bincount(numbers[mask], minlength=2)
            if counts[0] <= MOSTLY * counts.sum() and counts[1:].any():
                kept.append(index)
                labels.append(self.labels[int(counts[1:].argmax())])
        shapes = found.shapes
        if shapes is not None:
            shapes = replace(shapes, sizes=shapes.sizes[kept], headings=shapes.headings[kept])
        return Detections(
            boxes=found.boxes[kept],
            scores=found.scores[kept],
            labels=tuple(labels),
            masks=found.masks[kept],
            shapes=shapes,
            surfaces=found.surfaces,
        )


def _trajectory(scene: Scene) -> Trajectory:
    if scene.trajectory is None:
        raise ValueError(f"The record of {scene.name} has no camera path, so its frames cannot be rendered.")
    return scene.trajectory


def _poses(scene: Scene) -> Float64[np.ndarray, "frames 4 4"]:
    rows = camera_poses(_trajectory(scene))
    return np.concatenate([rows, np.broadcast_to([[[0.0, 0.0, 0.0, 1.0]]], (len(rows), 1, 4))], axis=1)


def _points(depth: Float32[np.ndarray, "rows columns"], camera: Intrinsics) -> Float32[np.ndarray, "rows columns 3"]:
    """Return the points of the stored cells in the camera's frame."""
    y, x = (np.arange(length) * STRIDE + STRIDE // 2 + 0.5 for length in depth.shape)
    right, down = (x - camera.cx) / camera.fx, (y[:, None] - camera.cy) / camera.fy
    return np.stack([depth * right, depth * down, depth], -1).astype(np.float32)


def _form(thing: SceneObject, world_from_camera: np.ndarray) -> tuple[list[float], float]:
    """Return a box's long side, short side and height (metres), and the angle of the long side from the camera's right
    to its forward direction."""
    edges = upright_edges(thing.box)
    forward = world_from_camera[:2, 2] / max(float(np.linalg.norm(world_from_camera[:2, 2])), 1e-6)
    side = np.array(thing.box.axes)[edges[0], :2]
    heading = math.atan2(float(side @ forward), float(side @ np.array([forward[1], -forward[0]])))
    return [max(thing.box.size[axis], 0.01) for axis in edges], heading


def _offsets(
    things: Sequence[SceneObject], masks: Bool[np.ndarray, "boxes rows columns"], true: TrueFrame
) -> Float[np.ndarray, "rows columns 3"]:
    """Return, for each cell, the way from its point to the centre of its thing's box; 0 for cells of no thing."""
    rotation, position = true.world_from_camera[:3, :3], true.world_from_camera[:3, 3]
    offsets = np.zeros_like(true.points)
    for thing, mask in zip(things, masks, strict=True):
        offsets[mask] = (np.array(thing.box.center) - position) @ rotation - true.points[mask]
    return offsets


def _surfaces(true: TrueFrame) -> RoomSurfaces:
    rotation, position = true.world_from_camera[:3, :3], true.world_from_camera[:3, 3]
    height = (true.points @ rotation.T)[..., 2] + position[2]
    floor = (true.instances == 0) & (height < FLOOR_HEIGHT) & (true.points[..., 2] > 0)
    return RoomSurfaces(rotation[2].copy(), floor)


def _outlines(masks: Bool[np.ndarray, "boxes rows columns"], size: tuple[int, ...]) -> Float[np.ndarray, "boxes 4"]:
    """Return the boxes of masks in pixels of a frame of `size` = (height, width)."""
    rows, columns = masks.shape[1:]
    boxes = np.zeros((len(masks), 4))
    for box, mask in zip(boxes, masks, strict=True):
        y, x = np.nonzero(mask)
        box[:] = x.min(), y.min(), x.max() + 1, y.max() + 1
    return boxes * np.array([size[1] / columns, size[0] / rows] * 2)
