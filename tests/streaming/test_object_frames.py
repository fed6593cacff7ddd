"""The object memory's share of a portion: who detects, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from toyeyes import LABELS, ToyDetector, ToyStageDetector, toy_eyes

from vlm2.encoders.geometry.encoder import Geometry
from vlm2.models.frame_features import EncodedPortion
from vlm2.objects.memory import ObjectMemory

FRAMES = 3


def portion(stages: tuple | None = None) -> EncodedPortion:
    """A portion of which the eyes see poses and points."""
    made = torch.Generator().manual_seed(0)
    points = torch.rand(FRAMES, 8, 12, 3, generator=made) + torch.tensor([0.0, 0.0, 1.0])
    poses = torch.eye(4).repeat(FRAMES, 1, 1)
    poses[:, 0, 3] = torch.arange(FRAMES)
    geometry = Geometry.__new__(Geometry)
    for name, value in (("local_points", points), ("world_from_camera", poses)):
        object.__setattr__(geometry, name, value)
    return tuple.__new__(EncodedPortion, (None, None, 1.0, geometry, stages))


def observed(detector: ToyDetector, given: EncodedPortion, first: int = 5) -> ObjectMemory:
    eyes = toy_eyes(detector)
    return eyes.observe(eyes.start(), torch.zeros(FRAMES, 3, 32, 48), given, [2.5, 3.0, 3.5], first)


def test_frames_have_their_numbers_times_and_poses() -> None:
    memory = observed(ToyDetector(), portion())
    assert memory.labels == LABELS and memory.tracks
    kept = [sighting for track in memory.tracks for sighting in track.kept]
    assert {(s.frame, s.time) for s in kept} == {(5, 2.5), (6, 3.0), (7, 3.5)}
    assert {frame: pose[0, 3] for frame, pose in memory.poses.items()} == {5: 0, 6: 1, 7: 2}
    assert all(pose.dtype == np.float64 for pose in memory.poses.values())


@pytest.mark.parametrize(
    ("reads", "has_stages", "call"), [("toy", True, -FRAMES), ("toy", False, FRAMES), ("another", True, FRAMES)]
)
def test_stages_are_shared_where_the_detector_reads_them(reads, has_stages, call) -> None:
    detector = ToyStageDetector(reads)
    observed(detector, portion((torch.zeros(FRAMES, 1),) if has_stages else None))
    assert detector.calls == [call]


def test_an_open_vocabulary_needs_words() -> None:
    with pytest.raises(ValueError, match="eyes toy know no fixed set of words"):
        toy_eyes(ToyDetector(None)).start()


def test_a_memory_of_other_eyes_is_refused() -> None:
    eyes = toy_eyes()
    eyes.check(eyes.start())
    with pytest.raises(ValueError, match="made with other eyes than toy"):
        eyes.check(toy_eyes(ToyDetector(("bed", "sofa"))).start())


def test_labels_with_one_name_in_our_words_become_one() -> None:
    labels = ("Couch", "sofa", "dining_table", "tv")
    eyes = toy_eyes(ToyDetector(labels))
    assert eyes.words == ("sofa", "dining table", "tv")
    memory = eyes.observe(eyes.start(), torch.zeros(FRAMES, 3, 32, 48), portion(), [2.5, 3.0, 3.5], 5)
    eyes.check(memory)
    ((sighting, *_), *_) = (track.kept for track in memory.tracks)
    np.testing.assert_allclose(sighting.evidence, [0.9, 0.1, 0.1], rtol=1e-6)
