"""Object maps: written and read back, refused where they are wrong, and made from scenes."""

from __future__ import annotations

from pathlib import Path

import pytest

from vlm2.objects import ObjectMap, ObservedPath, Track, upright_box
from vlm2.scenes import Scene, read_metadata


@pytest.fixture(scope="module")
def home(repository: Path) -> ObjectMap:
    return ObjectMap.from_scene(Scene.load(repository / "examples/home.json"))


def test_a_map_is_read_as_it_was_written(home: ObjectMap) -> None:
    assert ObjectMap.from_json(home.to_json()) == home


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"version":1', '"version":2'),
        ('"label":"', '"labl":"'),
        ('"size":[', '"size":[-'),
        ('"center":[', '"center":[1e999,'),
        ('"status":"seen"', '"status":"lost"'),
        ('"label_confidence":1.0', '"label_confidence":1.5'),
        ('"times":[', '"times":[9.0,'),
        ('"id":2,', '"id":1,'),
        ('"polygon":[[', '"polygon":[],"x":[['),
        ("{", "["),
    ],
)
def test_a_bad_file_is_a_value_error(home: ObjectMap, old: str, new: str) -> None:
    text = home.to_json()
    assert old in text
    with pytest.raises(ValueError, match="This is not an object map of version 1: "):
        ObjectMap.from_json(text.replace(old, new, 1))


def test_a_box_needs_numbers_and_upright_axes() -> None:
    with pytest.raises(ValueError, match="track 1 has no proper box"):
        Track(id=1, label="chair", box=upright_box((0.0, float("nan"), 0.0), (1.0, 1.0, 1.0)))


def test_a_home_gives_rooms_doorways_path_and_sightings(home: ObjectMap, repository: Path) -> None:
    scene = Scene.load(repository / "examples/home.json")
    assert home.floor.area == scene.floor_area and len(home.floor.rooms) == len(scene.rooms)
    assert scene.trajectory is not None and home.path.times == scene.trajectory.times
    assert all(home.room_of(track) is not None for track in home.tracks)
    assert any(track.first_seen is not None and track.views for track in home.tracks)


def test_a_real_scan_gives_counts_and_area(shared: Path) -> None:
    scene = next(iter(read_metadata(shared / "data/scenes/arkitscenes_meta_info_val.json").values()))
    scan = ObjectMap.from_scene(scene)
    assert scan.counts == scene.counts and scan.floor.area == scene.floor_area and not scan.path


def test_the_path_tells_lengths_and_camera_coordinates() -> None:
    poses = tuple((1.0, 0.0, 0.0, x, 0.0, 0.0, 1.0, 0.0, 0.0, -1.0, 0.0, 0.0) for x in (0.0, 1.0, 3.0))
    path = ObservedPath(times=(0.0, 1.0, 2.0), world_from_camera=poses)
    assert path.walked(0.0, 2.0) == 3.0 and path.walked(0.5, 1.0) == 0.5
    assert path.time_of_share(0.5) == 1.0
    assert path.in_camera(path.poses[2][None, :, 3], 0.0).tolist() == [[3.0, 0.0, 0.0]]
