"""Odd frames: what no camera, geometry or detector should give leaves a memory that still maps, saves and loads."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from rooms_of_boxes import LABELS, MadeBox, MadeRoom, around, camera, detections, empty, picture, seen

from vlm2.encoders.detectors import Detections
from vlm2.objects import ObjectMap
from vlm2.objects.lifting import lift
from vlm2.objects.mapping import map_of
from vlm2.objects.memory import ObjectMemory
from vlm2.objects.storage import from_arrays, to_arrays

ROOM = MadeRoom(((0, 0), (5, 0), (5, 4), (0, 4)), (MadeBox("bed", (4.0, 2.0, 0.3), (1.2, 1.6, 0.6)),))
AHEAD = camera(1.5, 2.0, 0.0)


def built(memory: ObjectMemory) -> ObjectMap:
    """The map, after the memory was written, read and went on."""
    arrays, record = to_arrays(memory)
    again = from_arrays(arrays, json.loads(json.dumps(record, allow_nan=False)))
    found = map_of(again, [0.0], np.eye(4)[None])
    again.observe(seen(ROOM, AHEAD, 99))
    assert found == map_of(memory, [0.0], np.eye(4)[None])
    assert ObjectMap.from_json(found.to_json()) == found
    return found


def watched(change, frames: int = 4) -> ObjectMemory:
    """The memory of a good frame and of frames with changed detections or points."""
    memory = empty().observe(seen(ROOM, AHEAD, 0))
    for frame in range(1, frames):
        found, points = detections(ROOM, AHEAD)
        found, points = change(found, points.copy())
        memory = memory.observe(lift(found, LABELS, picture(ROOM, AHEAD), points, frame, frame / 2, AHEAD))
    return memory


def shaped(found: Detections, **parts) -> Detections:
    assert found.shapes is not None
    return replace(found, shapes=replace(found.shapes, **parts))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 0.0, -3.0, 1e6, 1e30])
def test_points_that_cannot_be_are_left_out(wrong: float) -> None:
    def some(found, points):
        points[::2] = wrong
        return found, points

    def every(found, points):
        return found, np.full_like(points, wrong)

    assert [t.label for t in built(watched(some)).tracks] == ["bed"]
    assert len(built(watched(every)).tracks) <= 1


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -1.0, 0.0, 1e9])
def test_detections_that_cannot_be_are_left_out(wrong: float) -> None:
    changes = (
        lambda found, points: (replace(found, scores=np.full_like(found.scores, wrong)), points),
        lambda found, points: (replace(found, evidence=np.full_like(found.evidence, min(wrong, 1.0))), points),
        lambda found, points: (shaped(found, sizes=np.full_like(found.shapes.sizes, wrong)), points),
        lambda found, points: (shaped(found, offsets=np.full_like(found.shapes.offsets, wrong)), points),
        lambda found, points: (shaped(found, headings=np.full_like(found.shapes.headings, wrong)), points),
        lambda found, points: (
            replace(found, surfaces=replace(found.surfaces, up=np.full(3, wrong))),
            points,
        ),
    )
    for change in changes:
        assert len(built(watched(change)).tracks) <= 2


@pytest.mark.parametrize("box", [(np.nan,) * 4, (-np.inf, 0, np.inf, 9), (90, 90, 10, 10), (500, 500, 600, 600)])
def test_boxes_that_cannot_be_are_left_out(box) -> None:
    def change(found, points):
        count = len(found)
        bare = Detections(np.tile(np.array(box, float), (count, 1)), found.scores, found.labels)
        return bare, points

    assert len(built(watched(change)).tracks) <= 2


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e6, 0.0])
def test_a_frame_whose_pose_cannot_be_adds_nothing(wrong: float) -> None:
    memory = empty().observe(seen(ROOM, AHEAD, 0)).observe(seen(ROOM, AHEAD, 1))
    pose = AHEAD.copy()
    pose[:3] = wrong
    assert memory.observe(seen(ROOM, AHEAD, 2, believed=pose)) is memory
    path = np.stack([AHEAD, np.full((4, 4), np.nan), AHEAD])
    assert map_of(memory, [0.0, 0.5, 1.0], path).path.times == (0.0, 1.0)


def test_poses_that_jump_make_a_map() -> None:
    memory = empty()
    for frame, pose in enumerate(around(2.5, 2.0, 12)):
        jump = np.eye(4)
        jump[:3, 3] = 300.0 * (frame % 3), -50.0 * (frame % 2), 0.0
        memory = memory.observe(seen(ROOM, pose, frame, believed=jump @ pose))
    assert memory.tracks and not built(memory).tracks, "no place is seen twice"


@pytest.mark.parametrize("size", [(16, 16), (1, 1), (3, 200)])
def test_small_frames_of_nothing(size: tuple[int, int]) -> None:
    none = Detections(np.zeros((0, 4)), np.zeros(0), ())
    memory = empty()
    for frame in range(3):
        image, points = np.zeros((*size, 3), np.uint8), np.zeros((*size, 3), np.float32)
        memory = memory.observe(lift(none, LABELS, image, points, frame, frame / 2, np.eye(4)))
    assert not built(memory).tracks
