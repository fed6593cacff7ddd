"""How much of an object is visible from a standpoint: lines of sight that no wall and no other object blocks."""

from __future__ import annotations

from itertools import product

import numpy as np
from jaxtyping import Float64

from .box_geometry import box_distances, box_points, crossing
from .record import Room, Scene, SceneObject
from .stance import Spots, inside

EYE = 1.55  # metres above the floor
SAMPLES = np.array(list(product((-0.35, 0.0, 0.35), repeat=3)))  # points of an object, as shares of its edges
STEPS = np.linspace(0.1, 0.9, 17)  # shares of a line at which it must be in the room
TOUCHING = 0.02  # metres; an object so close blocks no view: it is the table on which the other stands


def seen_shares(scene: Scene, room: Room, spots: Spots, thing: SceneObject) -> Float64[np.ndarray, " spots"]:
    """Return the share (0–1) of an object's sample points that are visible from each spot of a room (ground plane,
    metres) at eye height. Only objects of the same room block the view."""
    points = box_points(thing.box, SAMPLES)
    eyes = np.c_[spots, np.full(len(spots), EYE)]
    starts = np.repeat(eyes, len(points), axis=0)
    ends = np.tile(points, (len(spots), 1))
    steps = starts[:, None, :2] + STEPS[:, None] * (ends - starts)[:, None, :2]
    free = inside(room, steps.reshape(-1, 2)).reshape(len(starts), -1).all(axis=1)
    others = [other.box for other in scene.objects if other.id != thing.id and other.room == room.name]
    for other, distance in zip(others, box_distances([thing.box], others)[0], strict=True):
        if distance > TOUCHING:
            enter, leave = crossing(starts, ends, other)
            free &= ~((enter < leave) & (leave > 0.0) & (enter < 1.0))
    return free.reshape(len(spots), -1).mean(axis=1)
