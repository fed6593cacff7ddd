"""Merging: whatever the order, no neighbours seen together, pieces, and echoes at wrong depths."""

from __future__ import annotations

import numpy as np
import pytest
from places import turned
from rooms_of_boxes import LABELS, MadeBox, MadeRoom, around, camera, empty, seen, shown, sighting

from vlm2.objects.memory import ObjectMemory
from vlm2.objects.merging import Thing, merged
from vlm2.objects.raw_track import RawTrack, weighted_median


def things(memory: ObjectMemory, tracks=None) -> list[Thing]:
    return merged(memory.tracks if tracks is None else tracks, memory.poses, np.eye(4), memory.confusable)


def with_tracks(groups) -> ObjectMemory:
    """A memory whose tracks hold these sightings, of which those of one frame were seen together."""
    memory, tracks, poses = empty(), [], {s.frame: np.eye(4) for group in groups for s in group}
    for number, group in enumerate(groups, 1):
        track = RawTrack.begin(number, group[0], poses)
        for one in group[1:]:
            track = track.then(one, poses)
        frames = {s.frame for s in group}
        others = {n: len(frames & {s.frame for s in other}) for n, other in enumerate(groups, 1) if n != number}
        apart = {n: count for n, count in others.items() if count}
        numbers = track.evidence, track.sightings, track.first_seen, track.last_seen
        tracks.append(RawTrack.of(number, *numbers, track.kept, apart, 0, poses))
    return ObjectMemory(memory.labels, memory.confusable, tuple(tracks), poses)


def test_nothing_is_merged_of_nothing() -> None:
    assert things(empty()) == []


def test_the_result_does_not_depend_on_the_order_of_tracks() -> None:
    random = np.random.default_rng(4)
    for _ in range(12):
        groups, frame = [], 0
        for _ in range(int(random.integers(2, 14))):
            place, label = random.uniform((-2, -0.5, 1), (2, 0.5, 4)), LABELS[int(random.integers(0, 3))]
            for _ in range(int(random.integers(1, 3))):  # the same thing as one or two tracks
                count = int(random.integers(1, 6))
                error = random.normal(0, 0.05, 3)
                start = frame if random.random() < 0.7 else max(frame - 2, 0)
                groups.append([sighting(place + error, label, start + i) for i in range(count)])
                frame = start + count
        memory = with_tracks(groups)
        expected = things(memory)
        for _ in range(3):
            found = things(memory, [memory.tracks[i] for i in random.permutation(len(memory.tracks))])
            assert [[t.id for t in one.tracks] for one in found] == [[t.id for t in one.tracks] for one in expected]
            for one, other in zip(found, expected, strict=True):
                assert np.array_equal(one.center, other.center) and np.array_equal(one.size, other.size)
        assert sum(len(one.tracks) for one in expected) == len(memory.tracks)


def test_two_tracks_at_one_place_become_one() -> None:
    memory = with_tracks([[sighting((0, 0, 2), frame=f) for f in range(4)], [sighting((0.05, 0, 2.1), frame=9)]])
    (thing,) = things(memory)
    assert thing.sightings == 5 and [s.frame for s in thing.kept] == [0, 1, 2, 3, 9]
    assert LABELS[thing.label] == "chair"


@pytest.mark.parametrize("gap", [0.3, 0.4])
def test_things_seen_together_beside_each_other_are_not_merged(gap) -> None:
    groups = [[sighting((x, 0, 2), frame=f) for f in range(3)] for x in (0.0, gap)]
    assert len(things(with_tracks(groups))) == 2
    apart = [[sighting((0.0, 0, 2), frame=f) for f in range(3)], [sighting((gap, 0, 2), frame=f) for f in range(3, 6)]]
    assert len(things(with_tracks(apart))) == 1


def test_things_seen_together_stay_two_through_a_third() -> None:
    """A third track lies between both: it joins one of them, and the two stay two."""
    groups = [[sighting((x, 0, 2), frame=f) for f in range(3)] for x in (0.0, 0.4)]
    groups.append([sighting((0.2, 0, 2), frame=7)])
    found = things(with_tracks(groups))
    assert len(found) == 2
    assert not any({1, 2} <= {track.id for track in thing.tracks} for thing in found)


@pytest.mark.parametrize(("other", "count"), [("chair", 1), ("stool", 1), ("lamp", 2)])
def test_labels_must_agree_or_be_confusable(other, count) -> None:
    groups = [[sighting((0, 0, 2), frame=f) for f in range(4)], [sighting((0, 0, 2), other, frame=9)]]
    assert len(things(with_tracks(groups))) == count


@pytest.mark.parametrize(("place", "count"), [((0, 0, 6.0), 1), ((1.5, 0, 6.0), 2)])
def test_an_echo_at_a_wrong_depth_joins_its_thing(place, count) -> None:
    groups = [[sighting((0, 0, 2.5), frame=f) for f in range(6)], [sighting(place, frame=f) for f in (8, 9)]]
    found = things(with_tracks(groups))
    assert len(found) == count
    if count == 1:
        assert np.linalg.norm(found[0].center - (0, 0, 2.5)) < 0.5


