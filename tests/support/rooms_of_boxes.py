"""Made-up rooms with boxes in them, and what a camera sees there: exact surfaces, masks and 3D boxes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from vlm2.encoders.detectors import BoxShapes, Detections, RoomSurfaces
from vlm2.objects.labels import confusable
from vlm2.objects.lifting import lift
from vlm2.objects.memory import ObjectFrame, ObjectMemory
from vlm2.objects.sighting import ObjectSighting, SightedBox

LABELS = ("chair", "sofa", "bed", "table", "lamp", "stove", "refrigerator", "nightstand", "stool", "cup")
ROWS, COLUMNS, HEIGHT, WIDTH = 24, 32, 96, 128
FOCAL = 20.0  # cells
CEILING = 2.5
FLOOR, WALL, ABOVE = -1, -2, -3  # what a cell shows; else the number of a box


@dataclass(frozen=True)
class MadeBox:
    """A thing: the middle of its box and its edges along x, y and z, in metres; z is up."""

    label: str
    center: tuple[float, float, float]
    size: tuple[float, float, float]
    colour: tuple[int, int, int] = (200, 30, 30)


@dataclass(frozen=True)
class MadeRoom:
    """The outline of a floor, counter-clockwise, and the things on it."""

    outline: tuple[tuple[float, float], ...]
    boxes: tuple[MadeBox, ...] = ()

    def hits(self, map_from_camera: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what each cell shows and the points in the camera's frame."""
        x = (np.arange(COLUMNS) + 0.5 - COLUMNS / 2) / FOCAL
        y = (np.arange(ROWS) + 0.5 - ROWS / 2) / FOCAL
        rays = np.stack(np.broadcast_arrays(x[None], y[:, None], 1.0), -1)
        turned, here = rays @ map_from_camera[:3, :3].T, map_from_camera[:3, 3]
        with np.errstate(divide="ignore", invalid="ignore"):
            floor, above = -here[2] / turned[..., 2], (CEILING - here[2]) / turned[..., 2]
            layers = [(FLOOR, floor), (ABOVE, above), (WALL, self._walls(turned, here))]
            layers += [(index, _box_depth(box, turned, here)) for index, box in enumerate(self.boxes)]
        depths = np.stack([np.where(np.isfinite(depth) & (depth > 0.01), depth, np.inf) for _, depth in layers])
        shown = np.array([name for name, _ in layers])[depths.argmin(0)]
        return shown, rays * depths.min(0)[..., None]

    def _walls(self, rays: np.ndarray, here: np.ndarray) -> np.ndarray:
        nearest = np.full(rays.shape[:2], np.inf)
        corners = np.array(self.outline)
        for first, second in zip(corners, np.roll(corners, -1, 0), strict=True):
            along, to = second - first, first - here[:2]
            across = rays[..., 0] * along[1] - rays[..., 1] * along[0]
            depth = (to[0] * along[1] - to[1] * along[0]) / across
            share = (to[0] * rays[..., 1] - to[1] * rays[..., 0]) / across
            hit = (depth > 0) & (share >= 0) & (share <= 1)
            nearest = np.where(hit, np.minimum(nearest, depth), nearest)
        return nearest


def _box_depth(box: MadeBox, rays: np.ndarray, here: np.ndarray) -> np.ndarray:
    low, high = np.array(box.center) - np.array(box.size) / 2, np.array(box.center) + np.array(box.size) / 2
    first, second = (low - here) / rays, (high - here) / rays
    enter, leave = np.minimum(first, second).max(-1), np.maximum(first, second).min(-1)
    return np.where((enter < leave) & (enter > 0), enter, np.inf)


def camera(x: float, y: float, degrees: float, down: float = 15.0, height: float = 1.5) -> np.ndarray:
    """Return map_from_camera of a camera that looks `degrees` counter-clockwise from x, `down` below the horizon."""
    yaw, pitch = np.radians(degrees), np.radians(down)
    forward = np.array([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), -np.sin(pitch)])
    right = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(forward, right), forward], 1)
    pose[:3, 3] = x, y, height
    return pose


