"""The frames that questions name by number, as VSTI-Bench does: 32 spread evenly over the video, with their cameras."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float64

from ..scenes.box_geometry import box_corners, point_distances
from ..scenes.record import Scene, SceneObject, Trajectory
from ..scenes.visibility import CLEAR_SHARE, UNNAMED

FRAMES = 32


@dataclass(frozen=True)
class NumberedFrame:
    """One of `count` numbered frames (the first is 1): its time in seconds, its camera, and what it shows clearly.

    `walked` is the length in metres of the camera's path since the video's start. `things` are the objects that are
    large enough in the picture and alone of their category in it.
    """

    number: int
    count: int
    time: float
    world_from_camera: Float64[np.ndarray, "3 4"]
    walked: float
    things: tuple[SceneObject, ...]

    @property
    def slots(self) -> dict[str, str]:
        """Return the texts for the gaps of a question about this frame: the benchmark's name for it, its seconds."""
        return {"frame": f"frame {self.number} of {self.count}", "seconds": f"{self.time:.1f}"}

    @property
    def position(self) -> Float64[np.ndarray, " 3"]:
        """Return the camera's position in the world, in metres."""
        return self.world_from_camera[:, 3]

    def in_camera(self, points: Float64[np.ndarray, "points 3"]) -> Float64[np.ndarray, "points 3"]:
        """Return world points in the camera's frame: x right, y down, z forward."""
        return (points - self.position) @ self.world_from_camera[:, :3]

    @cached_property
    def distances(self) -> dict[int, float]:
        """The distance in metres from the camera to the nearest point of each object's box, by the object's id."""
        return {thing.id: float(point_distances(self.position[None], thing.box)[0]) for thing in self.things}

    @cached_property
    def extents(self) -> dict[int, Float64[np.ndarray, "2 3"]]:
        """The least and greatest x, y, z (metres) of each object's box in the camera's frame, by the object's id."""
        found = {}
        for thing in self.things:
            corners = self.in_camera(box_corners(thing.box))
            found[thing.id] = np.stack([corners.min(axis=0), corners.max(axis=0)])
        return found


def numbered_frames(scene: Scene) -> tuple[NumberedFrame, ...]:
    """Return the numbered frames of a scene's video; none if the record has no trajectory."""
    if scene.trajectory is None:
        return ()
    times = scene.trajectory.times
    chosen = np.linspace(0, len(times) - 1, min(FRAMES, len(times))).round().astype(int).tolist()
    poses = camera_poses(scene.trajectory)
    steps = np.linalg.norm(np.diff(poses[:, :, 3], axis=0), axis=1)
    walked = [0.0, *np.cumsum(steps).tolist()]
    frames = []
    for number, index in enumerate(chosen, start=1):
        shown = [(thing, seen.share) for thing in scene.objects for seen in thing.sightings if seen.frame == index]
        categories = Counter(thing.category for thing, _ in shown)
        things = tuple(
            thing
            for thing, share in shown
            if share >= CLEAR_SHARE and thing.category not in UNNAMED and categories[thing.category] == 1
        )
        frames.append(NumberedFrame(number, len(chosen), times[index], poses[index], walked[index], things))
    return tuple(frames)


def camera_poses(trajectory: Trajectory) -> Float64[np.ndarray, "times 3 4"]:
    """Return `world_from_camera` at all sampled times, in metres."""
    return np.array(trajectory.world_from_camera, dtype=np.float64).reshape(-1, 3, 4)


def span_slots(first: NumberedFrame, last: NumberedFrame) -> dict[str, str]:
    """Return the texts for the gaps of a question about the time between two frames."""
    start, end = first.slots, last.slots
    return {"first": str(first.number), "last_frame": end["frame"], "start": start["seconds"], "end": end["seconds"]}
