"""Sightings: which points are the thing's, and how much a sighting tells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from rooms_of_boxes import COLUMNS, ROWS, sighting, surface

from vlm2.objects.sighting import POINTS, visible_points

ALL = np.ones((ROWS, COLUMNS), bool)


def test_points_are_few_and_spread_over_the_mask() -> None:
    found = visible_points(surface(2.0), ALL)
    assert found is not None and found.shape == (POINTS, 3) and found.dtype == np.float32
    assert np.ptp(found[:, 1]) > 2.0


def test_too_few_points_are_none() -> None:
    points = np.zeros((ROWS, COLUMNS, 3), np.float32)
    assert visible_points(points, ALL) is None
    points[3, 4] = (0, 0, 2)
    assert visible_points(points, ALL) is None
    points[3, 5] = (0, 0, 2)
    assert visible_points(points, ALL) is not None


def test_points_at_odd_depths_are_none() -> None:
    points = np.zeros((ROWS, COLUMNS, 3), np.float32)
    points[3, 4], points[3, 5] = (0, 0, 1), (0, 0, 9)
    assert visible_points(points, ALL) is None


def test_sure_large_and_whole_sightings_tell_most() -> None:
    base = sighting((0, 0, 2))
    assert base.quality > replace(base, score=0.5).quality
    assert base.quality > replace(base, share=0.01).quality
    assert base.quality > replace(base, whole=False).quality


def test_changes_are_seen_by_what_is_computed() -> None:
    base = sighting((0, 0, 2))
    assert base.depth == 2 and base.extent == 0.9
    moved = replace(base, points=base.points + np.float32(1), shape=None)
    assert moved.depth == 3 and np.allclose(moved.centre, (1, 1, 3))
