"""Walks: every room visited, nothing passed through, a calm hand, the asked length."""

from functools import cache

import numpy as np
import pytest

from vlm2.homes.build import opening_box, placement_box
from vlm2.homes.camera_walk import walk
from vlm2.homes.floor_plan import inside
from vlm2.homes.home import CameraWalk

from .places import home

SEEDS = range(6)


@cache
def walks() -> list[tuple[int, CameraWalk]]:
    return [(seed, walk(home(seed), seed)) for seed in SEEDS]


def distances(path: CameraWalk, box) -> np.ndarray:
    local = np.abs((path.world_from_camera[:, :3, 3] - box.center) @ np.array(box.axes).T)
    return np.linalg.norm(np.maximum(local - np.array(box.size) / 2, 0), axis=1)


def test_every_room_is_visited_and_walls_are_never_crossed():
    for seed, path in walks():
        rooms, seen = home(seed).rooms, set()
        doors = [np.add(o.start, o.end) / 2 for o in home(seed).openings if o.kind == "door"]
        for x, y in path.world_from_camera[:, :2, 3].tolist():
            here = [room.name for room in rooms if inside(room.polygon, (x, y))]
            assert here or min(np.hypot(*(door - (x, y))) for door in doors) < 0.35
            seen.update(here)
        assert seen == {room.name for room in rooms}


def test_the_camera_keeps_clear_of_things_and_walls():
    for seed, path in walks():
        place = home(seed)
        boxes = [placement_box(p) for p in place.placements] + [opening_box(o) for o in place.openings]
        assert min(distances(path, box).min() for box in boxes) > 0.25
        for room in place.rooms:
            corners = np.array(room.polygon)
            for position in path.world_from_camera[::3, :2, 3]:
                assert np.linalg.norm(corners - position, axis=1).min() > 0.25


def test_the_hand_is_calm():
    for _, path in walks():
        rotation = path.world_from_camera[:, :3, :3]
        cosine = (np.einsum("tij,tij->t", rotation[1:], rotation[:-1]) - 1) / 2
        speed = np.degrees(np.arccos(np.clip(cosine, -1, 1))) / np.diff(path.times)
        assert speed.max() < 60
        assert np.median(speed) < 40
        moved = np.linalg.norm(np.diff(path.world_from_camera[:, :3, 3], axis=0), axis=1) / np.diff(path.times)
        assert moved.max() < 1.1
        assert (np.abs(path.world_from_camera[:, 2, 3] - 1.52) < 0.25).all()
        assert (path.world_from_camera[:, 2, 2] < 0).mean() > 0.95  # looking down a little
        assert 60 <= np.degrees(path.horizontal_fov) <= 80


def test_rotations_are_rotations():
    _, path = walks()[0]
    rotation = path.world_from_camera[:, :3, :3]
    np.testing.assert_allclose(
        rotation @ rotation.transpose(0, 2, 1), np.tile(np.eye(3), (len(rotation), 1, 1)), atol=1e-9
    )
    np.testing.assert_allclose(np.linalg.det(rotation), 1)
    assert (rotation[:, 2, 1] < -0.7).all()  # y points down


def test_most_things_come_into_view():
    looked = total = 0
    for seed, path in walks():
        position, rotation = path.world_from_camera[:, :3, 3], path.world_from_camera[:, :3, :3]
        wide = np.tan(path.horizontal_fov / 2)
        for placement in home(seed).placements:
            if placement.model.stands != "ceiling":
                at = np.einsum("ti,tij->tj", np.array(placement_box(placement).center) - position, rotation)
                x, y, z = at.T
                room = next(r for r in home(seed).rooms if r.name == placement.room)
                shown = (z > 0.3) & (np.abs(x) < wide * z) & (np.abs(y) < 0.75 * wide * z)
                looked += any(inside(room.polygon, tuple(p)) for p in position[shown][:, :2].tolist())
                total += 1
    assert looked > 0.93 * total


@pytest.mark.parametrize("duration", [20.0, 120.0])
def test_the_length_is_as_asked(duration):
    path = walk(home(0), 0, fps=5, duration=duration)
    assert len(path.times) == duration * 5
    assert path.times[1] == pytest.approx(0.2)


def test_a_long_walk_looks_from_other_places():
    path = walk(home(0), 0, fps=2, duration=150)
    spots = {tuple(np.round(p, 1)) for p in path.world_from_camera[:, :2, 3].tolist()}
    early = {tuple(np.round(p, 1)) for p in path.world_from_camera[: len(path.times) // 3, :2, 3].tolist()}
    assert len(spots) > 1.5 * len(early)


@pytest.mark.parametrize("duration", [5.0, 301.0])
def test_another_length_is_refused(duration):
    with pytest.raises(ValueError, match="20 to 300"):
        walk(home(0), 0, duration=duration)
