"""The object memory: bounded, with negative evidence, moved by a closed loop."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from rooms_of_boxes import (
    COLUMNS,
    FOCAL,
    LABELS,
    ROWS,
    MadeBox,
    MadeRoom,
    camera,
    empty,
    seen,
    shown,
    sighting,
    surface,
    watched,
)

from vlm2.objects import memory as module
from vlm2.objects.ground import GroundView
from vlm2.objects.mapping import map_of, upright_frame
from vlm2.objects.memory import MOST_TRACKS, MOST_VIEWS, ObjectFrame, ObjectMemory
from vlm2.objects.merging import merged
from vlm2.objects.raw_track import KEYFRAMES
from vlm2.objects.storage import to_arrays
from vlm2.slam.loop_closure import PoseCorrection


def built(memory: ObjectMemory):
    """The map of a memory whose camera's path does not matter."""
    return map_of(memory, [0.0], np.eye(4)[None])


def test_a_frame_that_shows_nothing_changes_nothing() -> None:
    memory = empty().observe(shown(0, [sighting((0, 0, 2))]))
    after = memory.observe(shown(1, [], depth=1.0))  # too near to see past
    assert [t.id for t in after.tracks] == [1] and after.tracks[0].missed == 0
    assert set(after.poses) == {0} and after.next_id == 2
    blind = ObjectFrame(2, 1.0, np.eye(4), np.zeros((ROWS, COLUMNS, 3), np.float32), [])
    assert empty().observe(blind).half_view is None
    assert after.observe(blind).tracks[0].missed == 0


def test_the_field_of_view_comes_from_the_first_surface() -> None:
    blind = ObjectFrame(0, 0.0, np.eye(4), np.zeros((ROWS, COLUMNS, 3), np.float32), [])
    memory = empty().observe(blind).observe(shown(1, []))
    assert memory.half_view == pytest.approx((COLUMNS / 2 / FOCAL, ROWS / 2 / FOCAL), rel=1e-5)
    assert memory.observe(shown(2, [], depth=7.0)).half_view == memory.half_view


def test_a_value_is_never_changed() -> None:
    first = empty().observe(shown(0, [sighting((0, 0, 2)), sighting((0.8, 0, 2), "lamp")]))
    before = to_arrays(first)
    first.observe(shown(1, [sighting((0, 0, 2), frame=1)])).observe(shown(2, []))
    after = to_arrays(first)
    assert before[1] == after[1]
    assert all(np.array_equal(a, after[0][name], equal_nan=a.dtype.kind == "f") for name, a in before[0].items())


def test_a_track_keeps_its_best_sightings_and_all_evidence() -> None:
    memory = empty()
    for frame in range(30):
        share = 0.05 if frame < 5 else 0.002
        memory = memory.observe(shown(frame, [sighting((0, 0, 2), frame=frame, share=share)]))
    (track,) = memory.tracks
    assert track.sightings == 30 and len(track.kept) == KEYFRAMES
    assert {0, 1, 2, 3, 4} <= {s.frame for s in track.kept}
    assert track.evidence.sum() == pytest.approx(30 * 0.9)
    assert (track.first_seen, track.last_seen) == (0.0, 14.5)


def test_evidence_decides_the_label_over_single_frames() -> None:
    memory = empty()
    for frame, label in enumerate(["stool", "chair", "chair", "stool", "chair"]):
        memory = memory.observe(shown(frame, [sighting((0, 0, 2), label, frame)]))
    (track,) = memory.tracks
    assert LABELS[track.label] == "chair"
    assert [t.label for t in built(memory).tracks] == ["chair"]


def test_things_seen_together_are_noted_as_apart() -> None:
    memory = empty()
    for frame in range(3):
        chairs = [sighting((x, 0, 3), frame=frame) for x in (-0.5, 0.5)]
        memory = memory.observe(shown(frame, chairs))
    first, second = memory.tracks
    assert first.apart == {second.id: 3} and second.apart == {first.id: 3}


