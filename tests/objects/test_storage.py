"""Storage: a memory comes back as it was and goes on as the other; whatever else the arrays hold is refused."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from rooms_of_boxes import MadeBox, MadeRoom, around, empty, seen, shown, sighting

from vlm2.objects import ObjectMap
from vlm2.objects.mapping import map_of
from vlm2.objects.memory import ObjectMemory
from vlm2.objects.storage import FORMS, Arrays, from_arrays, to_arrays
from vlm2.slam.loop_closure import PoseCorrection

MUTATIONS = 400
ROOM = MadeRoom(
    ((0, 0), (5, 0), (5, 4), (0, 4)),
    (
        MadeBox("bed", (4.0, 3.0, 0.3), (1.2, 1.6, 0.6), (20, 30, 200)),
        MadeBox("chair", (1.0, 3.2, 0.45), (0.5, 0.6, 0.9)),
        MadeBox("stool", (1.9, 3.2, 0.35), (0.4, 0.4, 0.7)),
    ),
)
WALK = around(2.5, 2.0, 10)


def built(memory: ObjectMemory) -> ObjectMap:
    return map_of(memory, [0.0], np.eye(4)[None])


def slanted(frame: int, pose: np.ndarray, shapes: bool = True):
    """A frame whose numbers are not round, seen from a pose that has an error."""
    turn = np.eye(4)
    turn[:3, 3] = 0.01 * frame, -0.02, 0.003 * frame
    return seen(ROOM, pose, frame, believed=turn @ pose, shapes=shapes)


@pytest.fixture(scope="module")
def memory() -> ObjectMemory:
    found = empty()
    for frame, pose in enumerate(WALK):
        found = found.observe(slanted(frame, pose, shapes=frame % 4 != 3))
    return found


def copied(memory: ObjectMemory) -> ObjectMemory:
    arrays, record = to_arrays(memory)
    return from_arrays({name: array.copy() for name, array in arrays.items()}, json.loads(json.dumps(record)))


def same(one: ObjectMemory, other: ObjectMemory) -> bool:
    (arrays, record), (others, second) = to_arrays(one), to_arrays(other)
    return json.dumps(record) == json.dumps(second) and all(
        array.dtype == others[name].dtype and array.tobytes() == others[name].tobytes()
        for name, array in arrays.items()
    )


def test_a_memory_comes_back_as_it_was(memory) -> None:
    again = copied(memory)
    assert same(again, memory)
    assert built(again) == built(memory)
    assert len(built(memory).tracks) == 3
    for one, other in zip(memory.tracks, again.tracks, strict=True):
        assert np.array_equal(one.centre, other.centre) and np.array_equal(one.covariance, other.covariance)
        assert dict(one.apart) == dict(other.apart)


def test_it_goes_on_as_the_other(memory) -> None:
    one, other = memory, copied(memory)
    for step, pose in enumerate(around(2.0, 2.2, 7)):
        frame = slanted(len(WALK) + step, pose)
        one, other = one.observe(frame), other.observe(frame)
        assert built(one) == built(other)
    assert same(one, other)
    motion = PoseCorrection(np.array([5, 20]), np.stack([np.eye(4), WALK[3]]))
    assert built(one.moved(motion.of)) == built(copied(one).moved(motion.of))


def test_a_memory_that_has_seen_nothing_comes_back() -> None:
    again = copied(empty())
    assert same(again, empty()) and not built(again).tracks
    assert again.half_view is None


def test_wider_numbers_are_narrowed() -> None:
    """A detector may compute in double precision."""
    wide = replace(sighting((0, 0, 2)), points=sighting((0, 0, 2)).points.astype(np.float64))
    found = empty().observe(shown(0, [wide])).observe(shown(1, [replace(wide, frame=1)]))
    assert same(copied(found), found)


def test_the_forms_are_those_that_are_written(memory) -> None:
    arrays, record = to_arrays(memory)
    assert set(arrays) == set(FORMS)
    assert all(arrays[name].dtype == kind for name, (kind, _) in FORMS.items())
    json.dumps(record, allow_nan=False)


Change = Callable[[Arrays, dict], None]


def put(name: str, place, value) -> Change:
    def change(arrays: Arrays, record: dict) -> None:
        arrays[name][place] = value

    return change


def say(name: str, value) -> Change:
    def change(arrays: Arrays, record: dict) -> None:
        record[name] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, r: a.pop("poses"), "not the right arrays .poses"),
        (lambda a, r: a.update(more=np.zeros(3)), "not the right arrays .more"),
        (lambda a, r: r.pop("half_view"), "something is missing"),
        (lambda a, r: a.update(seen_points=a["seen_points"][:-1]), "lengths of parts"),
        (lambda a, r: a.update(seen_colour=a["seen_colour"][:-1]), "zip"),
        (lambda a, r: a.update(track_evidence=a["track_evidence"][:, :-1]), "track_evidence is float64 of shape"),
        (lambda a, r: a.update(poses=a["poses"].astype(np.float32)), "poses is float32"),
        (put("poses", (0, 0, 3), np.nan), "poses holds a number that is not finite"),
        (put("poses", (0, 0, 0), 7.0), "no rigid motion"),
        (put("poses_frames", 0, 999), "a frame has no pose"),
        (put("seen_shape", (0, 6), np.inf), "seen_shape holds a number"),
        (put("seen_shape", (0, 6), np.nan), "a shape is known in part"),
        (put("seen_shape", (0, 3), -1.0), "a size is not positive"),
        (put("seen_points", (0, 2), -1.0), "behind its camera"),
        (put("seen_track", 0, -1), "negative"),
        (put("seen_track", 0, 99), "of no track"),
        (put("seen_numbers", (0, 2), 1.5), "a time, a score or a share"),
        (put("track_times", (0, 1), -1.0), "before it was first"),
        (put("track_numbers", (0, 1), 0), "not seen"),
        (put("track_numbers", (0, 0), 2), "two tracks have one id|apart"),
        (put("track_evidence", (0, 0), -1.0), "evidence is negative"),
        (put("track_apart", (0, 1), 77), "apart from one that is not there"),
        (put("view_up", 0, 0.0), "a vertical has no direction"),
        (put("view_reach_counts", 0, 2**62), "lengths of parts|far too large"),
        (say("labels", ["chair"]), "track_evidence is"),
        (say("labels", "chair"), "no words"),
        (say("labels", []), "there are no labels"),
        (say("labels", ["chair"] * 10), "two are the same"),
        (say("confusable", [[0, 10]]), "no label 10"),
        (say("confusable", [[0, -1]]), "no whole number"),
        (say("view_stride", 0), "no whole number from 1"),
        (say("next_id", 1), "no whole number from"),
        (say("given_up", True), "no whole number"),
        (say("half_view", [0.0, 0.5]), "field of view"),
        (say("half_view", [0.5]), "not enough values"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(memory, change, message) -> None:
    arrays, record = to_arrays(memory)
    change(arrays, record)
    with pytest.raises(ValueError, match=message):
        from_arrays(arrays, record)


def test_more_than_the_bounds_is_refused(memory) -> None:
    long = replace(memory.tracks[0], kept=memory.tracks[0].kept * 11)
    many = [replace(memory.tracks[0], id=number, apart={}) for number in range(1, 300)]
    for tracks, message in (([long, *memory.tracks[1:]], "too many sightings"), (many, "too many tracks")):
        with pytest.raises(ValueError, match=message):
            copied(replace(memory, tracks=tuple(tracks), next_id=999))


WRONG = (np.nan, np.inf, -np.inf, -1.0, 0.0, 1e-12, 1.0, 40.0, 1e6, 1e30)
WHOLE = (-1, 0, 1, 2, 3, 9, 10, 255, 2**31, 2**62)
WORDS = (None, True, -1, 0, 3, 1e99, "", "chair", [], [1, 2], [[1, 2]], {"a": 1}, [None, None])
KINDS = (np.float16, np.float64, np.int32, np.int64, np.uint8, np.bool_)


def change_numbers(array: np.ndarray, chance: random.Random) -> None:
    flat = array.reshape(-1)
    for _ in range(chance.randrange(1, 4)):
        place = chance.randrange(flat.size)
        if array.dtype.kind == "f":
            flat[place] = chance.choice(WRONG)
        elif array.dtype == np.int64:
            flat[place] = chance.choice(WHOLE)
        else:
            flat[place] = chance.randrange(2)


def reshaped(array: np.ndarray, chance: random.Random) -> np.ndarray:
    """The array with fewer or more rows, others in another order, or of another shape."""
    if not array.ndim:
        return array[None]
    rows = array[: chance.randrange(len(array) + 1)], array.repeat(2, 0), array[::-1]
    return chance.choice((*rows, array[..., None], array.reshape(-1), array.T, np.zeros((), array.dtype)))


def mutated(arrays: Arrays, record: dict, chance: random.Random) -> None:
    """Change an array or an entry of the record in one of many ways."""
    name, kind = chance.choice(sorted(arrays)), chance.randrange(8)
    array = arrays[name]
    if kind <= 3 and array.size:
        change_numbers(array, chance)
    elif kind == 4:
        arrays[name] = array.astype(chance.choice(KINDS))
    elif kind == 5:
        arrays[name] = reshaped(array, chance)
    elif kind == 6:
        del arrays[name]
    elif record:
        record[chance.choice(sorted(record))] = chance.choice(WORDS)


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast", "ignore:overflow encountered in cast")
def test_a_mutated_memory_makes_a_map_or_is_refused(memory) -> None:
    chance, refused, loaded = random.Random(0), 0, 0
    for _ in range(MUTATIONS):
        arrays, record = to_arrays(memory)
        record = json.loads(json.dumps(record))
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            if arrays:
                mutated(arrays, record, chance)
        try:
            found = from_arrays(arrays, record)
        except ValueError:
            refused += 1
            continue
        loaded += 1
        assert ObjectMap.from_json(built(found).to_json()).vocabulary == found.labels
        built(found.observe(slanted(10, WALK[0])))
    assert refused > MUTATIONS / 3 and loaded > MUTATIONS / 20
