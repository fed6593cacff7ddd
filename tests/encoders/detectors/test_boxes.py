"""Boxes: how much they overlap, and which of them show one thing."""

from __future__ import annotations

import numpy as np
import pytest

from vlm2.encoders.detectors.boxes import overlaps, suppressed

SQUARE = np.array([[0.0, 0, 10, 10]])


@pytest.mark.parametrize(
    ("other", "share"), [((0, 0, 10, 10), 1), ((5, 0, 15, 10), 1 / 3), ((20, 0, 30, 10), 0), ((10, 10, 0, 0), 0)]
)
def test_overlap_is_intersection_over_union(other: tuple[float, ...], share: float) -> None:
    assert overlaps(SQUARE, np.array([other], float))[0, 0] == pytest.approx(share)


def test_the_best_box_of_a_label_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [0, 0, 10, 10], [50, 50, 60, 60]], float)
    kept = suppressed(boxes, np.array([0.6, 0.9, 0.5, 0.3]), np.array([1, 1, 2, 1]), 0.5)
    assert kept.tolist() == [1, 2, 3]
    assert suppressed(boxes[:0], np.zeros(0), np.zeros(0, int), 0.5).tolist() == []


@pytest.mark.parametrize("seed", range(20))
def test_boxes_that_stay_do_not_overlap_and_the_others_do(seed: int) -> None:
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 50, (12, 2))
    boxes = np.concatenate([low, low + rng.uniform(1, 40, (12, 2))], 1)
    scores, labels = rng.uniform(size=12), rng.integers(0, 2, 12)
    kept = suppressed(boxes, scores, labels, 0.4)
    rivals = (overlaps(boxes, boxes) > 0.4) & (labels[:, None] == labels)
    assert rivals[np.ix_(kept, kept)].sum() == len(kept)
    assert rivals[kept].any(0).all()
