"""The map of a memory: labels, places, sizes, colours and times of a made-up room."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rooms_of_boxes import LABELS, MadeBox, MadeRoom, around, camera, empty, seen, shown, sighting, watched

from vlm2.objects import ObjectMap
from vlm2.objects.box_measures import sides
from vlm2.objects.mapping import map_of
from vlm2.objects.object_map import GUESSED

ROOM = MadeRoom(
    ((0, 0), (5, 0), (5, 4), (0, 4)),
    (
        MadeBox("bed", (4.0, 3.0, 0.3), (1.2, 1.6, 0.6), (20, 30, 200)),
        MadeBox("nightstand", (4.6, 1.6, 0.3), (0.5, 0.5, 0.6), (60, 180, 60)),
        MadeBox("chair", (1.0, 3.2, 0.45), (0.5, 0.6, 0.9), (200, 20, 20)),
        MadeBox("lamp", (0.8, 0.6, 0.8), (0.3, 0.3, 1.6), (230, 220, 40)),
    ),
)
WALK = [pose for place in ((2.5, 2.0), (2.0, 1.5)) for pose in around(*place, 16)]
TILTED = np.linalg.inv(camera(2.5, 2.0, 40.0, down=20.0, height=1.5))


def mapped(memory, poses=WALK, world_from_map=TILTED) -> ObjectMap:
    path = np.array([world_from_map @ pose for pose in poses])
    return map_of(memory, [frame / 2 for frame in range(len(poses))], path)


@pytest.fixture(scope="module")
def found() -> ObjectMap:
    return mapped(watched(ROOM, WALK, TILTED))


def map_from_true(found: ObjectMap) -> np.ndarray:
    """The motion from the made-up room to the map, from the camera's path."""
    pose = np.vstack([found.path.poses[0], [0, 0, 0, 1]])
    return pose @ np.linalg.inv(WALK[0])


def test_each_thing_once_with_its_label(found) -> None:
    assert sorted(track.label for track in found.tracks) == sorted(box.label for box in ROOM.boxes)
    assert all(track.status == "seen" and track.label_confidence == pytest.approx(1.0) for track in found.tracks)
    assert found.vocabulary == LABELS


def test_z_is_up_and_the_floor_at_zero(found) -> None:
    motion = map_from_true(found)
    assert np.allclose(motion[2], (0, 0, 1, 0), atol=5e-3)
    assert found.path.poses[:, 2, 3] == pytest.approx(1.5, abs=0.01)


def test_places_and_sizes(found) -> None:
    motion = map_from_true(found)
    for box in ROOM.boxes:
        (track,) = [t for t in found.tracks if t.label == box.label]
        place = motion[:3, :3] @ np.array(box.center) + motion[:3, 3]
        assert np.allclose(track.box.center, place, atol=0.03)
        assert sides(track.box) == pytest.approx((max(box.size[:2]), min(box.size[:2]), box.size[2]), abs=0.02)
        assert 0 < track.position_std < 0.5
        long = motion[:3, :3] @ np.eye(3)[0 if box.size[0] >= box.size[1] else 1]
        if box.size[0] != box.size[1]:
            assert abs(np.array(track.box.axes[0]) @ long) == pytest.approx(1, abs=1e-3)


def test_colours_and_times(found) -> None:
    colours = {"bed": "blue", "nightstand": "green", "chair": "red", "lamp": "yellow"}
    frames = {box.label: [] for box in ROOM.boxes}
    for frame, pose in enumerate(WALK):
        for one in seen(ROOM, pose, frame).sightings:
            frames[LABELS[int(one.evidence.argmax())]].append(frame)
    for track in found.tracks:
        assert track.colours[0] == colours[track.label]
        assert track.first_seen == frames[track.label][0] / 2
        assert track.last_seen == frames[track.label][-1] / 2
        assert {view.frame for view in track.views} <= set(frames[track.label])
        assert [view.time for view in track.views] == sorted(view.time for view in track.views)


def test_floor_and_path(found) -> None:
    assert found.floor.area == pytest.approx(20.0, rel=0.06)
    assert [room.name for room in found.floor.rooms] == ["bedroom"]
    assert {found.room_of(track) for track in found.tracks} == {"bedroom"}
    assert len(found.path.times) == len(WALK)
    assert found.path.half_view == pytest.approx((0.8, 0.6), rel=1e-4)
    assert ObjectMap.from_json(found.to_json()) == found


