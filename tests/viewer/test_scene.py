"""A stream as a scene in 3D."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vlm2.viewer.floor_map import NO_PICTURE
from vlm2.viewer.scene import NEAREST, scene_of

RED = (220, 20, 20)  # of all frames


def test_the_things_are_those_of_the_map(scene, stream):
    assert [track.label for track in scene.things] == ["bed", "chair", "chair"]
    assert scene.map == stream.object_map()
    np.testing.assert_allclose(scene.path, scene.map.path.poses[:, :, 3], atol=1e-6)


def test_points_lie_where_the_things_are(scene):
    bed = next(track for track in scene.things if track.label == "bed")
    near = np.abs(scene.points - bed.box.center) < np.array(bed.box.size) / 2 + 0.3
    red = np.abs(scene.colours[near.all(1)].astype(int) - RED).max(1) < 12
    assert near.all(1).sum() > 30 and red.mean() > 0.5


def test_points_of_things_keep_a_colour_without_the_frames_pictures(stream):
    bare = replace(stream, keyframes=(), log=replace(stream.log, held=()))
    scene = scene_of(bare)
    shown = [(s.colour, np.isfinite(s.points).all(1).sum()) for t in stream.objects.tracks for s in t.kept]
    expected = np.concatenate([np.tile(colour, (count, 1)) for colour, count in shown])
    of_things = scene.colours[(scene.colours != NO_PICTURE).any(1)]
    assert len(expected) and 0 < len(of_things) < len(scene.colours), "the floor is grey"
    np.testing.assert_array_equal(of_things, expected)


def test_a_frame_shows_a_thing_within_its_outline(scene, stream):
    shown = 0
    for track in scene.things:
        for frame in scene.frames_of(track):
            place = scene.outline(track, frame)
            centre = (np.array(track.box.center) - frame.scene_from_camera[:3, 3]) @ frame.scene_from_camera[:3, :3]
            if place is None or centre[2] < NEAREST:
                continue
            x, y = 0.5 * (1 + centre[:2] / centre[2] / scene.half_view)
            if 0 <= x <= 1 and 0 <= y <= 1:
                assert place[0] <= x <= place[2] and place[1] <= y <= place[3]
                shown += 1
    assert shown >= 3


def test_what_is_behind_the_camera_has_no_outline(scene):
    track = scene.things[0]
    frame = scene.frames_of(track)[0]
    turned = frame.scene_from_camera @ np.diag([-1.0, 1.0, -1.0, 1.0])
    assert scene.outline(track, replace(frame, scene_from_camera=turned)) is None


def test_without_keyframes_the_frames_of_the_memory_are_shown(stream):
    scene = scene_of(replace(stream, keyframes=()))
    assert [frame.frame for frame in scene.frames] == [held.frame for held in stream.log.held]
    assert all(frame.image is not None for frame in scene.frames)


def test_without_eyes_there_are_points_and_a_path(watch):
    scene = scene_of(watch(16)._stream)
    assert scene.things == () and len(scene.points) and len(scene.path) == len(np.unique(scene.path, axis=0))
    assert len(scene.frames) == 16


def test_a_memory_before_its_first_window_is_no_scene(watch):
    with pytest.raises(ValueError, match="Watch a longer video"):
        scene_of(watch(2)._stream)
