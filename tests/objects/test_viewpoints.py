"""Viewpoints: sightings that show the same are one look."""

from __future__ import annotations

import numpy as np
import pytest

from vlm2.objects.viewpoints import viewpoints

STILL, AHEAD = np.zeros((6, 3)), np.tile([0.0, 0.0, 3.0], (6, 1))


def turned(degrees: float) -> np.ndarray:
    """Centres 3 m away, each this much farther round than the one before."""
    angles = np.radians(degrees) * np.arange(6)
    return 3 * np.stack([np.sin(angles), 0 * angles, np.cos(angles)], axis=1)


def walked(metres: float) -> np.ndarray:
    return metres * np.arange(6)[:, None] * np.array([1.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("cameras", "centres", "looks"),
    [
        (STILL, AHEAD, 1),
        (STILL, turned(1.0), 1),
        (STILL, turned(11.0), 6),
        (STILL, turned(4.0), 2),
        (walked(0.05), AHEAD, 1),
        (walked(0.4), AHEAD, 6),
        (walked(0.4), 10 * AHEAD, 1),
    ],
)
def test_different_looks(cameras: np.ndarray, centres: np.ndarray, looks: int) -> None:
    assert viewpoints(cameras, centres) == looks


def test_no_sighting_is_no_look() -> None:
    assert viewpoints(np.zeros((0, 3)), np.zeros((0, 3))) == 0
