"""A 3D scene of what a session has seen: things, points, the camera's path and the kept frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from ..objects import ObjectMap, Track
from ..objects.box_measures import CORNERS, box_points
from ..objects.mapping import MapFrame, map_frame
from ..streaming.keyframe import thinned
from ..streaming.stream import Stream
from ..streaming.thumbnail import picture
from .floor_map import MIN_CONFIDENCE, NO_PICTURE, FloorPlane, patch_colours, seen_frames

MOST_FRAMES = 48  # kept frames in a scene
NEAREST = 0.05  # metres in front of the camera: a box that begins nearer has no outline in the picture


@dataclass(frozen=True)
class SceneFrame:
    """A kept frame: its index, its time (s), its pose in the scene (OpenCV axes, metres), and its picture."""

    frame: int
    time: float
    scene_from_camera: Float[np.ndarray, "4 4"]
    image: Image.Image | None


@dataclass(frozen=True)
class Scene3D:
    """A scene in metres (where the geometry is metric) with z up; the floor is at z = 0 where it was seen.

    `points` with `colours` (RGB) are the patches of the frames in the memory. `path` holds the camera's places.
    `half_view` holds the tangents of half the horizontal and half the vertical field of view. `metric` is False where
    the geometry has no scale.
    """

    map: ObjectMap
    points: Float[np.ndarray, "points 3"]
    colours: UInt8[np.ndarray, "points 3"]
    path: Float[np.ndarray, "poses 3"]
    frames: tuple[SceneFrame, ...]
    half_view: tuple[float, float]
    metric: bool

    @property
    def things(self) -> tuple[Track, ...]:
        """The things that are there, by label and number."""
        return tuple(sorted((t for t in self.map.tracks if t.status != "removed"), key=lambda t: (t.label, t.id)))

    def extent(self) -> tuple[Float[np.ndarray, " 3"], float]:
        """Return the middle of the scene, and the longer side of its ground (m), without the farthest points."""
        places = np.concatenate((self.points, self.path))
        low, high = np.percentile(places, (2, 98), axis=0)
        return (low + high) / 2, float((high - low)[:2].max())

    def frames_of(self, track: Track, most: int = 4) -> tuple[SceneFrame, ...]:
        """Return the kept frames with a picture that show a thing best, in the order of time."""
        shown = {frame.frame: frame for frame in self.frames if frame.image is not None}
        best = sorted((view for view in track.views if view.frame in shown), key=lambda view: -view.share)[:most]
        return tuple(shown[view.frame] for view in sorted(best, key=lambda view: view.time))

    def outline(self, track: Track, frame: SceneFrame) -> tuple[float, float, float, float] | None:
        """Return the place of a thing's box in a frame's picture: left, top, right and bottom as shares of its sides
        (0 to 1). Return None where the frame does not show it."""
        pose = frame.scene_from_camera
        corners = (box_points(track.box, CORNERS) - pose[:3, 3]) @ pose[:3, :3]
        if (corners[:, 2] < NEAREST).any():
            return None
        seen = 0.5 * (1 + corners[:, :2] / corners[:, 2:] / self.half_view)
        (left, top), (right, bottom) = np.clip(seen.min(0), 0, 1), np.clip(seen.max(0), 0, 1)
        return None if right <= left or bottom <= top else (left, top, right, bottom)


def scene_of(stream: Stream) -> Scene3D:
    """Return the scene of a stream. Raises ValueError if no window of frames was complete."""
    if not len(stream.trajectory):
        raise ValueError(
            "There is no scene yet: too few frames were seen. Watch a longer video, then open the scene again."
        )
    poses = stream.trajectory.world_from_camera.double().cpu().numpy()
    placed = MapFrame() if stream.objects is None else map_frame(stream.objects, poses)[0]
    if stream.objects is None:
        placed.map_from_world[:3, :3] = FloorPlane.under(poses).axes
    points, colours = _points(stream, placed)
    geometry = None if stream.windows is None else stream.windows.placed
    return Scene3D(
        map=stream.object_map(),
        points=points,
        colours=colours,
        path=placed.of_poses(poses)[:, :3, 3],
        frames=_frames(stream, placed),
        half_view=(stream.objects and stream.objects.half_view) or (0.5, 0.4),
        metric=geometry is None or geometry.metric,
    )


def _points(stream: Stream, placed: MapFrame) -> tuple[Float[np.ndarray, "points 3"], UInt8[np.ndarray, "points 3"]]:
    """Return points with colours, in the scene.

    They are the confident patches of the frames in the memory, and the points of the object memory: those on things, on
    the floor, and farthest away. Without the picture of a frame, the points on a thing have the median colour of the
    thing, and the others are grey.
    """
    points, colours = [np.empty((0, 3))], [np.empty((0, 3), np.uint8)]
    for seen in seen_frames(stream):
        assert seen.held.confidence is not None
        shown = (seen.held.confidence.numpy() >= MIN_CONFIDENCE) & np.isfinite(seen.points).all(1)
        points.append(seen.points[shown])
        colours.append(patch_colours(seen.held, len(seen.points))[shown].astype(np.uint8))
    if (memory := stream.objects) is not None:
        images = {shown.frame: np.asarray(picture(shown.jpeg)) for shown in stream.keyframes}
        parts = [(seen.frame, seen.points, seen.colour) for track in memory.tracks for seen in track.kept]
        grey = np.full(3, NO_PICTURE, np.uint8)
        parts += [(view.frame, part, grey) for view in memory.views for part in (view.reach, view.floor)]
        for frame, part, usual in parts:
            part, pose = part[np.isfinite(part).all(1)], memory.poses[frame]
            points.append(part @ pose[:3, :3].T + pose[:3, 3])
            colours.append(_colours_at(part, images.get(frame), memory.half_view, usual))
    return placed.of_points(np.concatenate(points)), np.concatenate(colours)


def _colours_at(
    points: Float[np.ndarray, "points 3"],
    image: UInt8[np.ndarray, "height width 3"] | None,
    half_view: tuple[float, float] | None,
    usual: UInt8[np.ndarray, " 3"],
) -> UInt8[np.ndarray, "points 3"]:
    """Return the colours that a frame's picture has at points of its camera frame; `usual` without a picture."""
    if image is None or half_view is None:
        return np.tile(usual, (len(points), 1))
    sides = np.array(image.shape[1::-1])
    seen = points[:, :2] / np.maximum(points[:, 2:], 1e-6) / half_view  # -1 to 1
    columns, rows = np.clip((0.5 * (seen + 1) * sides).astype(int), 0, sides - 1).T
    return image[rows, columns]


def _frames(stream: Stream, placed: MapFrame) -> tuple[SceneFrame, ...]:
    """Return the keyframes whose pose is known, with their pictures; the frames in the memory where no keyframes were
    kept."""
    path = stream.trajectory
    poses = dict(zip(path.frames.tolist(), path.world_from_camera.double().cpu().numpy(), strict=True))
    poses = poses if stream.objects is None else {**poses, **stream.objects.poses}
    kept = [(shown.frame, shown.time, shown.jpeg) for shown in thinned(stream.keyframes, stream.objects, MOST_FRAMES)]
    kept = kept or [(held.frame, held.time, held.thumbnail) for held in stream.log.held]
    return tuple(
        SceneFrame(frame, time, placed.of_poses(poses[frame][None])[0], None if jpeg is None else picture(jpeg))
        for frame, time, jpeg in kept
        if frame in poses
    )
