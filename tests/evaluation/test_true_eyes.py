"""True detections of a made-up frame: masks, labels, boxes in the camera's frame, floor; and true labels for others."""

import math

import numpy as np
import pytest

from vlm2.encoders.detectors import BoxShapes, Detections, RoomSurfaces, TimedDetector
from vlm2.evaluation.true_eyes import STRIDE, TrueDetector, TrueFrames, TrueLabels
from vlm2.scenes import Box, Intrinsics, Scene, SceneObject, Trajectory

ROWS, COLUMNS = 12, 16
BED, DOOR, ODD = 1, 2, 3
# The camera is 1.5 m above the origin and looks along +y: its right is +x, its down is −z.
LEVEL = (1.0, 0, 0, 0, 0, 0, 1.0, 0, 0, -1.0, 0, 1.5)
FRAME = np.zeros((1, STRIDE * ROWS, STRIDE * COLUMNS, 3), np.uint8)


@pytest.fixture
def frames() -> TrueFrames:
    """Two frames: a bed to the left and a door to the right, 3 m ahead, before a wall; floor below."""
    turned = ((math.cos(0.4), math.sin(0.4), 0.0), (-math.sin(0.4), math.cos(0.4), 0.0), (0.0, 0.0, 1.0))
    things = (
        SceneObject(BED, "bed", Box((-1.0, 4.0, 0.3), (1.2, 2.0, 0.6), turned)),
        SceneObject(DOOR, "door", Box((1.0, 3.1, 1.0), (0.9, 0.1, 2.0))),
        SceneObject(ODD, "statue", Box((0.0, 3.0, 0.2), (0.2, 0.2, 0.4))),
    )
    camera = Intrinsics(STRIDE * COLUMNS, STRIDE * ROWS, 20.0, 20.0, STRIDE * COLUMNS / 2, STRIDE * ROWS / 2)
    scene = Scene("made", "homes", 20.0, things, {}, trajectory=Trajectory(camera, (0.0, 0.5), (LEVEL, LEVEL)))
    instances = np.zeros((2, ROWS, COLUMNS), np.int32)
    instances[:, 5:9, 1:6], instances[:, 3:9, 10:13], instances[0, 6:8, 7:9] = BED, DOOR, ODD
    depths = np.full((2, ROWS, COLUMNS), 3.0, np.float32)
    depths[:, 10:] = 1.5 * 20.0 / (np.arange(10, ROWS) * STRIDE + STRIDE // 2 + 0.5 - STRIDE * ROWS / 2)[:, None]
    return TrueFrames(scene, instances, depths)


def test_the_true_things_of_a_frame_are_detected(frames):
    detector = TrueDetector(frames)
    assert isinstance(detector, TimedDetector)
    (found,) = detector.detect_at(FRAME, [0.0])
    assert found.labels == ("bed", "door"), "a thing without a name is left out"
    assert found.masks is not None and (found.masks[0] == (frames.instances[0] == BED)).all()
    assert found.boxes.tolist() == [[2, 10, 12, 18], [20, 6, 26, 18]]
    assert found.scores.tolist() == [1.0, 1.0]


def test_offsets_lead_from_the_true_surface_to_the_middle_of_the_box(frames):
    (found,) = TrueDetector(frames).detect_at(FRAME, [0.5])
    assert found.shapes is not None and found.masks is not None
    points = frames.at(0.5).points
    bed, door = ((points + found.shapes.offsets)[mask] for mask in found.masks)
    assert np.allclose(bed, (-1.0, 1.2, 4.0), atol=1e-5)  # right, down, forward
    assert np.allclose(door, (1.0, 0.5, 3.1), atol=1e-5)
    assert np.allclose(found.shapes.sizes, [(2.0, 1.2, 0.6), (0.9, 0.1, 2.0)])
    assert np.allclose(np.mod(found.shapes.headings, math.pi), [math.pi / 2 + 0.4, 0.0])


def test_the_vertical_and_the_floor_are_true(frames):
    (found,) = TrueDetector(frames).detect_at(FRAME, [0.0])
    assert found.surfaces is not None
    assert np.allclose(found.surfaces.up, (0.0, -1.0, 0.0))
    assert found.surfaces.floor[10:].all() and not found.surfaces.floor[:10].any()


def test_frames_are_found_by_their_times(frames):
    assert (frames.at(0.0).instances == ODD).any() and not (frames.at(0.51).instances == ODD).any()
    with pytest.raises(ValueError, match=r"2 frames a second, which have none at 0.25 s. Leave out --fps"):
        frames.at(0.25)
    with pytest.raises(ValueError, match="detect_at"):
        TrueDetector(frames).detect(FRAME)


class Guesser:
    """A detector of three masks with wrong labels."""

    labels = ("lamp", "bed", "door")

    def detect(self, frames):
        masks = np.zeros((4, ROWS, COLUMNS), bool)
        masks[0, 5:9, 1:7] = True  # the bed, and a little wall
        masks[1, 0:6, 10:13] = True  # half the door, half the wall
        masks[2, 0:8, 9:13] = True  # mostly wall
        masks[3, 6:8, 7:9] = True  # a thing without a name
        shapes = BoxShapes(np.arange(12.0).reshape(4, 3), np.arange(4.0), np.zeros((ROWS, COLUMNS, 3)))
        surfaces = RoomSurfaces(np.array([0.0, -1.0, 0.0]), np.zeros((ROWS, COLUMNS), bool))
        evidence = np.full((4, 3), 1 / 3)
        labels = ("lamp",) * 4
        scores, boxes = np.array([0.9, 0.8, 0.7, 0.6]), np.arange(16.0).reshape(4, 4)
        return [Detections(boxes, scores, labels, masks, None, evidence, shapes, surfaces)] * len(frames)


def test_detections_get_their_true_labels_or_are_dropped(frames):
    (found,) = TrueLabels(frames, Guesser()).detect_at(FRAME, [0.0])
    assert found.labels == ("bed", "door")
    assert found.scores.tolist() == [0.9, 0.8] and found.boxes[1].tolist() == [4.0, 5.0, 6.0, 7.0]
    assert found.shapes is not None and found.shapes.headings.tolist() == [0.0, 1.0]
    assert found.evidence is None, "the labels are certain"
    assert found.surfaces is not None


def test_true_labels_need_words_and_masks(frames):
    class Open(Guesser):
        labels = None

    class Boxes(Guesser):
        def detect(self, frames):
            return [Detections(np.zeros((1, 4)), np.ones(1), ("bed",))] * len(frames)

    with pytest.raises(ValueError, match="fixed set of words"):
        TrueLabels(frames, Open())
    with pytest.raises(ValueError, match="with masks"):
        TrueLabels(frames, Boxes()).detect_at(FRAME, [0.0])