def detections(room: MadeRoom, map_from_camera: np.ndarray, shapes: bool = True) -> tuple[Detections, np.ndarray]:
    """Return what a perfect detector finds, and the surface in the camera's frame."""
    shown, points = room.hits(map_from_camera)
    found = [index for index in range(len(room.boxes)) if (shown == index).sum() >= 2]
    masks = np.array([shown == index for index in found], bool).reshape(len(found), ROWS, COLUMNS)
    camera_from_map = np.linalg.inv(map_from_camera)
    offsets, boxes, sizes, headings = np.zeros((ROWS, COLUMNS, 3), np.float32), [], [], []
    for index, mask in zip(found, masks, strict=True):
        box = room.boxes[index]
        center = camera_from_map[:3, :3] @ np.array(box.center) + camera_from_map[:3, 3]
        offsets[mask] = center - points[mask]
        ys, xs = np.nonzero(mask)
        boxes.append([4.0 * v for v in (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)])
        sizes.append((max(box.size[:2]), min(box.size[:2]), box.size[2]))
        right = np.arctan2(map_from_camera[1, 0], map_from_camera[0, 0])
        headings.append(((0.0 if box.size[0] >= box.size[1] else np.pi / 2) - right) % np.pi)
    labels = tuple(room.boxes[index].label for index in found)
    evidence = np.array([[float(name == label) for name in LABELS] for label in labels], np.float32)
    count = len(found)
    made = Detections(
        boxes=np.array(boxes, float).reshape(count, 4),
        scores=np.full(count, 0.9),
        labels=labels,
        masks=masks,
        evidence=evidence.reshape(count, len(LABELS)),
        shapes=BoxShapes(np.array(sizes).reshape(count, 3), np.array(headings).reshape(count), offsets)
        if shapes
        else None,
        surfaces=RoomSurfaces(map_from_camera[:3, :3].T @ np.array([0.0, 0.0, 1.0]), shown == FLOOR),
    )
    return made, points.astype(np.float32)


def picture(room: MadeRoom, map_from_camera: np.ndarray) -> np.ndarray:
    """Return the RGB frame: things in their colours, the rest grey."""
    shown, _ = room.hits(map_from_camera)
    colours = np.full((ROWS, COLUMNS, 3), 128, np.uint8)
    for index, box in enumerate(room.boxes):
        colours[shown == index] = box.colour
    return colours.repeat(HEIGHT // ROWS, 0).repeat(WIDTH // COLUMNS, 1)


def seen(
    room: MadeRoom,
    map_from_camera: np.ndarray,
    frame: int,
    world_from_map: np.ndarray | None = None,
    believed: np.ndarray | None = None,
    shapes: bool = True,
) -> ObjectFrame:
    """Return what a frame adds to the memory. `believed` is the pose that tracking gives, where it is wrong."""
    found, points = detections(room, map_from_camera, shapes)
    pose = (np.eye(4) if world_from_map is None else world_from_map) @ map_from_camera
    image = picture(room, map_from_camera)
    return lift(found, LABELS, image, points, frame, frame / 2, pose if believed is None else believed)


def empty(labels: Sequence[str] = LABELS) -> ObjectMemory:
    """Return a memory that has seen nothing."""
    return ObjectMemory(tuple(labels), confusable(labels))


def watched(room: MadeRoom, poses: Iterable[np.ndarray], world_from_map: np.ndarray | None = None) -> ObjectMemory:
    """Return the memory of a walk."""
    memory = empty()
    for frame, pose in enumerate(poses):
        memory = memory.observe(seen(room, pose, frame, world_from_map))
    return memory


def around(x: float, y: float, count: int = 12, height: float = 1.5) -> list[np.ndarray]:
    """Return poses that look around from one place."""
    return [camera(x, y, 360 * index / count, height=height) for index in range(count)]


def sighting(
    place: Sequence[float],
    label: str = "chair",
    frame: int = 0,
    size: Sequence[float] | None = (0.5, 0.5, 0.9),
    score: float = 0.9,
    share: float = 0.02,
    whole: bool = True,
    labels: Sequence[str] = LABELS,
) -> ObjectSighting:
    """Return a sighting whose box has its centre at a place in the camera's frame."""
    middle = np.array(place, float)
    offsets = 0.1 * np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]])
    return ObjectSighting(
        frame=frame,
        time=frame / 2,
        evidence=np.array([float(name == label) for name in labels], np.float32),
        score=score,
        points=(middle + offsets).astype(np.float32),
        shape=None if size is None else SightedBox(middle, np.array(size, float), 0.3),
        share=share,
        colour=np.array([200, 30, 30], np.uint8),
        whole=whole,
    )


def surface(depth: float = 4.0) -> np.ndarray:
    """Return a wall before the camera, as a surface on the memory's grid."""
    x = (np.arange(COLUMNS) + 0.5 - COLUMNS / 2) / FOCAL
    y = (np.arange(ROWS) + 0.5 - ROWS / 2) / FOCAL
    return (depth * np.stack(np.broadcast_arrays(x[None], y[:, None], 1.0), -1)).astype(np.float32)


def shown(
    frame: int, sightings: Sequence[ObjectSighting], pose: np.ndarray | None = None, depth: float = 4.0
) -> ObjectFrame:
    """Return a frame with these sightings before a wall."""
    return ObjectFrame(frame, frame / 2, np.eye(4) if pose is None else pose, surface(depth), list(sightings))
