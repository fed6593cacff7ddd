"""Scores of recognition on pictures whose counts are known."""

import numpy as np
import pytest

from vlm2.evaluation.real.categories import categories_of, plain
from vlm2.evaluation.real.recognition import (
    ComparedPicture,
    Hits,
    ScoredBox,
    average_precision,
    box_hits,
    box_precision,
    compare,
    image_hits,
)
from vlm2.evaluation.real.sets import LabelledBox

CHAIR = frozenset({"chair"})


def picture(true=(), found=()):
    return ComparedPicture(
        tuple(LabelledBox(label=label, box_xyxy=box) for label, box in true),
        tuple(ScoredBox(label, score, box) for label, score, box in found),
    )


def hits(scores, right, true):
    return Hits(np.array(scores, float), np.array(right, float), true)


BOX, OTHER = (0.0, 0.0, 10.0, 10.0), (20.0, 0.0, 30.0, 10.0)


def test_a_picture_has_the_score_of_its_best_detection():
    pictures = [
        picture([("chair", BOX)], [("chair", 0.4, OTHER), ("chair", 0.9, BOX), ("lamp", 1.0, BOX)]),
        picture([], [("chair", 0.6, BOX)]),
        picture([("chair", BOX)]),
    ]
    found = image_hits(pictures, CHAIR)
    assert found.scores.tolist() == [0.9, 0.6, 0.0] and found.right.tolist() == [1, 0, 1] and found.true == 2
    assert average_precision(found) == pytest.approx(1 / 2 + 2 / 3 / 2)
    assert (found.f1(0.7), found.f1(0.5)) == (pytest.approx(2 / 3), pytest.approx(1 / 2))


def test_equal_scores_count_together():
    assert average_precision(hits([0.5, 0.5], [1, 0], 1)) == average_precision(hits([0.5, 0.5], [0, 1], 1)) == 0.5


def test_a_true_box_is_found_once():
    twice = picture([("chair", BOX)], [("chair", 0.9, BOX), ("chair", 0.8, BOX), ("chair", 0.7, OTHER)])
    found = box_hits([twice], CHAIR)
    assert found.right.tolist() == [1, 0, 0] and found.true == 1
    assert box_precision(found) == 1 and found.f1(0.75) == pytest.approx(2 / 3)


def test_box_precision_takes_the_best_precision_at_higher_recalls():
    assert box_precision(hits([0.9, 0.8, 0.7], [1, 0, 1], 2)) == pytest.approx((51 * 1 + 50 * 2 / 3) / 101)
    assert box_precision(hits([], [], 2)) == 0


def test_precisions_are_shares_and_right_first_is_one():
    rng = np.random.default_rng(0)
    for _ in range(50):
        right = rng.integers(0, 2, rng.integers(1, 20)).astype(float)
        found = hits(rng.random(len(right)).round(1), right, max(int(right.sum()), 1))
        assert 0 <= average_precision(found) <= 1 and 0 <= box_precision(found) <= 1
        if right.any():
            assert average_precision(hits(right, right, int(right.sum()))) == pytest.approx(1)


def test_the_threshold_comes_from_even_pictures_and_the_score_from_odd_ones():
    shows, empty = [("chair", BOX)], []
    even = [picture(shows, [("chair", 0.8, BOX)]), picture(empty, [("chair", 0.6, BOX)])]
    odd = [picture(shows, [("chair", 0.65, BOX)]), picture(empty, [("chair", 0.9, BOX)])]
    found = compare([even[0], odd[0], even[1], odd[1]], {"chair": CHAIR, "bed": frozenset({"bed"})})
    assert found["f1_threshold"] == 0.65 and found["f1"] == pytest.approx(2 / 3)
    assert found["ap50"] == found["categories"]["chair"]["ap50"] and set(found["categories"]) == {"chair"}


def test_a_kind_that_no_picture_shows_gives_false_alarms():
    shown = picture([("chair", BOX)], [("bed", 0.9, BOX), ("lamp", 0.9, BOX)])
    found = compare([shown], {"chair": CHAIR, "bed": frozenset({"bed"})})
    assert found["false_alarms"] == 1  # lamps are not labelled
    assert compare([picture()], {"chair": CHAIR}) == {}


def test_labels_have_categories():
    found = categories_of(["couch", "cabinetDoor", "potted plant", "person", "tv"], {})
    assert list(found) == ["couch", "cabinet", "plant", "tv"]
    assert found["couch"] >= {"sofa", "couch", "armchair"} and found["cabinet"] >= {"cabinet door", "bookshelf"}
    assert plain("refrigerator_Door") == "refrigerator door"
    assert set(categories_of(["armchair"], {})) == {"chair", "couch"}