def test_what_was_seen_beside_it_is_no_echo() -> None:
    groups = [[sighting((0, 0, 2.5), frame=f) for f in range(6)], [sighting((0, 0, 6), frame=f) for f in (5, 9)]]
    assert len(things(with_tracks(groups))) == 2


def test_the_box_of_a_thing_comes_from_its_sightings() -> None:
    box = MadeBox("table", (2.0, 2.5, 0.4), (0.8, 1.4, 0.8))
    room, memory = MadeRoom(((0, 0), (5, 0), (5, 5), (0, 5)), (box,)), empty()
    for frame, degrees in enumerate((-30, -10, 10, 30)):
        memory = memory.observe(seen(room, camera(0.5, 2.5 - degrees / 30, degrees), frame))
    (thing,) = things(memory)
    assert np.allclose(thing.center, box.center, atol=0.01)
    assert np.allclose(thing.size, (1.4, 0.8, 0.8), atol=0.01)
    assert thing.heading == pytest.approx(np.pi / 2, abs=0.01)
    assert thing.size_error < 0.01


def test_without_3d_boxes_visible_points_give_the_box() -> None:
    box = MadeBox("table", (2.5, 2.5, 0.4), (0.8, 1.6, 0.8))
    room, memory = MadeRoom(((0, 0), (5, 0), (5, 5), (0, 5)), (box,)), empty()
    places = [(0.6, 2.5, 0), (2.5, 0.6, 90), (4.4, 2.5, 180), (2.5, 4.4, 270)] * 2
    for frame, place in enumerate(places):
        memory = memory.observe(seen(room, camera(*place), frame, shapes=False))
    best = things(memory)[0]
    assert np.linalg.norm(best.center - box.center) < 0.25
    assert np.abs(best.size - (1.6, 0.8, 0.8)).max() < 0.35
    assert best.size_error > 0


def test_few_points_give_a_box_too() -> None:
    flat = sighting((0, 0, 2), size=None)
    flat.points[:] = (0.1, 0.2, 2.0)
    (thing,) = things(with_tracks([[flat]]))
    assert np.allclose(thing.size, 0.02) and np.isfinite(thing.center).all()


def test_a_motion_of_the_map_moves_the_things() -> None:
    memory = with_tracks([[sighting((0, 0, 2), frame=f) for f in range(4)]])
    motion = turned(90, 1.0)
    (here,), (there,) = things(memory), merged(memory.tracks, memory.poses, motion, memory.confusable)
    assert np.allclose(there.center, motion[:3, :3] @ here.center + motion[:3, 3])


def test_weighted_median() -> None:
    values = np.array([[1.0, 9.0], [2.0, 8.0], [5.0, 7.0]])
    assert weighted_median(values, np.array([1.0, 1.0, 1.0])).tolist() == [2, 8]
    assert weighted_median(values, np.array([5.0, 1.0, 1.0])).tolist() == [1, 9]
    assert weighted_median(values, np.zeros(3)).tolist() == [1, 7]


def test_a_room_seen_from_its_middle_has_each_thing_once() -> None:
    boxes = tuple(
        MadeBox("chair", (2.5 + 1.8 * np.cos(a), 2.5 + 1.8 * np.sin(a), 0.45), (0.5, 0.5, 0.9)) for a in range(6)
    )
    room, memory = MadeRoom(((0, 0), (5, 0), (5, 5), (0, 5)), boxes), empty()
    for frame, pose in enumerate(around(2.5, 2.5, 24)):
        memory = memory.observe(seen(room, pose, frame))
    assert len(things(memory)) == 6
    assert len(things(memory.observe(shown(24, [])))) == 6


@pytest.mark.parametrize(("away", "often", "count"), [(0.4, 10, 1), (0.55, 4, 1), (0.55, 8, 2)])
def test_two_pieces_of_a_thing_are_joined_although_frames_show_both(away, often, count) -> None:
    """The second piece lies inside the bed's box, or just outside it in a few or in most of the frames."""
    memory = empty()
    for frame in range(10):
        shares = [0.0, away] if frame < often else [0.0]
        memory = memory.observe(shown(frame, [sighting((x, 0, 4), "bed", frame, size=(1.0, 1.0, 0.6)) for x in shares]))
    assert len(memory.tracks) == 2 and memory.tracks[0].apart[memory.tracks[1].id] == often
    assert len(things(memory)) == count


@pytest.mark.parametrize(
    ("both", "label", "count"), [(0, "chair", 1), (1, "chair", 1), (4, "chair", 2), (0, "stool", 2)]
)
def test_like_things_farther_apart_are_one_if_frames_rarely_show_both(both, label, count) -> None:
    """Two places 0.6 m apart, each shown by four frames, of which so many show both: drift, or neighbours."""
    groups = [[sighting((0.0, 0, 2), frame=f) for f in range(4)]]
    groups.append([sighting((0.6, 0, 2), label, frame=f + 4 - both) for f in range(4)])
    assert len(things(with_tracks(groups))) == count
