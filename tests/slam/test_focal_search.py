"""The focal length from matched pixels alone, of a camera that the prior does not know well."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from vlm2.slam.bundle_adjustment import FocalEstimate
from vlm2.slam.configuration import TrackingConfig
from vlm2.slam.features import Matches
from vlm2.slam.focal_search import search_focal

CONFIG, WIDTH = TrackingConfig(), 256
PRIOR = FocalEstimate(float(np.log(0.6)), 0.2)


def pairs(focal: float, count: int = 6, turn: float = 0.25, wrong: float = 0.2, points: int = 80) -> list[Matches]:
    """Match points of a scene in successive frames of a camera that moves and turns; a share of the matches is
    wrong."""
    random, found = np.random.default_rng(0), []
    for index in range(count):
        places = random.uniform((-2, -1.5, 1.5), (2, 1.5, 6), (600, 3))
        rotation = cv2.Rodrigues(turn * random.uniform(-1, 1, 3))[0]
        moved = places @ rotation.T + (2 * turn * random.uniform(-1, 1, 3) if turn else 0.0)
        first, second = (WIDTH * focal * p[:, :2] / p[:, 2:] + random.normal(0, 0.4, (600, 2)) for p in (places, moved))
        shown = (np.abs(np.concatenate((first, second), 1)) < WIDTH / 2).all(1) & (moved[:, 2] > 0.5)
        first, second = first[shown][:points], second[shown][:points]
        second[: int(wrong * len(second))] = random.uniform(-WIDTH / 2, WIDTH / 2, (int(wrong * len(second)), 2))
        source, target, depth = np.full(len(first), index), np.full(len(first), index + 1), np.ones(len(first))
        forwards = Matches(source, target, first, depth, second)
        found.append(Matches.join([forwards, Matches(target, source, second, depth, first)]))
    return found


@pytest.mark.parametrize("focal", [0.5, 0.7, 1.0])
def test_the_focal_length_is_found_from_afar(focal: float) -> None:
    found = search_focal(pairs(focal), PRIOR, WIDTH, CONFIG)
    assert np.exp(found.logarithm) == pytest.approx(focal, rel=0.03)
    assert CONFIG.least_focal_deviation <= found.deviation < 0.05


def test_what_shows_no_focal_length_leaves_the_prior() -> None:
    still, chance, few = pairs(0.8, turn=0.0), pairs(0.8, wrong=1.0), pairs(0.8, points=20)
    for matches in (still, chance, few, []):
        assert search_focal(matches, PRIOR, WIDTH, CONFIG) == PRIOR
