"""Measures of boxes against cases that one can work out, and against the question engine's."""

from __future__ import annotations

import numpy as np
import pytest

from vlm2.objects.box_measures import point_box_distance, sides, span, stands_over
from vlm2.objects.track import upright_box
from vlm2.scenes.box_geometry import box_distances

CUBE = upright_box((0.0, 0.0, 0.5), (1.0, 1.0, 1.0))


def test_distances_are_between_closest_points() -> None:
    others = [upright_box((3.0, 0.0, 0.5), (1.0, 1.0, 1.0)), upright_box((2.0, 0.0, 0.5), (1.0, 1.0, 1.0), 45.0), CUBE]
    found = box_distances([CUBE], others)[0]
    assert found == pytest.approx([2.0, 1.5 - np.sqrt(0.5), 0.0], abs=1e-3)
    assert point_box_distance((0.0, 0.0, 3.0), CUBE) == 2.0


def test_sides_and_span_of_a_turned_box() -> None:
    box = upright_box((1.0, 1.0, 1.0), (0.4, 2.0, 0.6), 30.0)
    assert sides(box) == (2.0, 0.4, 0.6)
    assert span(box) == pytest.approx((0.7, 1.3))


def test_over_is_seen_from_above() -> None:
    assert stands_over(upright_box((0.4, 0.0, 2.0), (1.0, 1.0, 1.0)), CUBE, 0.0)
    assert not stands_over(upright_box((0.6, 0.0, 2.0), (1.0, 1.0, 1.0)), CUBE, 0.05)
