"""The object memory's share of a portion: who detects, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from toyeyes import LABELS, ToyDetector, toy_eyes

from vlm2.encoders.detectors import RoomSurfaces
from vlm2.encoders.geometry.encoder import Geometry
from vlm2.objects.memory import ObjectMemory
from vlm2.streaming.object_frames import upward

FRAMES = 3


def seen_geometry() -> Geometry:
    """The poses and points of some frames, which is what eyes use."""
    made = torch.Generator().manual_seed(0)
    points = torch.rand(FRAMES, 8, 12, 3, generator=made) + torch.tensor([0.0, 0.0, 1.0])
    poses = torch.eye(4).repeat(FRAMES, 1, 1)
    poses[:, 0, 3] = torch.arange(FRAMES)
    geometry = Geometry.__new__(Geometry)
    for name, value in (("local_points", points), ("world_from_camera", poses)):
        object.__setattr__(geometry, name, value)
    return geometry


def observed(detector: ToyDetector, first: int = 5) -> ObjectMemory:
    eyes, pictures = toy_eyes(detector), np.zeros((FRAMES, 32, 48, 3), np.uint8)
    times = [2.5, 3.0, 3.5]
    return eyes.observe(eyes.start(), eyes.detect(pictures, times), pictures, seen_geometry(), times, first)


def test_frames_have_their_numbers_times_and_poses() -> None:
    memory = observed(ToyDetector())
    assert memory.labels == LABELS and memory.tracks
    kept = [sighting for track in memory.tracks for sighting in track.kept]
    assert {(s.frame, s.time) for s in kept} == {(5, 2.5), (6, 3.0), (7, 3.5)}
    assert {frame: pose[0, 3] for frame, pose in memory.poses.items()} == {5: 0, 6: 1, 7: 2}
    assert all(pose.dtype == np.float64 for pose in memory.poses.values())


def test_an_open_vocabulary_needs_words() -> None:
    with pytest.raises(ValueError, match="eyes toy know no fixed set of words"):
        toy_eyes(ToyDetector(None)).start()


def test_a_memory_of_other_eyes_is_refused() -> None:
    eyes = toy_eyes()
    assert eyes.fitting(eyes.start(), None) is eyes
    with pytest.raises(ValueError, match="made with other eyes than toy"):
        eyes.fitting(toy_eyes(ToyDetector(("bed", "sofa"))).start(), None)


def test_labels_with_one_name_in_our_words_become_one() -> None:
    labels = ("Couch", "sofa", "dining_table", "tv")
    eyes = toy_eyes(ToyDetector(labels))
    assert eyes.words == ("sofa", "dining table", "tv")
    memory = observed(ToyDetector(labels))
    assert eyes.fitting(memory, "others") is eyes
    ((sighting, *_), *_) = (track.kept for track in memory.tracks)
    np.testing.assert_allclose(sighting.evidence, [0.9, 0.1, 0.1], rtol=1e-6)


def test_the_upward_directions_of_frames_are_unit_vectors_where_they_are_known() -> None:
    floor = np.zeros((2, 2), bool)
    none = ToyDetector().found(np.zeros((8, 8, 3), np.uint8))
    ups = [(0.0, -2.0, 0.0), (0.0, 0.0, 0.0), (np.nan, 1.0, 0.0), (3.0, 0.0, -4.0)]
    found = [replace(none, surfaces=None), *(replace(none, surfaces=RoomSurfaces(np.array(up), floor)) for up in ups)]
    assert {frame: up.tolist() for frame, up in upward(found, 7).items()} == {8: [0, -1, 0], 11: [0.6, 0, -0.8]}
