"""The frames that questions name by number, as VSTI-Bench does: 32 spread evenly over the video, with their cameras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float64

from ..scenes.record import Scene, SceneObject, Trajectory
from .box_geometry import box_corners, point_distances
from .visibility import CLEAR_SHARE, UNNAMED

FRAMES = 32


@dataclass(frozen=True)
class NumberedFrame:
    """One numbered frame: its place (from 1) among `count` frames, its seconds, its camera, and what it clearly shows.

    `things` are those that alone of their category are in the picture, and large enough in it.
    """

    number: int
    count: int
    time: float
    world_from_camera: Float64[np.ndarray, "3 4"]
    things: tuple[SceneObject, ...]

    @property
    def name(self) -> str:
        """Return how the benchmark calls the frame."""
        return f"frame {self.number} of {self.count}"

    @property
    def seconds(self) -> str:
        """Return the frame's time as text, to a tenth of a second."""
        return f"{self.time:.1f}"

    @property
    def slots(self) -> dict[str, str]:
        """Return the texts for the gaps of a question about this frame."""
        return {"frame": self.name, "seconds": self.seconds}

    @property
    def position(self) -> Float64[np.ndarray, " 3"]:
        """Return where the camera is in the world, in metres."""
        return self.world_from_camera[:, 3]

    def in_camera(self, points: Float64[np.ndarray, "points 3"]) -> Float64[np.ndarray, "points 3"]:
        """Return world points in the camera's frame: x right, y down, z forward."""
        return (points - self.position) @ self.world_from_camera[:, :3]

    @cached_property
    def distances(self) -> dict[int, float]:
        """The distance in metres from the camera to the nearest point of each thing's box, by the thing's id."""
        return {thing.id: float(point_distances(self.position[None], thing.box)[0]) for thing in self.things}

    @cached_property
    def extents(self) -> dict[int, Float64[np.ndarray, "2 3"]]:
        """The least and the greatest x, y and z of each thing's box in the camera's frame, by the thing's id."""
        found = {}
        for thing in self.things:
            corners = self.in_camera(box_corners(thing.box))
            found[thing.id] = np.stack([corners.min(axis=0), corners.max(axis=0)])
        return found


def numbered_times(trajectory: Trajectory) -> tuple[float, ...]:
    """Return the seconds of the frames that questions number from 1, in order: show a model these."""
    return tuple(trajectory.times[index] for index in _chosen(trajectory))


def numbered_frames(scene: Scene) -> tuple[NumberedFrame, ...]:
    """Return the numbered frames of a scene's video; none where the record has no trajectory."""
    trajectory = scene.trajectory
    if trajectory is None:
        return ()
    shown: dict[int, list[tuple[SceneObject, float]]] = {}
    for thing in scene.objects:
        for sighting in thing.sightings:
            shown.setdefault(sighting.frame, []).append((thing, sighting.share))
    chosen = _chosen(trajectory)
    return tuple(
        NumberedFrame(
            number=number,
            count=len(chosen),
            time=trajectory.times[index],
            world_from_camera=np.array(trajectory.world_from_camera[index], dtype=np.float64).reshape(3, 4),
            things=_alone(shown.get(index, ())),
        )
        for number, index in enumerate(chosen, start=1)
    )


def span_slots(first: NumberedFrame, last: NumberedFrame) -> dict[str, str]:
    """Return the texts for the gaps of a question about what happened between two frames."""
    return {"first": str(first.number), "last_frame": last.name, "start": first.seconds, "end": last.seconds}


def _chosen(trajectory: Trajectory) -> list[int]:
    """Return the places of the numbered frames among the sampled ones, first and last included."""
    sampled = len(trajectory.times)
    return np.linspace(0, sampled - 1, min(FRAMES, sampled)).round().astype(int).tolist()


def _alone(shown: Sequence[tuple[SceneObject, float]]) -> tuple[SceneObject, ...]:
    categories = [thing.category for thing, _ in shown]
    return tuple(
        thing
        for thing, share in shown
        if share >= CLEAR_SHARE and thing.category not in UNNAMED and categories.count(thing.category) == 1
    )
