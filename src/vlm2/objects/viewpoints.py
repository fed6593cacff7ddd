"""Viewpoints: how many different looks at a thing its sightings are."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

STEP = 0.1  # of the distance: a camera that moved less looks from the same place
TURN = 10.0  # degrees: a thing that moved less in the picture is at the same place of it


def viewpoints(cameras: Float[np.ndarray, "looks 3"], centres: Float[np.ndarray, "looks 3"]) -> int:
    """Return the number of different looks at a thing: from another place, or at another place of the picture.

    `cameras` are the places of the camera in the world, `centres` those of the thing in the camera's frame, in metres.
    A detector that errs in one picture errs in the same way in the next one if that shows the same.
    """
    distances = np.maximum(np.linalg.norm(centres, axis=1), 1e-6)
    rays = centres / distances[:, None]
    steps = np.linalg.norm(cameras[:, None] - cameras[None], axis=-1)
    differ = steps > STEP * np.minimum(distances[:, None], distances[None])
    differ |= rays @ rays.T < np.cos(np.radians(TURN))
    chosen: list[int] = []
    for look, others in enumerate(differ):
        if others[chosen].all():
            chosen.append(look)
    return len(chosen)
