"""Errors of depth and path that are known beforehand."""

import math
from dataclasses import replace

import numpy as np
import pytest
from realsets import write_sequence

from vlm2.evaluation.real.geometry import PathPair, depth_errors, path_errors, path_pair, view_angles
from vlm2.evaluation.real.sets import read_sets
from vlm2.objects.path import ObservedPath


def turned(degrees):
    """A rotation about the y axis."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def walk(turn=10.0, frames=6):
    """Poses on an arc, which turn by so many degrees from one to the next."""
    poses = np.tile(np.eye(4), (frames, 1, 1))
    for index, pose in enumerate(poses):
        pose[:3, :3] = turned(turn * index)
        pose[:3, 3] = [index, 0.1 * index**2, 0.3 * index]
    return poses


def test_another_world_is_no_error():
    true, world = walk(), np.eye(4)
    world[:3, :3], world[:3, 3] = turned(70), (3, -2, 1)
    errors = path_errors(PathPair(world @ true, true))
    assert errors["path_error"] == pytest.approx(0, abs=1e-9) and errors["turn_error"] == pytest.approx(0, abs=1e-6)
    assert errors["length"] == pytest.approx(errors["true_length"]) and errors["turn_true"] == pytest.approx(10)


def test_a_short_path_is_wrong_by_its_scale_and_turns_by_their_angle():
    true = walk()
    found = walk(turn=13)
    found[:, :3, 3] *= 0.5
    errors = path_errors(PathPair(found, true))
    spread = true[:, :3, 3] - true[:, :3, 3].mean(0)
    assert errors["path_error"] == pytest.approx(0.5 * math.sqrt((spread**2).sum(1).mean()))
    assert errors["path_error_scaled"] == pytest.approx(0, abs=1e-9)
    assert errors["length"] == pytest.approx(errors["true_length"] / 2)
    assert errors["turn_error"] == pytest.approx(3)


def test_a_map_that_is_tilted_from_a_frame_on_has_a_tilt_error():
    true, found, tilt = walk(), walk(), math.radians(20)
    assert path_errors(PathPair(found, true))["tilt_error"] == pytest.approx(0, abs=1e-6)
    about_x = [[1, 0, 0], [0, math.cos(tilt), -math.sin(tilt)], [0, math.sin(tilt), math.cos(tilt)]]
    found[:, :3, :3] = about_x @ found[:, :3, :3]
    assert path_errors(PathPair(found, true))["tilt_error"] == pytest.approx(0, abs=1e-6)  # alike everywhere
    found[3:, :3, :3] = walk()[3:, :3, :3]
    assert path_errors(PathPair(found, true))["tilt_error"] == pytest.approx(10)


def test_a_camera_that_stands_still_has_no_path_error():
    true = walk()
    true[:, :3, 3] *= 0.01
    assert "path_error" not in path_errors(PathPair(true, true))


@pytest.fixture
def real(tmp_path):
    write_sequence(tmp_path / "room")
    return read_sets(tmp_path)[0]


def depths(real, factor):
    return {frame.time: factor * real.depth(frame)[::4, ::4] for frame in real.frames}


def test_depth_that_is_too_far_by_a_fifth(real):
    errors = depth_errors(real, depths(real, np.float32(1.2)))
    assert errors["depth_error"] == errors["scale_error"] == pytest.approx(0.2, abs=1e-6)
    assert errors["scale"] == pytest.approx(1.2) and errors["depth_error_scaled"] == pytest.approx(0, abs=1e-6)


def test_unknown_depth_does_not_count(real, monkeypatch):
    holes = type(real).depth
    monkeypatch.setattr(type(real), "depth", lambda self, frame: np.where(holes(self, frame) > 2.5, 0, 2).astype("f4"))
    found = {frame.time: np.full((16, 24), 3.0, np.float32) for frame in real.frames}
    assert depth_errors(real, found)["depth_error"] == pytest.approx(0.5)
    found = {time: np.full_like(depth, np.nan) for time, depth in found.items()}
    assert depth_errors(real, found) == {}


def test_poses_are_paired_by_time(real):
    times = (0.0, 1.0, 1.5)
    poses = tuple(tuple(real.poses[int(2 * time), :3].ravel().tolist()) for time in times)
    pair = path_pair(real, ObservedPath(times=times, world_from_camera=poses))
    assert pair is not None and np.array_equal(pair.found, pair.true)
    assert path_pair(real, ObservedPath(times=times[:2], world_from_camera=poses[:2])) is None
    frames = tuple(replace(frame, world_from_camera=None) for frame in real.frames)
    assert path_pair(replace(real, frames=frames), ObservedPath(times=times, world_from_camera=poses)) is None


def test_field_of_view(real):
    path = ObservedPath(half_view=(1.0, 0.7))
    assert view_angles(real, path) == pytest.approx({"view": 90.0, "true_view": math.degrees(2 * math.atan(0.6))})
    assert view_angles(real, ObservedPath()) == {}