def test_a_removed_thing_becomes_stale_then_removed() -> None:
    memory = empty()
    for frame in range(6):
        memory = memory.observe(shown(frame, [sighting((0, 0, 2), frame=frame)]))
    states = []
    for frame in range(6, 16):
        memory = memory.observe(shown(frame, []))  # the wall behind it is seen
        states.append(built(memory).tracks[0].status)
    assert states == ["seen"] * 3 + ["stale"] * 3 + ["removed"] * 4


@pytest.mark.parametrize(
    ("depth", "place"), [(1.5, (0, 0, 2)), (2.2, (0, 0, 2)), (4.0, (1.5, 0, 2)), (4.0, (0, 0, -2)), (4.0, (0, 0, 3.9))]
)
def test_what_is_hidden_or_at_the_border_is_not_missed(depth, place) -> None:
    memory = empty().observe(shown(0, [sighting((*place[:2], abs(place[2])))]))
    pose = np.eye(4) if place[2] > 0 else np.diag([-1.0, 1.0, -1.0, 1.0])  # looks the other way
    for frame in range(1, 9):
        memory = memory.observe(shown(frame, [], pose, depth))
    assert memory.tracks[0].missed == 0


def test_a_table_is_not_missed_where_one_looks_through_below_it() -> None:
    """The centre of its box is in the air: a frame that sees its top is no evidence against it."""
    table = replace(sighting((0, 0, 2), "table"), points=sighting((0, -0.3, 2)).points)
    memory = empty().observe(shown(0, [table]))
    points = surface(4.0)
    points[: ROWS // 2] = surface(1.9)[: ROWS // 2]  # the top, which the detector overlooks
    frame = ObjectFrame(1, 0.5, np.eye(4), points, [])
    assert memory.observe(frame).tracks[0].missed == 0
    assert memory.observe(shown(1, [])).tracks[0].missed == 1


def made_up_walk(frames: int):
    """Frames of a long walk past ever new things, some of them seen once only. Every second frame shows nothing."""
    random = np.random.default_rng(0)
    wall, low = surface(6.0), surface(1.8)
    for frame in range(frames):
        pose = np.eye(4)
        pose[0, 3] = 0.05 * frame
        here = 2 * np.arange(np.floor(pose[0, 3] / 2), np.floor(pose[0, 3] / 2) + 2) if frame % 2 == 0 else []
        sightings = [
            sighting((x - pose[0, 3] + random.normal(0, 0.02), 0, 3), LABELS[int(x) // 2 % 9], frame) for x in here
        ]
        if frame % 2 == 0 and random.random() < 0.3:
            sightings.append(sighting(random.uniform((-1, -1, 1), (1, 1, 5)), "cup", frame, size=None))
        up = np.array([0, -1, 0], np.float32)
        view = GroundView(frame, wall[12], low[20, :24], up)
        yield ObjectFrame(frame, frame / 2, pose, wall, sightings, view)


def test_three_thousand_frames_stay_within_the_bounds(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_TRACKS", 32)  # reached sooner
    memory, sizes = empty(), []
    for frame in made_up_walk(3000):
        memory = memory.observe(frame)
        if frame.frame % 500 == 499:
            sizes.append(sum(array.nbytes for array in to_arrays(memory)[0].values()))
        assert len(memory.tracks) <= 32 and len(memory.views) <= MOST_VIEWS
    assert len(memory.tracks) == 32 and memory.given_up > 100
    assert len(memory.tracks) + memory.given_up == memory.next_id - 1
    assert all(0 < len(track.kept) <= KEYFRAMES and len(track.apart) < 32 for track in memory.tracks)
    assert len(memory.poses) <= 32 * KEYFRAMES + MOST_VIEWS
    assert {2999 // memory.view_stride * memory.view_stride} <= {view.frame for view in memory.views}
    assert max(sizes[3:]) < 1.15 * sizes[2]
    ids = {track.id for track in memory.tracks}
    assert all(set(track.apart) <= ids for track in memory.tracks)


def test_the_tracks_with_the_least_evidence_go_first() -> None:
    memory = empty()
    places = [(0.9 * (i % 20) - 9, 0.9 * (i // 20) - 6, 12.0) for i in range(MOST_TRACKS + 10)]
    strong = [sighting(place, frame=0) for place in places[:-10]]
    memory = memory.observe(shown(0, strong, depth=12.5))
    again = [sighting(place, frame=1) for place in places[20:-10]]
    memory = memory.observe(shown(1, again, depth=12.5))
    assert memory.given_up == 0
    weak = [sighting(place, "lamp", frame=2, score=0.3) for place in places[-10:]]
    memory = memory.observe(shown(2, weak, depth=12.5))
    assert len(memory.tracks) == MOST_TRACKS and memory.given_up == 10
    left = {track.id for track in memory.tracks}
    assert {MOST_TRACKS + 1 + i for i in range(10)} <= left  # the newest stay
    assert {21 + i for i in range(MOST_TRACKS - 20)} <= left  # and those seen twice


def drifting(walk: list[np.ndarray], turn: float) -> list[np.ndarray]:
    """A tracked path that turns a little more wrongly, and moves aside, with each step."""
    path = [walk[0]]
    cos, sin = np.cos(turn), np.sin(turn)
    wrong = np.array([[cos, 0, sin, 0.03], [0, 1, 0, 0], [-sin, 0, cos, 0], [0, 0, 0, 1]])
    for before, after in pairwise(walk):
        path.append(path[-1] @ np.linalg.inv(before) @ after @ wrong)
    return path


ROOM = MadeRoom(
    ((0, 0), (14, 0), (14, 4), (0, 4)),
    tuple(
        MadeBox(label, (x, 3.2, 0.45), (0.6, 0.5, 0.9))
        for x, label in ((1.5, "chair"), (4.0, "table"), (6.5, "sofa"), (9.0, "chair"), (11.5, "stove"))
    ),
)
OUT = [camera(1.0 + 0.5 * step, 1.0, 80.0) for step in range(22)]


def test_a_closed_loop_moves_tracks_with_their_keyframes() -> None:
    """Out and back with drift: what is seen again is doubled, until the loop is closed."""
    walk = OUT + OUT[::-1]
    tracked = drifting(walk, 0.012)
    memory = empty()
    for frame, (true, believed) in enumerate(zip(walk, tracked, strict=True)):
        memory = memory.observe(seen(ROOM, true, frame, believed=believed))
    assert len(built(memory).tracks) > len(ROOM.boxes)
    frames = np.arange(len(walk))
    motion = np.stack([true @ np.linalg.inv(believed) for true, believed in zip(walk, tracked, strict=True)])
    corrected = memory.moved(PoseCorrection(frames, motion).of)
    for frame, pose in corrected.poses.items():
        assert np.allclose(pose, walk[frame])
    assert [t.id for t in corrected.tracks] == [t.id for t in memory.tracks]
    centres = np.array([box.center for box in ROOM.boxes])
    for track in corrected.tracks:
        assert np.linalg.norm(centres - track.centre, axis=1).min() < 0.05
    found = built(corrected)
    assert sorted(t.label for t in found.tracks) == sorted(box.label for box in ROOM.boxes)
    for box in ROOM.boxes:
        place = np.array(box.center)
        assert min(np.linalg.norm(np.array(t.box.center) - place) for t in found.tracks if t.label == box.label) < 0.05
    assert max(len(thing.tracks) for thing in things(corrected)) > 1, "what was doubled is merged"


def things(memory: ObjectMemory):
    return merged(memory.tracks, memory.poses, upright_frame(memory), memory.confusable)


def test_keyframes_between_those_of_the_correction_move_with_the_next() -> None:
    memory = empty()
    for frame in range(7):
        memory = memory.observe(shown(frame, [sighting((0, 0, 2), frame=frame)]))
    aside, still = np.eye(4), np.eye(4)
    aside[0, 3] = 5.0
    moved = memory.moved(PoseCorrection(np.array([2, 4]), np.stack([still, aside])).of)
    assert [moved.poses[frame][0, 3] for frame in range(7)] == [0, 0, 0, 5, 5, 5, 5]


def test_a_memory_without_keyframes_does_not_move() -> None:
    memory = empty()
    assert memory.moved(PoseCorrection(np.array([0]), np.eye(4)[None]).of) is memory


def test_a_walk_in_one_room_makes_one_track_a_thing() -> None:
    memory = watched(ROOM, OUT + OUT[::-1])
    assert len(memory.tracks) == len(ROOM.boxes)