def test_questions_are_answered_from_it(found) -> None:
    assert found.ask("How many beds are there?").text == "1"
    assert found.ask("How many sofas are there?").status == "not_seen"
    assert found.ask("What colour is the bed?").text == "blue"


def test_a_glimpse_is_no_thing_yet() -> None:
    memory = empty().observe(shown(0, [sighting((0, 0, 2))]))
    assert not map_of(memory, [0.0], np.eye(4)[None]).tracks
    memory = memory.observe(shown(1, [sighting((0, 0, 2), frame=1)]))
    assert len(map_of(memory, [0.0], np.eye(4)[None]).tracks) == 1
    weak = empty()
    for frame in range(2):
        weak = weak.observe(shown(frame, [sighting((0, 0, 2), frame=frame, score=0.3)]))
    assert not map_of(weak, [0.0], np.eye(4)[None]).tracks


@pytest.mark.parametrize(("step", "kept"), [(0.0, 0), (0.3, 1)])
def test_frames_of_one_view_do_not_add_up_to_a_thing(step: float, kept: int) -> None:
    memory = empty()
    for frame in range(8):
        pose = np.eye(4)
        pose[0, 3] = frame * step
        seen_now = sighting((-frame * step, 0, 2), frame=frame, score=0.3)
        memory = memory.observe(replace(shown(frame, [seen_now]), world_from_camera=pose))
    found = map_of(memory, [0.0], np.eye(4)[None])
    assert len(found.tracks) == kept
    there = found.ask("Is there a chair?")
    assert there.status == ("ok" if kept else "unsure") and there.value == (True if kept else None)
    if not kept:
        assert there.sentence.startswith("I am not sure that I have seen a chair: perhaps at 0:0")
        assert len(there.frames) == 1 and not there.tracks
        assert found.ask("How many chairs are there?").value is None
        assert found.ask("How many chairs are there?", guess=True).text == "1"


def test_beside_well_seen_things_a_faint_one_of_the_label_is_left_out_and_a_clear_one_is_kept() -> None:
    for clear in (2, 4):  # frames that show the second chair
        memory = empty()
        for frame in range(12):
            second = [sighting((3, 0, 4), frame=frame)] if frame < clear else []
            memory = memory.observe(shown(frame, [sighting((-2, 0, 3), frame=frame), *second]))
        (first, *others) = map_of(memory, [0.0], np.eye(4)[None]).tracks
        assert first.evidence == pytest.approx(12 * 0.9)
        assert len(others) == (clear == 4)


def test_a_guess_takes_what_may_be_the_thing() -> None:
    stool, table = LABELS.index("stool"), LABELS.index("table")
    memory = empty()
    for frame in range(3):
        one, other = sighting((-1, 0, 3), frame=frame), sighting((1, 0, 3), "table", frame)
        one.evidence[[stool, table]] = 0.2, 0.01
        memory = memory.observe(shown(frame, [one, other]))
    found = map_of(memory, [0.0], np.eye(4)[None])
    assert [track.label for track in found.tracks] == ["chair", "table"]
    (possible,) = found.possible
    assert possible.label == "stool" and possible.box == found.tracks[0].box and possible.id == 3
    assert possible.label_confidence == pytest.approx(0.2 / 1.21, rel=0.01)
    question = "How far is the stool from the table?"
    assert found.ask(question).status == "not_seen"
    guess = found.ask(question, guess=True)
    assert guess.status == "guess" and guess.text == found.ask("How far is the chair from the table?").text
    assert guess.confidence < found.ask("How far is the chair from the table?").confidence
    sure = found.model_copy(update={"tracks": (*found.tracks, possible)}).ask(question)
    assert guess.confidence == pytest.approx(GUESSED * sure.confidence)
    assert guess.sentence.startswith("I have not seen a stool. A guess: ")
    assert found.ask("Is there a stool?", guess=True).text == "no"
    assert found.ask("How far is the bed from the table?", guess=True).status == "not_seen"


def test_nothing_seen_is_an_empty_map() -> None:
    found = map_of(empty(), [], np.zeros((0, 4, 4)))
    assert not found.tracks and not found.path and found.floor.area == 0 and not found.floor.rooms


def test_two_frames_of_one_time_are_one_place_of_the_path() -> None:
    poses = np.stack([np.eye(4)] * 4)
    found = map_of(empty(), [0.0, 0.5, 0.5, 1.0], poses)
    assert found.path.times == (0.0, 0.5, 1.0)
