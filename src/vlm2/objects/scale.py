"""The metric scale of a memory, corrected by the height at which people carry a camera.

A geometry encoder estimates lengths from what things look like. On one walk all its lengths may be wrong by one factor:
a large hall, for example, is measured as a room. People carry a camera at about one height over the floor. The frames
show the floor, so the memory knows this height in its own metres, and the ratio of the two is the factor. Both the
encoder's scale and the height are uncertain; the result is their weighted mean in logarithms.

Two cases correct nothing. A camera that stays in one place may stand on a desk. And where the height contradicts the
encoder, a desk may have been taken for the floor.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from .memory import ObjectMemory

HELD, HELD_ERROR = 1.5, 0.1  # metres; relative standard deviation over people who film while they walk
SCALE_ERROR = 0.15  # relative standard deviation of the geometry encoder's scale, with a tracked focal length
CONTRADICTS = 2.0  # standard deviations by which both may differ: beyond, something else was taken for the floor
FEWEST_POINTS, FEWEST_VIEWS = 6, 5  # points on the floor, of a view that counts; views
CARRIED = 1.3  # of its height: the distance from its first place, from which on a camera is carried around


def corrected_scale(memory: ObjectMemory, world_from_camera: Float[np.ndarray, "poses 4 4"]) -> tuple[float, float]:
    """Return the factor that corrects the memory's lengths, and the relative standard deviation that is left.

    `world_from_camera` are the poses of the camera's path."""
    places = world_from_camera[np.isfinite(world_from_camera).all((1, 2)), :3, 3]
    height = camera_height(memory)
    if height is None or not len(places) or np.linalg.norm(places - places[0], axis=1).max() < CARRIED * height:
        return 1.0, SCALE_ERROR
    wanted, spread = math.log(HELD / height), math.hypot(SCALE_ERROR, HELD_ERROR)
    if abs(wanted) > CONTRADICTS * spread:
        return 1.0, SCALE_ERROR
    return math.exp(wanted * (SCALE_ERROR / spread) ** 2), HELD_ERROR * SCALE_ERROR / spread


def camera_height(memory: ObjectMemory) -> float | None:
    """Return the median height of the camera over the floor, in the memory's metres; None where too few views show the
    floor below it. Each view has its own vertical, so that a path that tilts changes nothing."""
    heights = [-float(np.median(v.floor @ v.up)) for v in memory.views if len(v.floor) >= FEWEST_POINTS]
    below = [height for height in heights if height > 0]
    return float(np.median(below)) if len(below) >= FEWEST_VIEWS else None
