"""The height of a carried camera corrects the scale; other cameras correct nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from rooms_of_boxes import MadeBox, MadeRoom, around, watched

from vlm2.objects.mapping import map_of
from vlm2.objects.memory import ObjectMemory
from vlm2.objects.scale import HELD, HELD_ERROR, SCALE_ERROR, camera_height, corrected_scale

ROOM = MadeRoom(
    ((0, 0), (6, 0), (6, 4), (0, 4)),
    (MadeBox("bed", (4.0, 3.0, 0.3), (1.2, 1.6, 0.6)), MadeBox("chair", (1.0, 3.2, 0.45), (0.5, 0.6, 0.9))),
)
WALK = [pose for place in ((1.5, 1.5), (3.0, 1.5), (4.5, 1.5)) for pose in around(*place, 12)]
SHARE = SCALE_ERROR**2 / (SCALE_ERROR**2 + HELD_ERROR**2)


@pytest.fixture(scope="module")
def memory() -> ObjectMemory:
    return watched(ROOM, WALK)


def path(factor: float, poses=WALK) -> np.ndarray:
    found = np.array(poses)
    found[:, :3, 3] *= factor
    return found


@pytest.mark.parametrize("factor", [0.75, 1.0, 1.3])
def test_a_carried_camera_s_height_corrects_the_scale(memory, factor):
    wrong = memory.scaled(factor)
    assert camera_height(wrong) == pytest.approx(1.5 * factor, rel=0.02)
    correction, std = corrected_scale(wrong, path(factor))
    assert correction == pytest.approx((HELD / (1.5 * factor)) ** SHARE, rel=0.02)
    assert std == pytest.approx(1 / math.hypot(1 / SCALE_ERROR, 1 / HELD_ERROR))
    things = map_of(wrong, [frame / 2 for frame in range(len(WALK))], path(factor))
    bed, chair = (next(t for t in things.tracks if t.label == label).box for label in ("bed", "chair"))
    assert np.linalg.norm(np.subtract(bed.center, chair.center)) == pytest.approx(3.0 * factor * correction, rel=0.05)
    assert max(bed.size) == pytest.approx(1.6, abs=0.05), "the detector's sizes do not depend on the geometry"
    assert things.scale_std == std
    assert things.floor.area == pytest.approx(
        map_of(memory, [0.0, 1.0], np.array([WALK[0], WALK[-1]])).floor.area * (factor * correction) ** 2, rel=0.15
    )


def test_a_camera_in_one_place_corrects_nothing(memory):
    assert corrected_scale(memory.scaled(0.5), path(0.5)[:12]) == (1.0, SCALE_ERROR)
    assert corrected_scale(memory.scaled(0.5), np.zeros((0, 4, 4))) == (1.0, SCALE_ERROR)


def test_a_floor_that_is_not_seen_corrects_nothing(memory):
    views = [view.__class__(view.frame, view.reach, view.floor[:2], view.up) for view in memory.views]
    blind = memory.__class__(memory.labels, memory.confusable, memory.tracks, memory.poses, tuple(views))
    assert camera_height(blind) is None
    assert corrected_scale(blind, path(0.5)) == (1.0, SCALE_ERROR)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_height_that_contradicts_the_geometry_corrects_nothing(memory, factor):
    assert corrected_scale(memory.scaled(factor), path(factor)) == (1.0, SCALE_ERROR)
