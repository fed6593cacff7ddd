"""Tests of the geometry of oriented boxes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vlm2.scenes import Box
from vlm2.scenes.box_geometry import bearing, box_distance, box_distances, ground_distance, point_distances, turn


def random_box(rng: np.random.Generator) -> Box:
    axes, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return Box(
        center=tuple(rng.uniform(-3, 3, 3).tolist()),
        size=tuple(rng.uniform(0.05, 2, 3).tolist()),
        axes=tuple(tuple(row) for row in axes.tolist()),
    )


def surface(box: Box, count: int) -> np.ndarray:
    """Sample a box densely: the points that the exact distance cannot be above."""
    shares = np.stack(np.meshgrid(*[np.linspace(-0.5, 0.5, count)] * 3), axis=-1).reshape(-1, 3)
    return np.array(box.center) + shares * np.array(box.size) @ np.array(box.axes)


def test_distance_of_aligned_boxes() -> None:
    near, far = Box((0, 0, 0), (2, 2, 2)), Box((4, 5, 0), (2, 4, 1))
    assert box_distance(near, far) == pytest.approx(math.hypot(2, 2))
    assert box_distance(near, Box((1.5, 0, 0), (2, 2, 2))) == pytest.approx(0, abs=1e-6)
    assert box_distance(near, Box((0, 0, 3), (1, 1, 2))) == pytest.approx(1)


def test_distance_equals_dense_sampling() -> None:
    rng = np.random.default_rng(3)
    first, second = [random_box(rng) for _ in range(5)], [random_box(rng) for _ in range(4)]
    exact = box_distances(first, second)
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            gaps = surface(a, 9)[:, None] - surface(b, 9)[None]
            sampled = np.sqrt((gaps**2).sum(axis=-1).min())
            assert exact[i, j] <= sampled + 1e-3
            assert exact[i, j] >= sampled - 0.2
    np.testing.assert_allclose(exact, box_distances(second, first).T, atol=5e-3)


def test_no_boxes_have_no_distances() -> None:
    assert box_distances([], [Box((0, 0, 0), (1, 1, 1))]).shape == (0, 1)


def test_left_is_positive(box: dict[str, Box]) -> None:
    assert bearing(box["sofa"], box["tv"], box["plant"]) == pytest.approx(math.degrees(math.atan2(3, 4)))
    assert bearing(box["sofa"], box["tv"], box["sink"]) == pytest.approx(-90)
    assert bearing(box["tv"], box["sofa"], box["plant"]) == pytest.approx(-90)
    assert ground_distance(box["sofa"], box["plant"]) == pytest.approx(5)


@pytest.mark.parametrize(("before", "after", "angle"), [(170, -170, 20), (-90, 90, 180), (90, -90, 180), (10, 0, -10)])
def test_turns_stay_within_half_a_circle(before: float, after: float, angle: float) -> None:
    assert turn(before, after) == pytest.approx(angle)


def test_distance_to_a_turned_box() -> None:
    turned = Box((3.0, 0.0, 0.0), (2.0, 1.0, 1.0), ((0.6, 0.8, 0.0), (-0.8, 0.6, 0.0), (0.0, 0.0, 1.0)))
    points = np.array([[3.0 + 0.6 * 3, 0.8 * 3, 0.0], [3.0, 0.0, 0.2]])
    assert point_distances(points, turned) == pytest.approx([2.0, 0.0])
