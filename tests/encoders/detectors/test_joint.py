"""Joint eyes: what one detector sees, what both see, and who is believed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from toystages import ToyStages

from vlm2.encoders.detectors import Detections, Detector, best_detector, detector_files, detector_parts, yolox
from vlm2.encoders.detectors.dense_head import DenseHead, DenseHeadConfig
from vlm2.encoders.detectors.homes import Cells, HomesDetector
from vlm2.encoders.detectors.joint import JointDetector, cells_inside, certainty, grouped

ROWS, COLUMNS = 12, 16
HEIGHT, WIDTH = 8 * ROWS, 8 * COLUMNS
OWN = ("bed", "door", "monitor", "refrigerator", "sofa", "table")
COCO = ("bed", "person", "refrigerator", "sofa", "table", "tv")


@dataclass
class ToyBoxes:
    """Stands for YOLOX: finds the boxes that it was made with."""

    found: Detections
    labels: tuple[str, ...] = COCO

    def detect(self, frames: np.ndarray) -> list[Detections]:
        return [self.found] * len(frames)


def boxes_of(*things: tuple[str, tuple[int, int, int, int], float]) -> Detections:
    """Return detections of YOLOX from labels, boxes in cells (left, top, right, bottom) and scores."""
    evidence = np.zeros((len(things), len(COCO)), np.float32)
    for row, (label, _, score) in zip(evidence, things, strict=True):
        row[COCO.index(label)] = score
    return Detections(
        boxes=8.0 * np.array([box for _, box, _ in things], float).reshape(-1, 4),
        scores=np.array([score for *_, score in things], float),
        labels=tuple(label for label, *_ in things),
        evidence=evidence,
    )


def cells_of(*things: tuple[str, tuple[int, int, int, int], float]) -> Cells:
    """Return cells that show a wall at 3 m, and before it things at 2 m: labels, boxes in cells, probabilities."""
    zeros = np.zeros((ROWS, COLUMNS, 3), np.float32)
    probability = np.zeros((ROWS, COLUMNS, 4 + len(OWN)), np.float32)
    probability[..., -1] = 1.0
    vote, depth = zeros[..., :2].copy(), np.full((ROWS, COLUMNS), np.log(3.0), np.float32)
    for label, (left, top, right, bottom), sure in things:
        where = slice(top, bottom), slice(left, right)
        probability[where] = 0
        probability[where][..., 1 + OWN.index(label)], probability[where][..., -1] = sure, 1 - sure
        y, x = np.mgrid[where]
        vote[where] = np.stack([x.mean() - x, y.mean() - y], -1) / 4
        depth[where] = np.log(2.0)
    return Cells(
        probability, vote, zeros, zeros, zeros[..., :2] + np.float32([1, 0]), depth, zeros - np.float32([0, 1, 0])
    )


@pytest.fixture(scope="module")
def own() -> HomesDetector:
    torch.manual_seed(0)
    labels = ("", *OWN, "floor", "ceiling", "wall")
    return HomesDetector(DenseHead(DenseHeadConfig(labels, surfaces=3, width=8, fine_width=8)), ToyStages.name)


def joined(own: HomesDetector, cells: Cells, boxes: Detections) -> Detections:
    eyes = JointDetector(own, ToyBoxes(boxes))
    return eyes.join(cells, own.detections(cells, HEIGHT, WIDTH), boxes, HEIGHT, WIDTH)


def test_both_see_one_thing(own) -> None:
    place = (4, 4, 10, 8)
    alone = joined(own, cells_of(), boxes_of(("sofa", place, 0.5)))
    both = joined(own, cells_of(("sofa", (5, 4, 9, 8), 0.7)), boxes_of(("sofa", place, 0.5)))
    assert alone.labels == both.labels == ("sofa",)
    assert both.scores[0] > alone.scores[0]
    assert both.boxes.tolist() == [[32, 32, 80, 64]]  # YOLOX's
    assert both.masks[0].sum() == 16  # ours
    assert np.isnan(alone.shapes.sizes).all() and np.allclose(both.shapes.sizes, 1.0)


def test_two_pieces_in_one_box_are_one_thing(own) -> None:
    cells = cells_of(("sofa", (4, 4, 6, 8), 0.7), ("sofa", (8, 4, 10, 8), 0.7))
    found = joined(own, cells, boxes_of(("sofa", (4, 4, 10, 8), 0.6)))
    assert found.labels == ("sofa",) and found.masks[0].sum() == 16


def test_the_names_of_a_group_are_one_thing_and_others_are_not(own) -> None:
    place = (4, 4, 10, 8)
    assert joined(own, cells_of(("bed", place, 0.7)), boxes_of(("sofa", place, 0.8))).labels == ("sofa",)
    found = joined(own, cells_of(("table", place, 0.7)), boxes_of(("person", place, 0.8)))
    assert found.labels == ("person", "table")


def test_a_door_is_no_refrigerator(own) -> None:
    place = (4, 2, 8, 10)
    found = joined(own, cells_of(("door", place, 0.8)), boxes_of(("refrigerator", place, 0.3)))
    assert found.labels == ("door",)


def test_what_yolox_knows_and_does_not_see_counts_less(own) -> None:
    cells = cells_of(("bed", (1, 1, 6, 6), 0.7), ("door", (9, 1, 12, 8), 0.7))
    found = joined(own, cells, boxes_of())
    assert found.labels == ("door",) and found.scores == pytest.approx([0.49])
    assert joined(own, cells_of(("monitor", (1, 1, 6, 6), 0.7)), boxes_of()).labels == ()  # COCO's "tv" means it, too


def test_boxes_that_get_one_label_are_one_thing(own) -> None:
    place = (4, 4, 10, 8)
    boxes = boxes_of(("sofa", place, 0.5), ("bed", place, 0.2))
    assert joined(own, cells_of(), boxes).labels == ("sofa", "bed")
    found = joined(own, cells_of(("sofa", place, 0.95)), boxes)
    assert found.labels == ("sofa",)
    assert len(found.masks) == len(found.evidence) == len(found.shapes.sizes) == 1


def test_a_box_that_we_do_not_see_gets_the_near_surface_in_it(own) -> None:
    cells = cells_of()
    cells.probability[..., -1], cells.probability[..., 0] = 0, 1  # nothing in particular
    cells.depth[4:8, 5:9] = np.log(1.0)
    found = joined(own, cells, boxes_of(("person", (4, 4, 10, 8), 0.9)))
    ys, xs = np.nonzero(found.masks[0])
    assert (ys.min(), ys.max(), xs.min(), xs.max()) == (4, 7, 5, 8)


@pytest.mark.parametrize(
    ("scores", "alone"), [((0.95,), True), ((0.6,), False), ((0.8,), False), ((0.8, 0.9, 0.6, 0.9), True)]
)
def test_in_frames_of_which_our_detector_is_certain_it_sees_alone(own, monkeypatch, scores, alone) -> None:
    eyes = JointDetector(own, ToyBoxes(boxes_of(("person", (1, 1, 4, 4), 0.9))))
    assert eyes.labels == (*OWN, "person", "tv") and isinstance(eyes, Detector)
    cells = [cells_of(("sofa", (6, 6, 12, 10), score)) for score in scores]
    monkeypatch.setattr(own, "cells", lambda frames: cells)
    seen = eyes.detect(np.zeros((len(scores), HEIGHT, WIDTH, 3), np.uint8))
    assert [found.labels == ("sofa",) for found in seen] == [alone] * len(scores)
    assert all("person" in found.labels for found in seen) is not alone
    assert all(found.evidence.shape == (len(found), 8) for found in seen)
    certainties = [certainty(own.detections(one, HEIGHT, WIDTH)) for one in cells]
    assert certainties == pytest.approx(scores)


def test_nothing_is_nothing(own) -> None:
    found = joined(own, cells_of(), boxes_of())
    assert len(found) == 0 and found.evidence.shape == (0, 8) and found.masks.shape == (0, ROWS, COLUMNS)
    assert certainty(replace(found)) == 0.0


def test_boxes_hold_cells_and_at_least_one() -> None:
    inside = cells_inside(np.array([[0, 0, 16, 8], [20, 20, 21, 21]], float), (4, 4), 32, 32)
    assert np.argwhere(inside[0]).tolist() == [[0, 0], [0, 1]]
    assert np.argwhere(inside[1]).tolist() == [[2, 2]]


def test_groups_are_symmetric() -> None:
    labels = ("sofa", "bed", "tv", "person")
    together = grouped(labels)
    assert (together == together.T).all()
    assert together[0, 1] and not together[0, 2] and not together[3].any()


def test_auto_takes_the_largest_that_is_here(monkeypatch, tmp_path) -> None:
    here: set[str] = set()
    monkeypatch.setattr("vlm2.encoders.weights.whereabouts", lambda name: (name in here, ""))
    assert best_detector() == "homes"
    here.add(yolox.NANO.name)
    assert best_detector() == "joint:nano"
    here.add(yolox.S.name)
    assert best_detector() == "joint:s"
    assert detector_parts("joint:s") == ["yolox-s"]
    (tmp_path / "x.onnx").touch()
    assert [file.name for file in detector_files(f"joint:{tmp_path / 'x.onnx'}")] == [
        "config.json",
        "model.safetensors",
        "x.onnx",
    ]
