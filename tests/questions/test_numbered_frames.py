"""Tests of numbered frames: which they are, and what they clearly show."""

from __future__ import annotations

from dataclasses import replace

from vlm2.questions.numbered_frames import numbered_frames
from vlm2.scenes import Scene, Sighting


def test_frames_are_spread_over_the_whole_video(scene: Scene) -> None:
    assert scene.trajectory is not None
    frames = numbered_frames(scene)
    assert (len(frames), frames[0].time, frames[-1].time) == (32, 0.0, 19.5)
    assert (frames[4].slots["frame"], frames[-1].slots["frame"]) == ("frame 5 of 32", "frame 32 of 32")
    short = replace(scene.trajectory, times=(0.0, 0.5), world_from_camera=((0.0,) * 12,) * 2)
    assert [frame.time for frame in numbered_frames(replace(scene, trajectory=short))] == [0.0, 0.5]
    assert numbered_frames(replace(scene, trajectory=None)) == ()


def test_a_frame_names_what_is_alone_and_clear_in_it(scene: Scene) -> None:
    def first(scene: Scene) -> set[str]:
        return {thing.category for thing in numbered_frames(scene)[0].things}

    assert first(scene) == {"sofa"}
    chair = scene.of_category("chair")[0]
    for share, names in ((0.05, {"sofa", "chair"}), (0.001, {"sofa"})):
        shown = replace(chair, sightings=(Sighting(0, share),))
        assert first(replace(scene, objects=(*scene.objects[:7], shown))) == names
    two = tuple(replace(thing, sightings=(Sighting(0, 0.05),)) for thing in scene.of_category("chair")[:2])
    assert first(replace(scene, objects=(*scene.objects[:7], *two))) == {"sofa"}
